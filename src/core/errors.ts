// What is our fault or the user's, thrown at a boundary. What a model or its program causes is data, never one of these.

/** Unusable input from the person at the keyboard: config, flags, files. The command line exits with 2. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** A config that does not hold together; the message names the key. */
export class ConfigError extends UsageError {
  override readonly name = "ConfigError";
}

/** A record in a file that cannot be read; the message names file, line and field. */
export class DataError extends UsageError {
  override readonly name = "DataError";
}

/** The sandbox or the judge failed, not the program in it. Retried, counted, never a reward. */
export class InfrastructureError extends Error {
  override readonly name = "InfrastructureError";
}

/** More asked of the sandbox than may wait for it: try again when something is done. */
export class OverloadError extends Error {
  override readonly name = "OverloadError";
}

/** The caller has called off what it asked for. */
export class CancelledError extends Error {
  override readonly name = "CancelledError";
}

/** An engine could not do what was asked: a missing tensor, a lost worker, not enough memory. */
export class EngineError extends Error {
  override readonly name: string = "EngineError";
}

/**
 * An engine elsewhere no longer has the model that was trained: its server was started again, or gave the model up. It
 * answers, so a run can go on from its newest checkpoint.
 */
export class EngineLostError extends EngineError {
  override readonly name = "EngineLostError";
}

/** Training has come apart: a number is not finite, or over a limit of the config. Such weights are not to be kept. */
export class DivergenceError extends EngineError {
  override readonly name = "DivergenceError";
}

/** A run failed; the message says what is safe of it and how to go on, the cause is what happened. */
export class RunError extends Error {
  override readonly name = "RunError";
}

/** A file or a folder could not be written: a full disk, a missing permission. What was there before still is. */
export class StorageError extends Error {
  override readonly name = "StorageError";

  /** Of an operation of the file system; anything else is returned as it is. */
  static of(path: string, error: unknown): unknown {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) return error;
    return new StorageError(`${path}: cannot write it (${STORAGE_REASONS[code] ?? messageOf(error)})`, {
      cause: error,
    });
  }
}

const STORAGE_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the quota of the disk is used up",
  EFBIG: "larger than this process may write, as ulimit -f says",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  ENOTDIR: "its folder is a file",
};

/** A hub of data sets cannot be reached, or sends something else than it lists. */
export class HubError extends Error {
  override readonly name = "HubError";
}

/** Sampling found too little that a step could learn from; the message says what to change. */
export class SamplingError extends Error {
  override readonly name = "SamplingError";
}

/** Arrays that should agree in length do not: a bug in the caller. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
