import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemCode, systemReason, UserError } from "./errors.js";

/**
 * Makes a folder with those above it, where they are missing. Node's own `mkdir` with `recursive` never ends where a folder
 * exists but reports that it does not when one is made in it, as /proc does.
 *
 * @throws the system's error, where one of them cannot be made, or is a file
 * @example await makeFolder("results/runs/a");
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !(await isFolder(at)); at = dirname(at)) {
    missing.unshift(at);
    if (dirname(at) === at) break;
  }
  for (const folder of missing) {
    await mkdir(folder).catch(async (error: unknown) => {
      // Another process may have made it in the meantime.
      if (systemCode(error) !== "EEXIST" || !(await isFolder(folder))) throw error;
    });
  }
}

/**
 * Fails where a folder cannot be written, before the work whose results it is for. Makes nothing: where the folder is missing,
 * the nearest one above it is asked.
 *
 * @param instead what to do, for the message
 * @throws {UserError} naming the folder
 * @example await assertWritable("results/report/quick");
 */
export async function assertWritable(
  path: string,
  instead = "choose another folder with --out",
): Promise<void> {
  let at = resolve(path);
  while (!(await isThere(at)) && dirname(at) !== at) at = dirname(at);
  const reason = (await isFolder(at))
    ? await access(at, constants.W_OK).then(() => undefined, systemReason)
    : `${at} is not a folder`;
  if (reason) throw new UserError(`cannot write to ${path}: ${reason}; ${instead}`);
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
