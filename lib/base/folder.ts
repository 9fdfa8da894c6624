import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { systemCode } from "./errors.js";

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

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
