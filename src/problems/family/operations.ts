// The table of operations that the family's problems are composed of: what each is called in words, and how it is
// written in Python. `{s}` is the source variable, `{d}` the destination, `{g}` a helper function, `{k}` the constant. The 31 core operations
// are those of the measured prototype.

export type ValueType = "ints" | "int" | "string" | "strings" | "counts";

/** How a step is written; an operation that lacks a form is written in its short one. */
export type Style = "short" | "loop" | "nested";
export const STYLES: readonly Style[] = ["short", "loop", "nested"];

export type Constant = number | string | undefined;

export interface Operation {
  readonly name: string;
  readonly from: ValueType;
  readonly to: ValueType;
  readonly core: boolean;
  /** The constants it draws from; none where it takes none. */
  readonly constants: readonly NonNullable<Constant>[];
  /** Wordings that say all, and wordings that leave the examples to say the rest. */
  readonly exact: readonly string[];
  readonly vague: readonly string[];
  readonly forms: Readonly<Partial<Record<Style, string>>>;
}

type Row = readonly [name: string, exact: readonly string[], vague: readonly string[], ...rest: unknown[]];
type Constants = readonly NonNullable<Constant>[];

function range(low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}

/** Each element by itself: comprehension, loop, helper function. */
function mapped(row: Row, expression: string, constants: Constants = [], core = true): Operation {
  return operation("ints", "ints", row, constants, core, {
    short: `{d} = [${expression} for v in {s}]`,
    loop: `{d} = []\nfor v in {s}:\n    {d}.append(${expression})`,
    nested: `def {g}(v):\n    w = ${expression}\n    return w\n{d} = [{g}(v) for v in {s}]`,
  });
}

/** Elements that a condition keeps. */
function kept(row: Row, condition: string, constants: Constants = [], core = true): Operation {
  return operation("ints", "ints", row, constants, core, {
    short: `{d} = [v for v in {s} if ${condition}]`,
    loop: `{d} = []\nfor v in {s}:\n    if ${condition}:\n        {d}.append(v)`,
  });
}

function operation(
  from: ValueType,
  to: ValueType,
  [name, exact, vague]: Row,
  constants: Constants,
  core: boolean,
  forms: Operation["forms"],
): Operation {
  return { name, from, to, core, constants, exact, vague, forms };
}

/** One expression, and a loop that comes to the same where it is worth writing. */
function direct(from: ValueType, to: ValueType, core: boolean) {
  return (row: Row, expression: string, constants: Constants = [], loop?: string): Operation =>
    operation(from, to, row, constants, core, { short: `{d} = ${expression}`, ...(loop !== undefined && { loop }) });
}

/** Written in statements only. */
function written(from: ValueType, to: ValueType, core = false) {
  return (row: Row, code: string, constants: Constants = []): Operation =>
    operation(from, to, row, constants, core, { loop: code });
}

const list = direct("ints", "ints", true);
const reduce = direct("ints", "int", true);
const shift = direct("int", "int", true);
const coreLoop = written("ints", "ints", true);

