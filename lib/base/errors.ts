/**
 * What a person can put right: the command line prints the message alone, without a stack trace, and exits
 * with `exitCode`. The message names the file or option, says what is wrong and what to do about it.
 */
export class UserError extends Error {
  readonly exitCode: number = 1;
  override name = "UserError";
}

/** The command or function was called wrongly (exit code 2). */
export class UsageError extends UserError {
  override readonly exitCode = 2;
  override name = "UsageError";
}

/** The person stopped the work (Ctrl-C); the message says what is kept. Exit code 130, as shells have it. */
export class Interrupted extends UserError {
  override readonly exitCode = 130;
  override name = "Interrupted";
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system error (`ENOENT`, `EACCES`, ...), or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EISDIR: "is a folder, not a file",
  EEXIST: "there is a file of that name",
  ENOTDIR: "a part of the path is a file, not a folder",
  EMFILE: "too many open files",
};

/** A place that cannot be written, with the system's reason. */
export function cannotWrite(path: string, error: unknown): UserError {
  // Missing folders are made, so this is the answer of places such as /proc.
  const reason = systemCode(error) === "ENOENT" ? "the system makes no file there" : systemReason(error);
  return new UserError(`cannot write ${path}: ${reason}`, { cause: error });
}

/** A system error in words, for a message that already names the file: "permission denied". */
export function systemReason(error: unknown): string {
  return REASONS[systemCode(error) ?? ""] ?? messageOf(error);
}
