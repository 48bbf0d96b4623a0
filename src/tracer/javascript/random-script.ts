// Random JavaScript programs for the tests of the tracer: every one ends, most do something, all the same for one list of
// choices, and interpreter.ts knows all that is in them. Not a sample of what models write.

import { Choices, type Place } from "../random-program.js";

interface ScriptPlace extends Place {
  /** Labels of the loops around. */
  readonly labels: readonly string[];
}

const NAMES = ["a", "b", "c", "d"];

export function randomScript(numbers: readonly number[]): string {
  const choices = new Choices(numbers);
  const names = ["f", "g", "h"].slice(0, 1 + choices.below(3));
  const functions = names.map((name, i) => randomFunction(choices, name, names.slice(0, i)));
  const place = { choices, indent: "", depth: 3, calls: names, inFunction: false, inLoop: false, labels: [] };
  return `let a = 1, b = [2], c = "s", d = { k: 3 };\n${functions.join("")}${block(place, 9)}${block(place, 9)}console.log(JSON.stringify([a, b, c, d]))\n`;
}

function randomFunction(choices: Choices, name: string, calls: readonly string[]): string {
  const parameters = choices.of(["n", "n = 2", "n, m = n + 1", "n, { k: m } = { k: 4 }", "n, ...m"]);
  const head = choices.of([`function ${name}(${parameters}) {`, `const ${name} = (${parameters}) => {`]);
  const start = choices.of([
    "let a = n, b = [n]",
    "let [a, b = 5] = [n]",
    "let { a, k: b = 1 } = { a: n }",
    "let b, a = 0",
  ]);
  const again = choices.below(4) === 0 ? `  if (n > 0) {\n    a = ${name}(n - 1)\n  }\n` : "";
  const body = block({ choices, indent: "  ", depth: 2, calls, inFunction: true, inLoop: false, labels: [] }, 4);
  return `${head}\n  ${start}\n${again}${body}  return ${choices.of(["a", "n", "b", "[a, n]"])}\n}\n`;
}

function block(place: ScriptPlace, most: number): string {
  const count = 1 + place.choices.below(most);
  return Array.from({ length: count }, () => statement(place)).join("");
}

function statement(place: ScriptPlace): string {
  const { choices, indent, depth } = place;
  const isSimple = depth === 0 || choices.below(5) < 3;
  const lines = (isSimple ? simple(place) : compound(place)).split("\n");
  return lines.map((line) => (line === "" ? "" : `${indent}${line}\n`)).join("");
}

function simple({ choices, calls, inFunction, inLoop, labels }: ScriptPlace): string {
  const x = choices.of(NAMES);
  const y = choices.of(NAMES);
  const k = choices.below(5);
  const call = calls.length === 0 ? `[${k}].slice(0)` : `${choices.of(calls)}(${k})`;
  const leaves = ["break", "continue", ...labels.flatMap((label) => [`break ${label}`, `continue ${label}`])];
  return choices.of([
    `${x} = ${k}`,
    `${x} = ${y}`,
    `${x} = [${y}, ${k}]`,
    `${x} = { k: ${k}, l: ${y} }`,
    `${x} = ${call}`,
    `${x} = ${call}`,
    `${x} += ${k}`,
    `${x}++`,
    `${x} = a++ + --b`,
    `${x} = (${y} = ${k}) + 1`,
    `${x} = ${y} = ${k}`,
    `${x} ||= ${k}`,
    `${x} ??= (${y} = ${k})`,
    `${x} &&= ${call}`,
    `;[a, ${y}] = [${y}, ${k}]`,
    `;({ k: ${x}, l: b = ${k} } = { k: ${y} })`,
    `let t = ${y}, u = [t];`,
    `const t = ${call}, [u, v = ${y}] = [1];`,
    `${x} = [1, 2, ${k}].map((v) => v * ${k})`,
    `${x} = [1, ${k}].map((v) => {\n  const w = v + 1\n  ${y} = w\n  return w\n})`,
    `;[3, ${k}].forEach((v) => (${x} = v))`,
    `console.log(JSON.stringify(${x}), ${k})`,
    `${x} = \`\${${y}}-${k}\`.slice(0, 9)`,
    `${x} = ${y} > ${k} ? ${k} : ${call}`,
    choices.below(6) === 0 ? `throw new RangeError("${k}")` : `${x} -= ${k}`,
    choices.below(6) === 0 ? "null.x" : ";",
    inLoop ? choices.of(leaves) : "{}",
    inFunction ? choices.of(["return", `return ${x}`]) : `${x} = ${k}; ${y} = ${k}`,
  ]);
}

function compound(place: ScriptPlace): string {
  const { choices, labels } = place;
  const x = choices.of(NAMES);
  const y = choices.of(NAMES);
  const k = choices.below(4);
  const inner = (more: Partial<ScriptPlace> = {}): string =>
    block({ ...place, indent: "  ", depth: place.depth - 1, ...more }, 3).trimEnd();
  const label = `l${labels.length}${place.depth}`;
  const looped = (): string => inner({ inLoop: true, labels: [...labels, label] });
  const head = `${label}: `;
  // A counter of its own ends every loop.
  const w = `w${place.depth}`;
  switch (choices.below(13)) {
    case 0:
      return `if (${x} > ${k}) {\n${inner()}\n} else if (${y} === ${k}) {\n${inner()}\n} else {\n${inner()}\n}`;
    case 1:
      return `if (${x} > ${k}) ${y} = ${k}\nelse\n  ${x} = ${k}`;
    case 2:
      return `${head}for (let i = 0; i < ${k}; i++) {\n${looped()}\n}`;
    case 3:
      return `${head}for (let i = 0, j = ${k}; i < j; i += 1, j--) {\n${looped()}\n}`;
    case 4:
      return `${head}for (const ${x} of [1, ${y}, ${k}]) {\n${looped()}\n}`;
    case 5:
      return `for (${x} of [[${k}], ${y}])\n  ${y} = ${x}`;
    case 6:
      return `${head}for (const q in { p: 1, q: ${k} }) {\n${looped()}\n}`;
    case 7:
      return `for (const [p, q = ${k}] of [[${x}], [${k}, 1]]) {\n${inner({ inLoop: true, labels: [] })}\n}`;
    case 8:
      return `{\nlet ${w} = ${k}\n${head}while (${w}-- > 0) {\n${looped()}\n}\n}`;
    case 9:
      return `{\nlet ${w} = ${k}\n${head}do {\n${looped()}\n} while (--${w} > 0)\n}`;
    case 10:
      return `${head}for (let i = 0; ; i++) {\n  if (i > ${k}) break\n${looped()}\n}`;
    case 11:
      return `try {\n${inner()}\n} catch (e) {\n${inner()}\n}${k > 1 ? ` finally {\n  ${x} = ${k}\n}` : ""}`;
    default:
      return `switch (${x}) {\ncase ${k}: {\n${inner()}\n}\ncase 1:\n  ${y} = ${k}\n  break\ndefault:\n  ${x} = ${y}\n}`;
  }
}
