// Random Python programs for the tests of the tracer: every one ends, most do something, all the same for one list of
// choices. Not a sample of what models write.

/** The next number from a list of choices, below `n`; 0 when they are used up, so that every list is a program. */
export class Choices {
  #at = 0;
  constructor(private readonly numbers: readonly number[]) {}

  below(n: number): number {
    return (this.numbers[this.#at++] ?? 0) % n;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

export interface Place {
  readonly choices: Choices;
  readonly indent: string;
  /** Nested blocks that may still follow. */
  readonly depth: number;
  /** Functions that may be called from here: those above, so that only a guarded call of itself recurses. */
  readonly calls: readonly string[];
  readonly inFunction: boolean;
  readonly inLoop: boolean;
}

const NAMES = ["a", "b", "c", "d"];

const PRELUDE = `import sys
class Box:
    def __init__(self, value):
        self.value = value
        copy = [value]
    def grow(self, by):
        before = self.value
        self.value = (before, by)
        return before
    def __enter__(self):
        inside = self.value
        return self
    def __exit__(self, kind, error, trace):
        closed = kind is not None
        return closed and kind is ZeroDivisionError
def twice(function):
    def wrapper(*args):
        first = function(*args)
        return function(*args)
    return wrapper
def numbers(stop):
    i = 0
    while i < stop:
        i += 1
        yield i
    rest = stop - i
`;

export function randomProgram(numbers: readonly number[]): string {
  const choices = new Choices(numbers);
  const functions = ["f", "g", "h"].slice(0, 1 + choices.below(3));
  const parts = functions.map((name, i) => randomFunction(choices, name, functions.slice(0, i)));
  const body = block({ choices, indent: "", depth: 2, calls: functions, inFunction: false, inLoop: false }, 4);
  return `${PRELUDE}a, b, c, d = 1, [2], "s", (3,)\n${parts.join("")}${body}`;
}

function randomFunction(choices: Choices, name: string, calls: readonly string[]): string {
  const decorator = choices.below(6) === 0 ? "@twice\n" : "";
  const start = choices.of(["a, b, c, d = n, [n], str(n), (n,)", "a = n", "a = b = [n]\n    c = {'k': n}"]);
  const again = choices.below(4) === 0 ? `    if n > 0:\n        r = ${name}(n - 1)\n` : "";
  const suspended = choices.below(6) === 0 ? "    yield n\n" : "";
  const body = block({ choices, indent: "    ", depth: 2, calls, inFunction: true, inLoop: false }, 3);
  const kind = suspended === "" ? `    return ${choices.of(["a", "n", "None", "locals and n"])}\n` : "    yield a\n";
  return `${decorator}def ${name}(n):\n    ${start}\n${again}${suspended}${body}${kind}`;
}

function block(place: Place, most: number): string {
  const count = 1 + place.choices.below(most);
  return Array.from({ length: count }, () => statement(place)).join("");
}

function statement(place: Place): string {
  const { choices, indent, depth } = place;
  const simple = depth === 0 || choices.below(3) > 0;
  const lines = (simple ? simpleStatement(place) : compound(place)).split("\n");
  return lines.map((line) => (line === "" ? "" : `${indent}${line}\n`)).join("");
}

function simpleStatement({ choices, calls, inFunction, inLoop }: Place): string {
  const x = choices.of(NAMES);
  const y = choices.of(NAMES);
  const k = choices.below(5);
  const call = calls.length === 0 ? "len([1])" : `${choices.of(calls)}(${k})`;
  return choices.of([
    `${x} = ${k}`,
    `${x} = ${y}`,
    `${x} = [${y}, ${k}]`,
    `${x} = {'k': ${y}}`,
    `${x} = {${k}, 1, 2}`,
    `${x} = ${k} / 2`,
    `${x} = ${call}`,
    `${x} = ${call}`,
    `${x}, *${y} = range(${k + 1})`,
    `del ${x}`,
    `${x}.append(${k})`,
    `${x} = (${y} := ${k}) + 1`,
    `${x} = [${y} for ${y} in range(${k})]`,
    `${x} = [(${y} := i) for i in range(${k})]`,
    `${x} = {i: i * i for i in range(${k})}`,
    `${x} = (lambda v: [v, ${k}])(${k})`,
    `${x} = Box(${y}).grow(${k})`,
    `${x} = Box(${k})`,
    `${x} = list(numbers(${k}))`,
    `it = numbers(3)\n${x} = next(it)`,
    `print(${x})`,
    `${x} = ${k} // (${k} - 2)`,
    `raise ValueError(${k})`,
    inLoop ? choices.of(["break", "continue"]) : "pass",
    inFunction ? "return a" : `a = ${k}`,
    choices.below(8) === 0 ? "sys.exit(0)" : "pass",
  ]);
}

function compound(place: Place): string {
  const { choices, calls } = place;
  const x = choices.of(NAMES);
  const y = choices.of(NAMES);
  const k = choices.below(4);
  const inner = (inLoop = place.inLoop): string =>
    block({ ...place, indent: "    ", depth: place.depth - 1, inLoop }, 2).trimEnd();
  const call = calls.length === 0 ? "abs(i)" : `${choices.of(calls)}(i % 3)`;
  switch (choices.below(11)) {
    case 0:
      return `if ${k} > ${choices.below(3)}:\n${inner()}\nelse:\n${inner()}`;
    case 1:
      return `for ${x} in range(${k}):\n${inner(true)}`;
    case 2:
      return `for i in range(${choices.of([3, 20, 40])}):\n    ${x} = ${call}`;
    case 3:
      return `try:\n${inner()}\nexcept (ValueError, NameError, TypeError, AttributeError, ArithmeticError) as e:\n    ${y} = 'caught'\nfinally:\n    ${x} = ${k}`;
    case 4:
      return `try:\n${inner()}\nexcept Exception:\n${inner()}`;
    case 5:
      return `with Box(${k}) as box:\n${inner()}`;
    case 6:
      return `match ${x}:\n    case int(${y}):\n        pass\n    case [first, *rest]:\n        ${y} = rest\n    case {'k': ${y}}:\n        pass\n    case _:\n        ${y} = None`;
    case 7:
      return place.inFunction
        ? `def inner(p):\n    nonlocal ${x}\n    ${x} = [p, ${k}]\n    q = p\n    return q\n${y} = inner(${k})\nif ${k} == 2: a = inner`
        : `def inner(p):\n    global ${x}\n    ${x} = [p, ${k}]\n    q = p\n    return q\n${y} = inner(${k})`;
    case 8:
      return `left = ${k}\nwhile left > 0:\n    left -= 1\n${inner(true)}`;
    case 9:
      return `def delegate(n):\n    s = n\n    got = yield from numbers(n)\n    yield s\n${x} = [v for v in delegate(${k})]`;
    default:
      return `class Local(Box):\n    shared = ${k}\n    def grow(self, by):\n        z = super().grow(by)\n        return [z]\n${x} = Local(${k}).grow(1)`;
  }
}
