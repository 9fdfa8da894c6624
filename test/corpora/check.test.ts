import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "node-wav";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { type CorpusReport, checkCorpora, checkFound } from "../../lib/corpora/check.js";
import { findManifest } from "../../lib/corpora/manifest.js";
import { needs } from "../needs.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-check-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const RATE = 44100;

function noise(seed: string, length = RATE / 10): Float32Array {
  const rng = random(seed);
  return Float32Array.from({ length }, () => rng.uniform(-0.5, 0.5));
}

function wav(channels: Float32Array[], sampleRate = RATE): Buffer {
  return encode(channels, { sampleRate, bitDepth: 16 });
}

/** An AIFF file of 16-bit silence with one click, written by hand after the AIFF 1.3 specification. */
function aiff(frames: number): Buffer {
  const file = Buffer.alloc(12 + 26 + 16 + 2 * frames);
  file.write("FORM");
  file.writeUInt32BE(file.length - 8, 4);
  file.write("AIFFCOMM", 8);
  file.writeUInt32BE(18, 16);
  file.writeUInt16BE(1, 20);
  file.writeUInt32BE(frames, 22);
  file.writeUInt16BE(16, 26);
  // 44100 as an 80-bit extended float: exponent 16383 + 15, mantissa 44100 << 48.
  file.writeUInt16BE(16398, 28);
  file.writeUInt16BE(44100, 30);
  file.write("SSND", 38);
  file.writeUInt32BE(8 + 2 * frames, 42);
  file.writeInt16BE(9000, 54 + frames);
  return file;
}

async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const path = await mkdtemp(join(root, "corpus-"));
  await mkdir(join(path, "Savee"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, "Savee", name), content);
  return path;
}

function clipsOf(report: CorpusReport, kind: string): string[][] {
  return report.notes.filter((note) => note.kind === kind).map(({ clips }) => clips);
}

test("tells apart what is missing, invalid, altered and odd", async () => {
  const plain = noise("plain");
  const loud = noise("loud");
  loud.fill(1, 100, 103);
  const path = await folder({
    "DC_a01.wav": wav([noise("1")]),
    "DC_a02.wav": wav([plain]),
    "DC_d05.wav": wav([plain]),
    "DC_f01.wav": wav([new Float32Array(4410)]),
    "DC_f02.wav": wav([new Float32Array(4410)]),
    "DC_h01.wav": wav([loud]),
    "DC_h02.wav": wav([noise("rate", 2205)], 22050),
    "DC_h03.wav": wav([noise("left"), noise("right")]),
    "DC_n01.wav": aiff(4410),
    "DC_n02.wav": wav([noise("cut")]).subarray(0, 5000),
    "DC_sa01.wav": "This is no sound but a note, left here by mistake.\n",
    "DC_sa02.wav": "",
  });
  await symlink(join(path, "nowhere"), join(path, "Savee", "DC_su01.wav"));
  await mkdir(join(path, "further"));
  await writeFile(join(path, "further", "DC_a01.wav"), wav([noise("another")]));

  const [report, ...others] = await checkCorpora(path, { quiet: true });
  expect(others).toEqual([]);
  expect(report).toMatchObject({
    name: "savee",
    synthetic: false,
    clips: 13,
    speakers: 1,
    emotions: { anger: 2, disgust: 1, fear: 2, happiness: 3, sadness: 2, surprise: 1, neutral: 2, calm: 0 },
    missing: 480 - 13,
    altered: 10,
    invalid: 3,
  });
  expect(report!.missingIds).toHaveLength(480 - 13);
  expect(report!.missingIds).not.toContain("savee/DC_a01");
  expect(report!.invalidClips.map(({ id }) => id)).toEqual([
    "savee/DC_sa01",
    "savee/DC_sa02",
    "savee/DC_su01",
  ]);
  expect(report!.invalidClips.map(({ reason }) => reason)).toEqual([
    expect.stringContaining("text"),
    expect.stringContaining("empty"),
    `is a link to ${join(path, "nowhere")}, which does not exist`,
  ]);
  expect(report!.invalidClips[2]!.path).toBe(join(path, "Savee/DC_su01.wav"));
  expect(clipsOf(report!, "silent")).toEqual([["savee/DC_f01", "savee/DC_f02"]]);
  expect(clipsOf(report!, "clipped")).toEqual([["savee/DC_h01"]]);
  expect(clipsOf(report!, "duplicate")).toEqual([["savee/DC_a02", "savee/DC_d05"]]);
  expect(clipsOf(report!, "container")).toEqual([["savee/DC_n01"]]);
  expect(clipsOf(report!, "rate")).toEqual([["savee/DC_h02"]]);
  expect(clipsOf(report!, "channels")).toEqual([["savee/DC_h03"]]);
  expect(clipsOf(report!, "warning")).toEqual([["savee/DC_n02"]]);
  expect(report!.notes.find(({ kind }) => kind === "duplicate")!.text).toContain("anger, disgust");
  expect(report!.formats.reduce((sum, { clips }) => sum + clips, 0)).toBe(10);
  expect(report!.formats[0]).toEqual({ format: "wav, pcm_s16, 44100 Hz, mono", clips: 7 });
  expect(report!.notes.at(-1)).toMatchObject({ kind: "name", clips: ["savee/DC_a01"] });
});

