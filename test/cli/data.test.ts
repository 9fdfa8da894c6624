import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { parse } from "csv-parse/sync";
import { encode } from "node-wav";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { addData } from "../../lib/cli/data.js";
import { capturePrinted, printed } from "./printed.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-data-"));
  for (const name of ["Savee/DC_a01", "Savee/JE_n02", "Actor_01/03-01-02-01-01-01-01"]) {
    const rng = random(name);
    const samples = Float32Array.from({ length: 800 }, () => rng.uniform(-0.5, 0.5));
    const sampleRate = name.startsWith("Savee") ? 44100 : 48000;
    await mkdir(join(root, name, ".."), { recursive: true });
    await writeFile(join(root, `${name}.wav`), encode([samples], { sampleRate, bitDepth: 16 }));
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

capturePrinted();

/** Runs `ser data ...` on the small corpora above; resolves to the exit code. */
async function ser(...args: string[]): Promise<number> {
  const program = new Command().exitOverride();
  addData(program);
  await program.parseAsync(["data", ...args], { from: "user" });
  return Number(process.exitCode ?? 0);
}

test("lists one line a corpus", async () => {
  expect(await ser("list", "--data", root)).toBe(0);
  const lines = printed.out.trimEnd().split("\n");
  expect(lines.map((line) => line.split(/ +/)[0])).toEqual([
    "corpus",
    expect.stringMatching(/^─+$/),
    "ravdess",
    "savee",
  ]);
  printed.out = "";
  await ser("list", "--data", root, "--json", "--corpus", "savee");
  expect(JSON.parse(printed.out).corpora).toMatchObject([
    { name: "savee", clips: 2, speakers: 2, emotions: { anger: 1, neutral: 1 } },
  ]);
});

test("lists clips, filtered, as CSV", async () => {
  await ser(
    "list",
    "--data",
    root,
    "--clips",
    "--csv",
    "--emotion",
    "anger",
    "calm",
    "--speaker",
    "DC",
    "01",
  );
  const rows = parse(printed.out, { columns: true }) as Record<string, string>[];
  expect(rows.map(({ id, speaker, emotion }) => [id, speaker, emotion])).toEqual([
    ["ravdess/03-01-02-01-01-01-01", "01", "calm"],
    ["savee/DC_a01", "DC", "anger"],
  ]);
});

test("lists a manifest", async () => {
  const file = join(root, "clips.csv");
  await writeFile(file, "id,path,speaker,emotion\nx,Savee/DC_a01.wav,s,happy\n");
  expect(await ser("list", "--manifest", file, "--clips", "--json")).toBe(0);
  expect(JSON.parse(printed.out).clips).toMatchObject([{ id: "own/x", emotion: "happiness" }]);
});

test("check: JSON, and exit code 0 when all can be read", async () => {
  expect(await ser("check", "--data", root, "--json")).toBe(0);
  expect(JSON.parse(printed.out).corpora).toMatchObject([
    { name: "ravdess", clips: 1, missing: 1439, invalid: 0, altered: 1 },
    { name: "savee", clips: 2, missing: 478, invalid: 0, altered: 2 },
  ]);
  printed.out = "";
  expect(await ser("check", "--data", root)).toBe(0);
  expect(printed.out).toContain("missing: savee/DC_a02, ");
});

test("check: how far the text tells the emotion", async () => {
  await ser("check", "--data", root, "--corpus", "savee");
  expect(printed.out).toMatch(
    /text: 2 sentences, 2 said in one emotion only; a table learnt on the other speakers' sentences has a UAR of 0\.0 % \(chance 50\.0 %\); the sentence gives 1\.00 of the 1\.00 bits of the emotion/,
  );
  printed.out = "";
  await ser("check", "--data", root, "--corpus", "ravdess", "--json");
  expect(JSON.parse(printed.out).corpora[0].text).toEqual({
    ...{ sentences: 1, inOneClass: 1, chance: 1, bits: 0, labelBits: 0 },
  });
});

test("check: exit code 1 for text files named .wav, each named with the reason", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-data-text-"));
  try {
    await writeFile(join(folder, "1001_DFA_ANG_XX.wav"), "a list of things to do\n");
    expect(await ser("check", "--data", folder)).toBe(1);
    expect(printed.out).toMatch(/invalid: .*1001_DFA_ANG_XX\.wav: is text/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("nothing found: exit code 1, empty JSON, and what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-data-empty-"));
  try {
    expect(await ser("check", "--data", folder, "--json")).toBe(1);
    expect(JSON.parse(printed.out)).toEqual({ corpora: [] });
    expect(printed.err).toContain(
      'set --data or SER_DATA to the folder that has them, or get them with "ser data download"',
    );
    process.exitCode = 0;
    expect(await ser("list", "--data", folder)).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("corpora in other languages: their own classes have columns, what is not known a dash", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-data-languages-"));
  try {
    for (const name of ["03a01La", "dis-f1-b1", "SM1_F1_A01"]) {
      const rng = random(name);
      const samples = Float32Array.from({ length: 800 }, () => rng.uniform(-0.5, 0.5));
      await writeFile(join(folder, `${name}.wav`), encode([samples], { sampleRate: 16000, bitDepth: 16 }));
    }
    expect(await ser("list", "--data", folder)).toBe(0);
    expect(printed.out).toMatch(/neutral +calm +boredom\n/);
    expect(printed.out).toMatch(/emodb +1 +1( +0){8} +1\n/);
    printed.out = "";
    await ser("list", "--data", folder, "--clips", "--emotion", "boredom", "--json");
    expect(JSON.parse(printed.out).clips).toMatchObject([{ id: "emodb/03a01La", label: "L" }]);
    printed.out = "";
    expect(await ser("check", "--data", folder, "--corpus", "emodb", "urdu")).toBe(0);
    expect(printed.out).toMatch(/urdu +1 +1 +0\.00 +399 +0 +-\n/);
    expect(printed.out).toContain("text: no clip says which sentence it is");
    printed.out = "";
    await rm(join(folder, "SM1_F1_A01.wav"));
    expect(await ser("check", "--data", folder, "--corpus", "urdu")).toBe(1);
    expect(printed.err).toContain("or get URDU from https://github.com/siddiquelatif/URDU-Dataset");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("check: how far the raters of a manifest agree, what is odd about its names, and one that nobody agrees on", async () => {
  const file = join(root, "rated.csv");
  const header = "id;path;speaker;emotion;rater\n";
  const path = "Savee/DC_a01.wav";
  await writeFile(
    file,
    `${header}1;${path};Anna;sad;r1\n1;${path};Anna;sad;r2\n2;${path};anna;bored;r1\n2;${path};anna;bored;r2\n3;${path};b;sad;r1\n3;${path};b;bored;r2\n`,
  );
  expect(await ser("check", "--manifest", file)).toBe(0);
  expect(printed.err).toContain("left out 1 clip without a majority among the raters: own/3");
  expect(printed.out).toContain(
    "raters: 6 ratings of 3 clips; Krippendorff's alpha 0.444 (1 is full agreement, 0 agreement by chance); 1 clip without a majority left out",
  );
  expect(printed.out).toContain('spelling: one speaker in several spellings, "Anna" (1), "anna" (1)');
  expect(printed.out).toContain("classes: sadness, bored");
  printed.out = "";
  await writeFile(file, `${header}3;${path};b;sad;r1\n3;${path};b;bored;r2\n`);
  expect(await ser("check", "--manifest", file, "--json")).toBe(1);
  expect(JSON.parse(printed.out).corpora).toMatchObject([
    {
      clips: 0,
      text: { reason: "no clip has a label" },
      agreement: { alpha: 0, clips: 1, ratings: 2, tied: 1 },
    },
  ]);
});
