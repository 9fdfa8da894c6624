import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UserError } from "../../../lib/base/errors.js";
import { planClips } from "../../../lib/corpora/synthetic/clips.js";
import { findClips } from "../../../lib/corpora/synthetic/stand-in.js";
import { SYNTHESIS_VERSION } from "../../../lib/corpora/synthetic/synthetic.js";

const usual = vi.hoisted(() => ({ data: "" }));
vi.mock("../../../lib/base/root.js", async (original) => ({
  ...(await original<typeof import("../../../lib/base/root.js")>()),
  defaultData: () => usual.data,
}));

const corpora = ["ravdess", "tess", "savee", "cremad"];
let folder: string;
let standIns: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-stand-in-"));
  usual.data = join(folder, "data");
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("SER_DATA", undefined);
  // A folder with the marker counts as complete, so that nothing has to be synthesized here.
  standIns = join(folder, "cache", "speech-emotion-workbench", `synthetic-${SYNTHESIS_VERSION}`);
  await mkdir(standIns, { recursive: true });
  const marker = { synthetic: true, version: SYNTHESIS_VERSION, seed: 1, corpora, clips: planClips().length };
  await writeFile(join(standIns, "SYNTHETIC.json"), JSON.stringify(marker));
  await writeFile(join(standIns, "DC_a01.wav"), "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** The paths of the clips that are found, and what was logged. */
async function found(root: string) {
  const lines: string[] = [];
  const clips = await findClips(root, { quiet: true, log: (line) => lines.push(line) });
  return { paths: clips.map(({ path }) => path), synthetic: clips[0]!.synthetic, lines };
}

test("where the default folder has no corpus, synthetic ones stand in from the cache, and it stays as it is", async () => {
  const expected = { paths: [join(standIns, "DC_a01.wav")], synthetic: true };
  expect(await found(usual.data)).toMatchObject(expected);
  expect((await readdir(folder)).sort()).toEqual(["cache"]);
  await mkdir(usual.data);
  await writeFile(join(usual.data, "README.md"), "");
  expect(await found(join(folder, "x", "..", "data"))).toMatchObject(expected);
  expect(await readdir(usual.data)).toEqual(["README.md"]);
  expect((await found(usual.data)).lines).toEqual([
    `no corpora under ${usual.data}: synthetic ones stand in, in ${standIns}`,
  ]);
});

test("synthetic corpora that lie in the default folder are still found", async () => {
  await cp(standIns, join(usual.data, "synthetic"), { recursive: true });
  expect(await found(usual.data)).toEqual({
    ...{ paths: [join(usual.data, "synthetic", "DC_a01.wav")], synthetic: true },
    lines: [`corpora under ${usual.data}`],
  });
});

test("a folder that somebody named has to hold a corpus, and nothing is written into it", async () => {
  const mine = join(folder, "mine");
  await expect(found(mine)).rejects.toThrow(/folder not found: .*mine: set --data or SER_DATA/);
  await mkdir(mine);
  await writeFile(join(mine, "holiday.wav"), "");
  const refusal = found(mine);
  await expect(refusal).rejects.toThrow(UserError);
  await expect(refusal).rejects.toThrow(
    /^no corpus found under .*mine \(files named as in ravdess.*ser data download.*ser data synthesize"$/,
  );
  // SER_DATA may name the default folder.
  vi.stubEnv("SER_DATA", usual.data);
  await mkdir(usual.data);
  await expect(found(usual.data)).rejects.toThrow(/^no corpus found under .*data /);
  expect((await readdir(folder)).sort()).toEqual(["cache", "data", "mine"]);
  expect([await readdir(mine), await readdir(usual.data)]).toEqual([["holiday.wav"], []]);
});

test("a cache folder that cannot be written is named, with what to do", async () => {
  vi.stubEnv("XDG_CACHE_HOME", join(standIns, "DC_a01.wav"));
  const refusal = found(usual.data);
  await expect(refusal).rejects.toThrow(UserError);
  await expect(refusal).rejects.toThrow(/DC_a01\.wav.*: set XDG_CACHE_HOME to a folder for/);
});