test("inverted stereo, an offset and a low level are notes of their own", async () => {
  const left = noise("left");
  const path = await folder({
    "DC_a01.wav": wav([left, left.map((value) => -value)]),
    "DC_a02.wav": wav([noise("2").map((value) => 0.5 * value + 0.25)]),
    "DC_a03.wav": wav([noise("3").map((value) => 0.01 * value)]),
    "DC_a04.wav": wav([noise("4").map((value) => 0.001 * value)]),
  });
  const [report] = await checkCorpora(path, { quiet: true });
  expect(report!.notes.filter(({ kind }) => kind !== "channels")).toEqual([
    {
      kind: "faint",
      clips: ["savee/DC_a03", "savee/DC_a04"],
      text: "very low level: the loudest sample is at -66 to -46 dB of full scale",
    },
    { kind: "offset", clips: ["savee/DC_a02"], text: "constant offset (DC) of -12 dB of full scale" },
    {
      kind: "cancelled",
      clips: ["savee/DC_a01"],
      text: expect.stringMatching(/^the channels cancel each other out.* \d+ dB below them$/),
    },
  ]);
});

test("what is not published is not said: whether files are altered, and a rate", async () => {
  const path = await folder({
    "SM1_F1_A01.wav": wav([noise("u")], 22050),
    "SM1_F2_A02.wav": wav([noise("v")], 22050),
    "03a01Fa.wav": wav([noise("e")], 22050),
  });
  const [emodb, urdu] = await checkCorpora(path, { quiet: true });
  expect(emodb).toMatchObject({ name: "emodb", clips: 1, missing: 534, invalid: 0 });
  expect(urdu).toMatchObject({ name: "urdu", clips: 2, missing: 398, invalid: 0, notes: [] });
  for (const report of [emodb!, urdu!]) expect(report.altered).toBeUndefined();
  expect(emodb!.notes.map(({ kind, text }) => [kind, text])).toEqual([
    ["rate", "22050 Hz, the rest 16000 Hz"],
  ]);
});

test("of synthetic clips nothing is published, so nothing is missing or altered", async () => {
  const path = await folder({ "DC_a01.wav": wav([noise("1")], 16000), "SYNTHETIC.json": "{}" });
  expect(await checkCorpora(path, { quiet: true })).toMatchObject([
    { name: "savee", synthetic: true, clips: 1, missing: 0, altered: 0, invalid: 0, notes: [] },
  ]);
});

test("odd names are told: OA_ for OAF_, one X, a clip that was never published", async () => {
  const path = await folder({
    "OA_bite_neutral.wav": wav([noise("1", 400)], 24414),
    "1040_ITH_SAD_X.wav": wav([noise("2", 400)], 16000),
    "1008_WSI_ANG_XX.wav": wav([noise("3", 400)], 16000),
  });
  const [tess, cremad] = await checkCorpora(path, { quiet: true });
  expect(clipsOf(tess!, "name")).toEqual([["tess/OAF_bite_neutral"]]);
  expect(clipsOf(cremad!, "name")).toEqual([["cremad/1040_ITH_SAD_XX"], ["cremad/1008_WSI_ANG_XX"]]);
});

test("checks a corpus of one's own, against itself", async () => {
  const path = await folder({
    "1.wav": wav([noise("1")], 8000),
    "2.wav": wav([noise("2")], 8000),
    "3.wav": wav([noise("3")], 16000),
    "clips.csv": "id,path,speaker,emotion\n1,1.wav,s,happy\n2,2.wav,s,sad\n3,3.wav,t,sad\n",
  });
  const own = await findManifest(join(path, "Savee", "clips.csv"));
  expect(await checkFound(own, { quiet: true })).toMatchObject([
    {
      name: "own",
      clips: 3,
      speakers: 2,
      missing: 0,
      altered: 0,
      notes: [{ kind: "rate", clips: ["own/3"] }],
    },
  ]);
});

test("an empty folder has no reports", async () => {
  expect(await checkCorpora(await folder({}), { quiet: true })).toEqual([]);
});

test("stops when told to", async () => {
  const path = await folder({ "DC_a01.wav": wav([noise("1")]) });
  await expect(checkCorpora(path, { quiet: true, signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: "Interrupted",
    message: "stopped: 0 of 1 clips were checked",
  });
});

describe("the real corpora", needs("corpora"), () => {
  test("are whole, and what is known to be odd in them is found", { timeout: 300_000 }, async () => {
    const reports = await checkCorpora(process.env.SER_DATA!, { quiet: true });
    expect(reports.map(({ missing, invalid }) => [missing, invalid])).toEqual(Array(4).fill([0, 0]));
    // A copy may be converted, but where no published byte is left the digests prove nothing.
    for (const { altered, clips } of reports) expect(altered).toBeLessThan(clips);
    const [ravdess, tess, , cremad] = reports;
    expect(clipsOf(ravdess!, "duplicate")).toEqual([
      ["ravdess/03-01-03-01-02-01-07", "ravdess/03-01-03-01-02-02-07"],
    ]);
    expect(clipsOf(ravdess!, "channels")[0]).toHaveLength(5);
    expect(clipsOf(tess!, "container")).toEqual([["tess/YAF_germ_angry", "tess/YAF_neat_fear"]]);
    expect(clipsOf(tess!, "rate")).toEqual([["tess/OAF_food_fear"]]);
    expect(clipsOf(tess!, "name")).toEqual([["tess/OAF_bite_neutral"]]);
    expect(clipsOf(cremad!, "silent")).toEqual([["cremad/1076_MTI_SAD_XX"]]);
    expect(clipsOf(cremad!, "duplicate")).toEqual([
      ["cremad/1006_TIE_HAP_XX", "cremad/1006_TIE_NEU_XX"],
      ["cremad/1013_WSI_DIS_XX", "cremad/1013_WSI_SAD_XX"],
      ["cremad/1017_IWW_ANG_XX", "cremad/1017_IWW_FEA_XX"],
    ]);
    expect(reports.map(({ hours }) => hours)).toEqual([
      expect.closeTo(1.48, 2),
      expect.closeTo(1.6, 2),
      expect.closeTo(0.51, 2),
      expect.closeTo(5.26, 2),
    ]);
  });
});