const CORE: readonly Operation[] = [
  mapped(["add", ["add {k} to each", "increase each by {k}"], ["add to each"]], "v + {k}", range(1, 9)),
  mapped(["sub", ["subtract {k} from each", "decrease each by {k}"], ["subtract from each"]], "v - {k}", range(1, 9)),
  mapped(["mul", ["multiply each by {k}", "scale each by {k}"], ["scale each"]], "v * {k}", range(2, 5)),
  mapped(["mod", ["take each modulo {k}"], ["take each modulo"]], "v % {k}", range(2, 6)),
  mapped(["div", ["divide each by {k}"], ["divide each"]], "v // {k}", range(2, 4)),
  mapped(["sq", ["square each"], ["change each"]], "v * v"),
  mapped(["neg", ["negate each"], ["change each"]], "-v"),
  mapped(["rsub", ["subtract each from {k}"], ["change each"]], "{k} - v", range(5, 9)),
  kept(["even", ["keep the even ones", "drop the odd ones"], ["keep some"]], "v % 2 == 0"),
  kept(["odd", ["keep the odd ones", "drop the even ones"], ["keep some"]], "v % 2 == 1"),
  kept(["gt", ["keep those above {k}"], ["keep the large ones"]], "v > {k}", range(2, 6)),
  kept(["lt", ["keep those below {k}"], ["keep the small ones"]], "v < {k}", range(3, 8)),
  kept(["nm3", ["drop multiples of 3"], ["keep some"]], "v % 3 != 0"),
  list(["rev", ["reverse", "reverse the list"], ["reorder"]], "{s}[::-1]"),
  list(["sort", ["sort", "sort ascending"], ["reorder"]], "sorted({s})"),
  list(["dropf", ["drop the first"], ["shorten"]], "{s}[1:]"),
  list(["dropl", ["drop the last"], ["shorten"]], "{s}[:-1]"),
  list(["take", ["take the first {k}"], ["shorten"]], "{s}[:{k}]", range(2, 3)),
  list(["every", ["take every other"], ["shorten"]], "{s}[::2]"),
  coreLoop(["run", ["running sum"], ["accumulate"]], "{d} = []\nt = 0\nfor v in {s}:\n    t += v\n    {d}.append(t)"),
  coreLoop(
    ["runmax", ["running maximum"], ["accumulate"]],
    "{d} = []\nt = {s}[0]\nfor v in {s}:\n    t = max(t, v)\n    {d}.append(t)",
  ),
  reduce(["sum", ["sum", "add them up"], ["reduce"]], "sum({s})", [], "{d} = 0\nfor v in {s}:\n    {d} += v"),
  reduce(
    ["max", ["maximum", "largest"], ["reduce"]],
    "max({s})",
    [],
    "{d} = {s}[0]\nfor v in {s}:\n    {d} = max({d}, v)",
  ),
  reduce(["min", ["minimum", "smallest"], ["reduce"]], "min({s})"),
  reduce(["len", ["count", "how many"], ["reduce"]], "len({s})", [], "{d} = 0\nfor v in {s}:\n    {d} += 1"),
  reduce(["first", ["first one"], ["pick one"]], "{s}[0]"),
  reduce(["last", ["last one"], ["pick one"]], "{s}[-1]"),
  reduce(["spread", ["spread"], ["reduce"]], "max({s}) - min({s})"),
  shift(["iadd", ["plus {k}"], ["shift"]], "{s} + {k}", range(1, 9)),
  shift(["imul", ["times {k}"], ["rescale"]], "{s} * {k}", range(2, 4)),
  shift(["imod", ["modulo {k}"], ["remainder"]], "{s} % {k}", range(2, 6)),
];

const LETTERS: Constants = "abcde".split("");
const intsToInts = direct("ints", "ints", false);
const intsToInt = direct("ints", "int", false);
const intToInt = direct("int", "int", false);
const intToInts = direct("int", "ints", false);
const intToString = direct("int", "string", false);
const text = direct("string", "string", false);
const textToInt = direct("string", "int", false);
const words = direct("strings", "strings", false);
const wordsToInts = direct("strings", "ints", false);
const wordsToInt = direct("strings", "int", false);
const wordsToString = direct("strings", "string", false);
const countsToInt = direct("counts", "int", false);
const intsLoop = written("ints", "ints");
const intLoop = written("ints", "int");

