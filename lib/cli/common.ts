import { extname } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { isFolderName } from "../base/names.js";
import { defaultData } from "../base/root.js";

/** `--data DIR`: the folder of the corpora; default `SER_DATA`, else data/ in the working folder. */
export function dataOption(): Option {
  return new Option("--data <dir>", "folder with the corpora; any folder layout works")
    .env("SER_DATA")
    .default(defaultData(), "data/");
}

/** A commander parser for a number in [low, high]; `whole` rejects fractions. */
export function numberIn(low: number, high = Number.MAX_SAFE_INTEGER, whole = false) {
  return (text: string): number => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? "a whole number" : "a number";
    const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
    throw new InvalidArgumentError(`It takes ${kind} ${range}.`);
  };
}

/** A commander parser for a file name with one of these endings. */
export function fileOf(...endings: readonly string[]) {
  return (path: string): string => {
    if (endings.some((ending) => ending.toLowerCase() === extname(path).toLowerCase())) return path;
    throw new InvalidArgumentError(
      `It takes a file that ends in ${endings.join(", ").replace(/, ([^,]+)$/, " or $1")}.`,
    );
  };
}

/** Formats in which figures are saved. */
export const PICTURE_ENDINGS = [".png", ".svg", ".html"] as const;

/**
 * Checks the name of an experiment, which is also a folder's name.
 *
 * @throws {UsageError} for a path
 */
export function experimentName(name: string): string {
  if (isFolderName(name)) return name;
  throw new UsageError(
    `"${name}" is not the name of an experiment: give its name (and --from FOLDER), or the folder of a finished run`,
  );
}

/** The reader of standard output: gone where it closed the pipe early, as `head` does. */
export const outputReader = { isGone: false };

/** Prints a value as JSON on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A signal that Ctrl-C or SIGTERM aborts; a second Ctrl-C ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
