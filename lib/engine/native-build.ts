import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { claim } from "../base/claims.js";
import { isInstalled, projectRoot } from "../base/root.js";
import { addonFile, failureFile } from "./native.js";

const run = promisify(execFile);

/** Time limit of compiling, which takes some seconds, and interval of checks while another process compiles, ms. */
const LIMIT = 180_000;
const LOOK = 200;

let built: Promise<void> | undefined;

/**
 * Compiles the core of an installed package into the user's cache folder, once, where there is a C compiler. One process compiles,
 * others wait. Never fails: if compiling is not possible, `loadNative` gives the reason, and WebAssembly is used. In a checkout,
 * `npm ci` compiles it.
 */
export function buildNative(): Promise<void> {
  // No error here should stop training.
  built ??= build().catch(() => {});
  return built;
}

async function build(): Promise<void> {
  if (!isInstalled() || process.platform === "win32") return;
  const file = addonFile();
  const isDone = () => existsSync(file) || existsSync(failureFile(file));
  if (isDone() || !(await hasCompiler())) return;
  while (!isDone()) {
    const own = await claim(dirname(file), basename(file));
    if (!own) {
      await sleep(LOOK);
      continue;
    }
    try {
      if (!isDone()) await compile(file);
    } finally {
      await own.release(true);
    }
    return;
  }
}

async function hasCompiler(): Promise<boolean> {
  return run(process.env.CC || "cc", ["--version"]).then(
    () => true,
    () => false,
  );
}

async function compile(file: string): Promise<void> {
  process.stderr.write("ser: compiling the training core for this machine (only once)\n");
  const script = join(projectRoot(), "lib", "build", "native.mjs");
  const told = await run(process.execPath, [script, dirname(file)], { timeout: LIMIT }).then(
    ({ stdout }) => stdout.trim(),
    () => "the C compiler did not finish",
  );
  if (!existsSync(file)) writeFileSync(failureFile(file), `${told || "the C compiler failed"}\n`);
}
