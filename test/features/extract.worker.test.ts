import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { handle } from "../../lib/features/extract.worker.js";
import { encoderSettings, featureSettings } from "../../lib/features/settings.js";
import { needs } from "../needs.js";
import { SIGNALS } from "./signals.js";

let folder = "";
let path = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "extract-worker-"));
  path = join(folder, "clip.wav");
  await writeWav(path, SIGNALS.lcgnoise!(16000, 32000), 16000);
});
afterAll(() => rm(folder, { recursive: true }));

test("the matrices of segments of one file are handed over each by itself", async () => {
  const encoder = { digest: "0".repeat(64), width: 4, blocks: 2, family: "whisper" } as const;
  const paths = [0, 0.5, 0].map((start) => ({ path, start, end: start + 0.5 }));
  for (const settings of [featureSettings(), encoderSettings(encoder, { trimDb: null })]) {
    const { result, transfer } = await handle({ paths, settings });
    expect(new Set(transfer).size).toBe(3);
    const [first, , last] = structuredClone(result, { transfer });
    if (!first || "error" in first) throw new Error(first?.error);
    expect(first.matrix.data.length).toBe(first.matrix.rows * first.matrix.cols);
    expect(last).toEqual(first);
  }
});

test("a pipe is refused instead of waited for", needs("posix"), async () => {
  const pipe = join(folder, "pipe.wav");
  execFileSync("mkfifo", [pipe]);
  const { result } = await handle({ paths: [pipe, path] });
  expect(result).toMatchObject([{ error: expect.stringMatching(/regular file/) }, { matrix: { rows: 0 } }]);
});
