import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { endGroup, isRunning } from "../../lib/base/process.js";
import { needs } from "../needs.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("this process runs, one that has ended does not, and another user's does", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  expect([isRunning(process.pid), isRunning(pid)]).toEqual([true, false]);
  const refuse = (code: string) =>
    vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
  refuse("EPERM");
  expect(isRunning(1)).toBe(true);
  refuse("ESRCH");
  expect(isRunning(1)).toBe(false);
});

test("a process is ended with those that it started", async () => {
  const forever = "setInterval(() => {}, 1e6)";
  const code = `const { spawn } = require("node:child_process");
    console.log(spawn(process.execPath, ["-e", ${JSON.stringify(forever)}]).pid); ${forever}`;
  const child = spawn(process.execPath, ["-e", code], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  const [pid] = await once(child.stdout, "data");
  expect(isRunning(Number(pid))).toBe(true);
  endGroup(child);
  // The pipe closes when the last process that has it is gone.
  await once(child, "close");
  endGroup(child);
  expect(child.exitCode ?? child.signalCode).not.toBe(0);
});

// The programs here are scripts.
test("on Windows, taskkill ends a tree that has not ended", needs("posix"), async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-process-"));
  const [program, told] = [join(folder, "taskkill"), join(folder, "told")];
  await writeFile(program, `#!/bin/sh\necho "$@" > "${told}"\nexit 1\n`);
  await chmod(program, 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
  const kill = vi.spyOn(process, "kill");
  endGroup({ pid: 7, exitCode: 0 }, "win32");
  expect(existsSync(told)).toBe(false);
  endGroup({ pid: 7, exitCode: null }, "win32");
  expect(await readFile(told, "utf8")).toBe("/pid 7 /T /F\n");
  expect(kill).not.toHaveBeenCalled();
  await rm(folder, { recursive: true, force: true });
});
