// What an alignment example asks of a program's run.

export const targets = ["finalValues", "stepValues", "nextLine", "coverage", "output", "input", "mixed"] as const;
