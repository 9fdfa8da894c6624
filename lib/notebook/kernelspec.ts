import { homedir } from "node:os";
import { join } from "node:path";
import { writeJson } from "../base/atomic.js";
import { UserError } from "../base/errors.js";

/** Name of the kernel in Jupyter's list and in the metadata of notebooks. */
export const KERNEL = {
  name: "ser-typescript",
  metadata: { name: "ser-typescript", display_name: "TypeScript (speech emotion)", language: "typescript" },
} as const;

/**
 * Where Jupyter looks for a user's kernels: `JUPYTER_DATA_DIR`, or else the platform's folder
 * (https://docs.jupyter.org/en/latest/use/jupyter-directories.html).
 */
export function jupyterDataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32") return join(env.APPDATA ?? join(home, "AppData", "Roaming"), "jupyter");
  return join(env.XDG_DATA_HOME ?? join(home, ".local", "share"), "jupyter");
}

/**
 * Installs the kernel in Jupyter: writes `kernels/ser-typescript/kernel.json` into its data folder. Jupyter needs nothing
 * else, and no Python code. The kernel runs from the program's folder: install again after moving it.
 *
 * @param ser the program that Jupyter starts
 * @returns the folder that was written
 * @throws {UserError} if it cannot be written
 * @example await installKernel("/home/me/ser/dist/ser.cjs"); // ~/.local/share/jupyter/kernels/ser-typescript
 */
export async function installKernel(ser: string, data = jupyterDataFolder()): Promise<string> {
  const folder = join(data, "kernels", KERNEL.name);
  const { display_name, language } = KERNEL.metadata;
  if (/[{}]/.test(ser))
    throw new UserError(`Jupyter cannot start a program from ${ser}: its path has braces`);
  await writeJson(join(folder, "kernel.json"), {
    argv: [process.execPath, ser, "notebook", "kernel", "{connection_file}"],
    display_name,
    language,
    interrupt_mode: "signal",
    metadata: { debugger: false },
  });
  return folder;
}
