import { existsSync, lstatSync, readlinkSync } from "node:fs";

/**
 * An error that the user can fix. The message says which file or option is wrong, why, and what to do. The command line prints
 * the message without a stack trace and exits with `exitCode` (1).
 *
 * @example
 * const error = await readAudio("missing.wav").catch((thrown: unknown) => thrown);
 * error instanceof UserError; // => true
 */
export class UserError extends Error {
  readonly exitCode: number = 1;
  override name = "UserError";
}

/**
 * Wrong usage of a command or function: an unknown name, an invalid option (exit code 2).
 *
 * @example
 * const error = await loadClips("data", { names: ["iemocap"] }).catch((thrown: unknown) => thrown);
 * error instanceof UsageError && error.exitCode; // => 2
 */
export class UsageError extends UserError {
  override readonly exitCode = 2;
  override name = "UsageError";
}

/**
 * The user stopped the work (Ctrl-C, or an `AbortSignal`). The message says what is kept. Exit code 130, as shells use it.
 *
 * @example
 * const options = { names: ["savee"], quiet: true, signal: AbortSignal.abort() };
 * const error = await checkCorpora("data", options).catch((thrown: unknown) => thrown);
 * error instanceof Interrupted && error.message; // => "stopped: 0 of 480 clips were checked"
 */
export class Interrupted extends UserError {
  override readonly exitCode = 130;
  override name = "Interrupted";
}

/** The message of any thrown value. */
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
  EEXIST: "a file with that name already exists",
  ENOTDIR: "a part of the path is a file, not a folder",
  EMFILE: "too many open files",
  EBUSY: "another program has it open",
  ENAMETOOLONG: "the name is too long",
};

/** The error for a path that cannot be written, with the system's reason. */
export function cannotWrite(path: string, error: unknown): UserError {
  // Missing folders are made, so this is the answer of places such as /proc.
  const reason = systemCode(error) === "ENOENT" ? "the system makes no file there" : systemReason(error);
  return new UserError(`cannot write ${path}: ${reason}`, { cause: error });
}

/** A system error in words, for a message that already names the file: "permission denied". */
export function systemReason(error: unknown): string {
  const code = systemCode(error);
  const link = code === "ENOENT" ? deadLink((error as NodeJS.ErrnoException).path) : undefined;
  return link ?? REASONS[code ?? ""] ?? messageOf(error);
}

/** How to fetch the content of a file of git-annex, which DataLad uses. */
export const ANNEX_HINT = "fetch it with git annex get FILE, or datalad get FILE";

/** Why there is nothing behind a link; `undefined` if the path is none. */
export function deadLink(path: string | undefined): string | undefined {
  try {
    if (path === undefined || !lstatSync(path).isSymbolicLink() || existsSync(path)) return undefined;
    const target = readlinkSync(path);
    return /(^|[/\\])annex[/\\]objects[/\\]/.test(target)
      ? `is a git-annex link whose content is not here: ${ANNEX_HINT}`
      : `is a link to ${target}, which does not exist`;
  } catch {
    return undefined;
  }
}
