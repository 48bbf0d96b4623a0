// Programs under another meaning of Python: every operator is read as another one, the same for all programs. A probe
// that found the labels of this meaning as easily as the true ones would have learned to run programs itself, from
// their text; the states would say nothing. The control is Jin and Rinard's (arXiv 2305.11169, semantic probing
// interventions), on Python instead of Karel.

/** A permutation of the arithmetic operators, and comparisons and functions with their opposites. */
const MEANING: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "*",
  "*": "//",
  "//": "%",
  "%": "+",
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
  "==": "!=",
  "!=": "==",
  max: "min",
  min: "max",
  and: "or",
  or: "and",
  any: "all",
  all: "any",
};

const STRING = /(?:'''[^]*?'''|"""[^]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")/.source;
const TOKEN = new RegExp(
  `(#.*|${STRING}|->|\\*\\*=?|<<=?|>>=?|:=|[A-Za-z_][\\w]*|\\d[\\w.]*|\\/\\/|[<>=!]=|[-+*/%<>=]|[^\\s])|\\s+`,
  "g",
);
/** What an operand ends with, so that an operator behind it has two. */
const OPERAND_END = /^(?:[\w"')\]}].*|.*["'])$/s;
const KEYWORDS = new Set(
  "return in not if else elif and or lambda yield print assert is while for del from import".split(" "),
);

/** The program whose operators mean something else; the same text where it has none of them. */
export function altered(program: string): string {
  let before = "";
  return program.replace(TOKEN, (token) => {
    if (token.trim() === "" || token.startsWith("#")) return token;
    const binary = OPERAND_END.test(before) && !KEYWORDS.has(before);
    before = token;
    const isWord = /^[a-z]/.test(token);
    return (isWord || binary) && Object.hasOwn(MEANING, token) ? MEANING[token] : token;
  });
}
