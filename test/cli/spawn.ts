import { execFile } from "node:child_process";
import { join } from "node:path";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A line of progress: it comes when work takes some seconds, which is the machine's affair. */
const BAR = /^.* [█░]{24} .*\n/gm;

/** Runs the built `ser` as a person would, in `cwd`, without the caller's SER_DATA. Bars are left out of what it said. */
export function ser(args: readonly string[], cwd: string = process.cwd()): Promise<Ran> {
  const bin = join(import.meta.dirname, "..", "..", "dist", "ser.cjs");
  const { SER_DATA: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? 1) : 0;
      resolve({ code, stdout, stderr: stderr.replace(BAR, "") });
    });
  });
}
