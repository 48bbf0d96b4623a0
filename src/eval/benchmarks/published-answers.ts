// Where the published graders find the answer in a completion, mistakes included: CodeRL+'s for code reasoning
// (benchmark_evaluation/eval @ c574a90), LiveCodeBench's @ 28fef95, CRUXEval's @ 190faf1. Written anew from what those do,
// as scans: their regular expressions on a model's text would not be linear everywhere. Not here: what a grader that is to
// be right takes for the answer (answer-text.ts).

/** What Python holds to be white space in a text. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACES = new RegExp(`[${SPACE}]`);

/** As Python's `strip`. */
function strip(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SPACES.test(text[start])) start++;
  while (end > start && SPACES.test(text[end - 1])) end--;
  return text.slice(start, end);
}

/** Behind which words an answer follows, first come first served. */
const PHRASES = [
  `the[${SPACE}]+(?:final[${SPACE}]+)?(?:answer|output|result)[${SPACE}]+is[${SPACE}]*:?[${SPACE}]*`,
  ...["answer", "output", "result"].map((word) => `${word}[${SPACE}]*:?[${SPACE}]*`),
].map((phrase) => new RegExp(`${phrase}([^\\n]+)`, "iu"));

/**
 * Code reasoning, CodeRL+: the first box up to the first closing brace; else what follows "the answer is" and the like,
 * from the last line back; else a list near the end; else a number there; else the last line that is no beginning of
 * an explanation.
 */
export function officialReasoningAnswer(completion: string): string {
  const box = completion.indexOf("\\boxed{");
  const end = box < 0 ? -1 : completion.indexOf("}", box);
  if (end >= 0) return completion.slice(box + "\\boxed{".length, end);
  const lines = strip(completion).split("\n").reverse();
  return (
    firstIn(lines, afterPhrase) ??
    firstIn(lines.slice(0, 5), bracketed) ??
    firstIn(lines.slice(0, 3), lastNumber) ??
    firstIn(lines, plainLine) ??
    strip(lines[0])
  );
}

function firstIn(lines: readonly string[], find: (line: string) => string | undefined): string | undefined {
  for (const line of lines) {
    const found = find(line);
    if (found !== undefined) return found;
  }
  return undefined;
}

function afterPhrase(line: string): string | undefined {
  for (const phrase of PHRASES) {
    const found = phrase.exec(line)?.[1];
    // One mark in front and one behind; of two behind, the first stays.
    if (found !== undefined)
      return strip(found)
        .replace(/^["'`]/, "")
        .replace(/["'`.]$/, "");
  }
  return undefined;
}

function bracketed(line: string): string | undefined {
  const start = line.indexOf("[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  return end < 0 ? undefined : line.slice(start, end + 1);
}

const NUMBERS = /(?:(?<=[\p{L}\p{N}_])-|(?<![\p{L}\p{N}_]))\p{Nd}+(?:\.\p{Nd}+)?(?![\p{L}\p{N}_])/gu;

function lastNumber(line: string): string | undefined {
  return line.match(NUMBERS)?.at(-1);
}

const EXPLANATIONS = ["Let", "I", "We", "The function", "Step"];

function plainLine(line: string): string | undefined {
  const text = strip(line);
  return text === "" || EXPLANATIONS.some((start) => text.startsWith(start)) ? undefined : text;
}

/** Code reasoning, LiveCodeBench: between the first two `==`, up to the end tag or the end of the line. */
export function upstreamReasoningAnswer(completion: string): string {
  const claimed = completion.includes("==") ? strip(between(completion, "==", 1)) : completion;
  return strip(between(claimed, claimed.includes("[/ANSWER]") ? "[/ANSWER]" : "\n", 0));
}

function between(text: string, mark: string, index: number): string {
  return text.split(mark, index + 1)[index];
}

/** CRUXEval, outputs: between the first two `==`. */
export function cruxevalOutput(completion: string): string {
  return strip(completion.includes("==") ? between(completion, "==", 1) : completion);
}

/** CRUXEval, inputs: the call in front of the first `==`. */
export function cruxevalInput(completion: string): string {
  const claimed = completion.includes("==") ? strip(between(completion, "==", 0)) : completion;
  return strip(claimed.includes("assert f") ? `f${strip(between(claimed, "assert f", 1))}` : claimed);
}

/**
 * Test output, LiveCodeBench and CodeRL+: the last line that begins with `assert`; else what stands between the first
 * line with a Python fence (else any) and the next with a fence.
 */
export function testOutputAnswer(completion: string): string {
  const lines = completion.split("\n");
  const assertion = lines.findLast((line) => line.startsWith("assert"));
  if (assertion !== undefined) return assertion;
  const isFence = (line: string): boolean => line.includes("```");
  const named = lines.findIndex((line) => line.includes("```python") || line.includes("```Python"));
  const start = named >= 0 ? named : lines.findIndex(isFence);
  const length = start < 0 ? -1 : lines.slice(start + 1).findIndex(isFence);
  return length < 0 ? "" : lines.slice(start + 1, start + 1 + length).join("\n");
}
