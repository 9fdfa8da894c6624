import { existsSync } from "node:fs";
import { findFfmpeg } from "../lib/audio/ffmpeg.js";
import { adapterEnvironment } from "./adapter.js";
import { onPath } from "./path.js";
import { lackOfSlurm } from "./slurm.js";

declare module "vitest" {
  interface TaskMeta {
    /** Why a test is skipped where it is. `test/skips.mjs` prints it, and takes a skip without it for a failure. */
    needs?: string;
  }
}

/** Names that Chromium has on one system or another. */
export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** What not every machine has: whether this one has it, and what is said where it has not. */
const NEEDS = {
  corpora: [() => isFolder(process.env.SER_DATA), "the real corpora, in the folder that SER_DATA names"],
  encoders: [
    () => isFolder(process.env.SER_ENCODERS),
    "real encoders, in the folder that SER_ENCODERS names",
  ],
  reference: [
    () => isFolder(process.env.SER_REFERENCE),
    "librosa's values, in the folder SER_REFERENCE names",
  ],
  ffmpeg: [() => findFfmpeg() !== undefined, "ffmpeg on the PATH"],
  chromium: [
    () => CHROMIUM.some(onPath) || isFolder(process.env.CHROMIUM),
    "Chromium on the PATH, or where CHROMIUM names it",
  ],
  webgpu: [
    () => adapterEnvironment() !== undefined && isFolder("node_modules/webgpu"),
    "a Vulkan driver (Debian's Chromium has a software one), or one that VK_DRIVER_FILES names",
  ],
  slurm: [() => lackOfSlurm() === undefined, "Slurm's daemons, and root"],
  git: [() => existsSync(".git"), "a checkout by git"],
  posix: [() => process.platform !== "win32", "links, pipes and signals, which Windows has not"],
  linux: [() => process.platform === "linux", "Linux"],
} as const satisfies Record<string, readonly [() => boolean, string]>;

/**
 * Options of a test or a suite that is skipped where the machine lacks something. What `SER_REQUIRED` names (`ffmpeg,chromium`) was
 * installed for the tests: they run in any case, and fail where it is missing after all.
 *
 * @example test("reads an MP4", needs("ffmpeg"), async () => {});
 */
export function needs(what: keyof typeof NEEDS): Skipping {
  const [isThere, reason] = NEEDS[what];
  const required = (process.env.SER_REQUIRED ?? "").split(",");
  return unless(required.includes(what) || isThere(), reason);
}

/** Options of a test that is skipped unless a condition holds, with what it needs. */
export function unless(condition: boolean, reason: string): Skipping {
  return { skip: !condition, meta: { needs: reason } };
}

export interface Skipping {
  skip: boolean;
  meta: { needs: string };
}

function isFolder(path: string | undefined): boolean {
  return path !== undefined && path !== "" && existsSync(path);
}