const WIDE_INTS: readonly Operation[] = [
  mapped(["double-even", ["double the even ones"], ["change some"]], "v * 2 if v % 2 == 0 else v", [], false),
  mapped(
    ["bump-odd", ["add {k} to the odd ones"], ["change some"]],
    "v + {k} if v % 2 == 1 else v",
    range(1, 5),
    false,
  ),
  mapped(["cap", ["cap each at {k}"], ["limit each"]], "min(v, {k})", range(3, 7), false),
  mapped(["floor", ["raise each to at least {k}"], ["limit each"]], "max(v, {k})", range(2, 6), false),
  mapped(["distance", ["distance of each from {k}"], ["change each"]], "abs(v - {k})", range(2, 7), false),
  kept(["between", ["keep those from {k} to 8"], ["keep some"]], "v >= {k} and v <= 8", range(2, 5), false),
  kept(["differ", ["drop those equal to {k}"], ["keep some"]], "v != {k}", range(0, 9), false),
  intsToInts(["sort-down", ["sort descending"], ["reorder"]], "sorted({s}, reverse=True)"),
  intsToInts(["rotate", ["move the first to the end"], ["reorder"]], "{s}[1:] + {s}[:1]"),
  intsToInts(["append-sum", ["append the sum"], ["extend"]], "{s} + [sum({s})]"),
  intsToInts(
    ["index-add", ["add the index to each"], ["change each"]],
    "[v + i for i, v in enumerate({s})]",
    [],
    "{d} = []\nfor i in range(len({s})):\n    {d}.append({s}[i] + i)",
  ),
  intsToInts(
    ["neighbours", ["sum of each pair of neighbours"], ["combine neighbours"]],
    "[{s}[i] + {s}[i + 1] for i in range(len({s}) - 1)]",
  ),
  intsToInts(
    ["differences", ["difference of neighbours"], ["combine neighbours"]],
    "[{s}[i + 1] - {s}[i] for i in range(len({s}) - 1)]",
  ),
  intsLoop(
    ["unique", ["drop repeated ones"], ["keep some"]],
    "{d} = []\nfor v in {s}:\n    if v not in {d}:\n        {d}.append(v)",
  ),
  intsLoop(
    ["runmin", ["running minimum"], ["accumulate"]],
    "{d} = []\nt = {s}[0]\nfor v in {s}:\n    t = min(t, v)\n    {d}.append(t)",
  ),
  intsLoop(
    ["rising", ["keep those above the one before"], ["keep some"]],
    "{d} = []\nt = 0\nfor v in {s}:\n    if v > t:\n        {d}.append(v)\n    t = v",
  ),
  intLoop(
    ["alternate", ["alternating sum"], ["reduce"]],
    "{d} = 0\nt = 1\nfor v in {s}:\n    {d} += v * t\n    t = -t",
  ),
  intLoop(
    ["streak", ["longest rising run"], ["reduce"]],
    "{d} = 1\nt = 1\nfor i in range(1, len({s})):\n    if {s}[i] > {s}[i - 1]:\n        t += 1\n    else:\n        t = 1\n    {d} = max({d}, t)",
  ),
  intLoop(
    ["until", ["add up until one is above {k}"], ["reduce"]],
    "{d} = 0\nfor v in {s}:\n    if v > {k}:\n        break\n    {d} += v",
    range(4, 7),
  ),
  intLoop(
    ["fold", ["double and add each in turn"], ["reduce"]],
    "def {g}(t, v):\n    w = t * 2 + v\n    return w\n{d} = 0\nfor v in {s}:\n    {d} = {g}({d}, v)",
  ),
  intsToInt(
    ["count-above", ["count those above {k}"], ["count some"]],
    "len([v for v in {s} if v > {k}])",
    range(2, 6),
    "{d} = 0\nfor v in {s}:\n    if v > {k}:\n        {d} += 1",
  ),
  intsToInt(
    ["count-even", ["count the even ones"], ["count some"]],
    "len([v for v in {s} if v % 2 == 0])",
    [],
    "{d} = 0\nfor v in {s}:\n    if v % 2 == 0:\n        {d} += 1",
  ),
  intsToInt(["distinct", ["count the distinct ones"], ["count some"]], "len(set({s}))"),
  intsToInt(["second", ["second largest"], ["pick one"]], "sorted({s})[-2]"),
  intsToInt(["where-max", ["position of the largest"], ["position"]], "{s}.index(max({s}))"),
  intsToInt(["ends", ["first plus last"], ["combine"]], "{s}[0] + {s}[-1]"),
  intToInt(["isub", ["minus {k}"], ["shift"]], "{s} - {k}", range(1, 9)),
  intToInt(["idiv", ["halved"], ["rescale"]], "{s} // 2"),
  intToInt(["iabs", ["absolute value"], ["drop the sign"]], "abs({s})"),
  intToInt(
    ["parity-step", ["halved if even else plus {k}"], ["change by parity"]],
    "{s} // 2 if {s} % 2 == 0 else {s} + {k}",
    range(1, 5),
    "if {s} % 2 == 0:\n    {d} = {s} // 2\nelse:\n    {d} = {s} + {k}",
  ),
  written("int", "int")(
    ["halvings", ["how many halvings until zero"], ["count steps"]],
    "{d} = 0\nt = {s}\nwhile t > 0:\n    t = t // 2\n    {d} += 1",
  ),
  written("int", "int")(
    ["digit-sum", ["sum of digits"], ["reduce"]],
    "{d} = 0\nt = {s}\nwhile t > 0:\n    {d} += t % 10\n    t = t // 10",
  ),
  intToInts(["count-up", ["numbers below it"], ["count"]], "[i for i in range({s})]"),
  intToInts(
    ["divisors", ["its divisors"], ["keep some"]],
    "[i for i in range(1, {s} + 1) if {s} % i == 0]",
    [],
    "{d} = []\nfor i in range(1, {s} + 1):\n    if {s} % i == 0:\n        {d}.append(i)",
  ),
  intToString(
    ["parity", ["say even or odd"], ["name it"]],
    "'even' if {s} % 2 == 0 else 'odd'",
    [],
    "if {s} % 2 == 0:\n    {d} = 'even'\nelse:\n    {d} = 'odd'",
  ),
  intToString(
    ["size", ["say small below {k} else big"], ["name it"]],
    "'small' if {s} < {k} else 'big'",
    range(4, 9),
    "if {s} < {k}:\n    {d} = 'small'\nelse:\n    {d} = 'big'",
  ),
];

