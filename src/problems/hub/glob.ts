// File names against patterns: `*` and `?` stay inside a folder, `**` crosses folders. No braces, no classes.

/** Whether a path of the repository matches any of the patterns. */
export function matches(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => expression(pattern).test(path));
}

function expression(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|[\\^$.|+()[\]{}]/g, (token) => MEANING[token] ?? `\\${token}`);
  return new RegExp(`^${source}$`);
}

const MEANING: Readonly<Record<string, string>> = { "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" };
