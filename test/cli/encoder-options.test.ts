import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { askedOfEncoder } from "../../lib/cli/encoder-options.js";
import { loadClips } from "../../lib/corpora/registry.js";
import type { RunRecord } from "../../lib/runs/record.js";
import { FIXTURE } from "../encoders/files.js";
import { toneCorpus } from "../runs/examples.js";
import { ser } from "./spawn.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-encoder-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  await toneCorpus(join(folder, "data"));
  expect((await ser(["encoder", "add", FIXTURE, "--name", "small"], folder)).code).toBe(0);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** The fixture hears 0.72 s at once. */
const ASKED = ["--encoder", "small", "--silence", "0.1"];
const TRAIN = ["train", "--data", "data", "--out", "runs", "--protocol", "savee/loso", "--fold", "1"];

async function trained(...more: string[]): Promise<RunRecord> {
  const ran = await ser(
    [...TRAIN, ...ASKED, "--score", "validation", "--no-pictures", "--json", ...more],
    folder,
  );
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  return JSON.parse(ran.stdout) as RunRecord;
}

test("what is asked of an encoder is what a grid has", () => {
  expect(askedOfEncoder({})).toBeUndefined();
  expect(askedOfEncoder({}, "mfcc")).toBeUndefined();
  expect(askedOfEncoder({ encoder: "small", layer: 2 })).toEqual({
    kind: "encoder",
    encoder: "small",
    layer: 2,
  });
  for (const [flags, kind, message] of [
    [{ layer: 2 }, undefined, "--layer is an option of encoders: name one with --encoder"],
    [{}, "encoder", "--kind encoder needs the name of an encoder"],
    [{ encoder: "small" }, "mfcc", "leave --kind mfcc out"],
  ] as const) {
    expect(() => askedOfEncoder(flags, kind)).toThrow(UsageError);
    expect(() => askedOfEncoder(flags, kind)).toThrow(message);
  }
});

test("trains a linear model on an encoder, which predicts as long as the encoder is there", async () => {
  const record = await trained("--layer", "2", "--refit");
  expect(record.settings.features).toMatchObject({
    kind: "encoder",
    layer: 2,
    pooling: "statistics",
    silence: 0.1,
  });
  expect(record.settings.training).toMatchObject({ model: "linear", refit: true });
  expect(record.encoder).toMatchObject({ name: "small", licence: "unknown" });
  expect(record.parameters).toBe(49 * 7);
  expect(record.audit.passed).toBe(true);
  const model = join("runs", record.name, "model");
  const [clip] = await loadClips(join(folder, "data"));
  const said = await ser(["predict", "--model", model, "--threshold", "0", "--json", clip!.path], folder);
  expect(said.code).toBe(0);
  expect(Object.keys(JSON.parse(said.stdout).probabilities)).toEqual(record.classes);

  vi.stubEnv("XDG_CACHE_HOME", join(folder, "elsewhere"));
  const missing = await ser(["predict", "--model", model, clip!.path], folder);
  expect(
    (await ser(["encoder", "add", join(FIXTURE, "model.int8.bin"), "--name", "small"], folder)).code,
  ).toBe(0);
  const other = await ser(["predict", "--model", model, clip!.path], folder);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  expect([missing.code, other.code]).toEqual([1, 1]);
  expect(missing.stderr).toMatch(
    /needs the encoder small, [0-9a-f]{12}: unknown encoder .*ser encoder add FOLDER/,
  );
  expect(other.stderr).toMatch(/\(the encoder of that name here is [0-9a-f]{12}\)/);
});

test("networks go over its frames, or over all of its layers", async () => {
  const lstm = await trained("--model", "lstm", "--units", "4", "--epochs", "1", "--frames", "20");
  expect(lstm.settings.features).toMatchObject({ layer: 2, pooling: "frames" });
  const sum = await trained("--model", "weighted-layers", "--epochs", "1");
  expect(sum.settings.features).toMatchObject({ layer: "all", pooling: "statistics" });
});

test("features of files are printed and written", async () => {
  const { path } = (await loadClips(join(folder, "data")))[0]!;
  const printed = await ser(["features", path, ...ASKED, "--layer", "1", "--json"], folder);
  const { kind, sampleRate, rows, cols } = JSON.parse(printed.stdout);
  expect([kind, sampleRate, rows, cols]).toEqual(["encoder", 16000, 1, 48]);
  const written = await ser(["features", path, ...ASKED, "--pooling", "frames", "--out", "clip.csv"], folder);
  expect(written.stdout).toMatch(/^encoder: \d+ frames x 24 columns at 16000 Hz, one every 20.00 ms/);
  expect(await readdir(folder)).toContain("clip.csv");
});

test.each([
  [[...ASKED, "--layer", "3"], 2, /layer is 3: it takes 0 to 2, or all/],
  [[...ASKED, "--model", "cnn", "--pooling", "statistics"], 2, /cnn goes over frames/],
  [["--encoder", "whisper-bse"], 2, /unknown encoder whisper-bse: did you mean "whisper-base"\?/],
  [["--layer", "2"], 2, /--layer is an option of encoders/],
  [["--encoder", "small"], 1, /small takes 0.72 s at once, which 1 s of silence fill: reduce the silence/],
])("train %j is refused in a line", async (more, code, message) => {
  const ran = await ser([...TRAIN, "--no-pictures", ...more], folder);
  expect(ran.stderr).toMatch(message);
  expect(ran.stderr).not.toContain("    at ");
  expect(ran.code).toBe(code);
});