const WIDE_TEXT: readonly Operation[] = [
  text(["upper", ["upper case"], ["change case"]], "{s}.upper()"),
  text(["mirror", ["reverse the letters"], ["reorder letters"]], "{s}[::-1]"),
  text(["sort-letters", ["sort the letters"], ["reorder letters"]], "''.join(sorted({s}))"),
  text(["head", ["first {k} letters"], ["shorten"]], "{s}[:{k}]", range(2, 3)),
  text(["drop-letter", ["remove each {k}"], ["remove letters"]], "{s}.replace('{k}', '')", LETTERS),
  text(["swap-letter", ["replace each {k} by o"], ["replace letters"]], "{s}.replace('{k}', 'o')", LETTERS),
  text(
    ["stretch", ["double each letter"], ["repeat letters"]],
    "''.join([v * 2 for v in {s}])",
    [],
    "{d} = ''\nfor v in {s}:\n    {d} += v * 2",
  ),
  text(
    ["no-vowels", ["remove the vowels"], ["remove letters"]],
    "''.join([v for v in {s} if v not in 'aeiou'])",
    [],
    "{d} = ''\nfor v in {s}:\n    if v not in 'aeiou':\n        {d} += v",
  ),
  written("string", "string")(
    ["squeeze", ["drop repeated letters"], ["remove letters"]],
    "{d} = ''\nfor v in {s}:\n    if v not in {d}:\n        {d} += v",
  ),
  textToInt(["length", ["number of letters"], ["measure"]], "len({s})"),
  textToInt(["count-letter", ["count each {k}"], ["count letters"]], "{s}.count('{k}')", LETTERS),
  textToInt(["kinds", ["number of distinct letters"], ["measure"]], "len(set({s}))"),
  textToInt(
    ["vowels", ["count the vowels"], ["count letters"]],
    "len([v for v in {s} if v in 'aeiou'])",
    [],
    "{d} = 0\nfor v in {s}:\n    if v in 'aeiou':\n        {d} += 1",
  ),
  words(["upper-all", ["upper case each word"], ["change case"]], "[v.upper() for v in {s}]"),
  words(
    ["mirror-all", ["reverse each word"], ["change words"]],
    "[v[::-1] for v in {s}]",
    [],
    "def {g}(v):\n    w = ''\n    for t in v:\n        w = t + w\n    return w\n{d} = [{g}(v) for v in {s}]",
  ),
  words(
    ["long-words", ["keep words longer than {k}"], ["keep some words"]],
    "[v for v in {s} if len(v) > {k}]",
    range(2, 4),
    "{d} = []\nfor v in {s}:\n    if len(v) > {k}:\n        {d}.append(v)",
  ),
  words(["with-letter", ["keep words with {k}"], ["keep some words"]], "[v for v in {s} if '{k}' in v]", LETTERS),
  words(["by-length", ["sort words by length"], ["reorder words"]], "sorted({s}, key=len)"),
  words(["by-name", ["sort words"], ["reorder words"]], "sorted({s})"),
  words(["last-first", ["reverse the words"], ["reorder words"]], "{s}[::-1]"),
  wordsToInts(["lengths", ["length of each word"], ["measure words"]], "[len(v) for v in {s}]"),
  wordsToInt(
    ["total", ["total number of letters"], ["measure words"]],
    "sum([len(v) for v in {s}])",
    [],
    "{d} = 0\nfor v in {s}:\n    {d} += len(v)",
  ),
  wordsToString(
    ["initials", ["first letter of each word"], ["shorten words"]],
    "''.join([v[0] for v in {s}])",
    [],
    "{d} = ''\nfor v in {s}:\n    {d} += v[0]",
  ),
  wordsToString(["longest", ["longest word"], ["pick a word"]], "max({s}, key=len)"),
  wordsToString(["hyphenate", ["join words with a dash"], ["join words"]], "'-'.join({s})"),
  written("string", "counts")(
    ["tally", ["count of each letter"], ["tally"]],
    "{d} = {}\nfor v in {s}:\n    {d}[v] = {d}.get(v, 0) + 1",
  ),
  direct("strings", "counts", false)(
    ["sizes", ["map each word to its length"], ["tally"]],
    "{v: len(v) for v in {s}}",
    [],
    "{d} = {}\nfor v in {s}:\n    {d}[v] = len(v)",
  ),
  written("ints", "counts")(
    ["split-count", ["count even and odd"], ["tally"]],
    "{d} = {'even': 0, 'odd': 0}\nfor v in {s}:\n    if v % 2 == 0:\n        {d}['even'] += 1\n    else:\n        {d}['odd'] += 1",
  ),
  direct("counts", "counts", false)(
    ["keep-counts", ["keep counts above {k}"], ["keep some counts"]],
    "{t: v for t, v in {s}.items() if v > {k}}",
    range(1, 3),
  ),
  direct("counts", "counts", false)(
    ["scale-counts", ["multiply each count by {k}"], ["scale counts"]],
    "{t: v * {k} for t, v in {s}.items()}",
    range(2, 4),
  ),
  countsToInt(["max-count", ["largest count"], ["reduce counts"]], "max({s}.values())"),
  countsToInt(["sum-counts", ["sum of counts"], ["reduce counts"]], "sum({s}.values())"),
  countsToInt(["how-many-keys", ["number of keys"], ["reduce counts"]], "len({s})"),
  direct("counts", "strings", false)(["key-list", ["sorted keys"], ["list keys"]], "sorted({s}.keys())"),
  direct("counts", "ints", false)(["count-list", ["list of counts"], ["list counts"]], "list({s}.values())"),
  written("counts", "string")(
    ["top-key", ["key of the largest count"], ["pick a key"]],
    "{d} = ''\nt = 0\nfor i, v in {s}.items():\n    if v > t:\n        {d} = i\n        t = v",
  ),
];

export const OPERATIONS: readonly Operation[] = [...CORE, ...WIDE_INTS, ...WIDE_TEXT];

export const CORE_OPERATIONS: readonly Operation[] = CORE;

const BY_NAME = new Map(OPERATIONS.map((operation) => [operation.name, operation]));

/** @throws RangeError for a name that is not in the table */
export function operationNamed(name: string): Operation {
  const found = BY_NAME.get(name);
  if (!found) throw new RangeError(`no operation is called "${name}"`);
  return found;
}

/** What the placeholders of a form stand for: source, destination, helper function, constant. */
export interface Names {
  readonly s: string;
  readonly d: string;
  readonly g: string;
  readonly k: Constant;
}

/** The operation's code at indentation 0 in this style, or in the nearest form it has. */
export function codeOf({ forms }: Operation, style: Style, names: Names): string {
  const form = forms[style] ?? forms.short ?? forms.loop ?? "";
  return form.replace(/\{([sdgk])\}/g, (_, name: keyof Names) => String(names[name]));
}
