import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { random } from "../../lib/base/random.js";
import { addClipOptions, type ClipFlags, clipArgs, clipsFor, corporaFor } from "../../lib/cli/clips.js";
import { capturePrinted, printed } from "./printed.js";
import { ser } from "./spawn.js";

const LABELS = ["angry", "HAP", "Langeweile", "calm"];
const SPEAKERS = ["Anna", "Ben", "Carl", "Dora", "Eva", "Fritz"];
const SPLIT = ["train", "train", "train", "train", "dev", "test"];

let folder: string;
let file: string;

/** One recording a speaker, with a tone of a third of a second for every label, twice. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-clips-"));
  const data = join(folder, "data", "Savee");
  await mkdir(data, { recursive: true });
  const rng = random("clips");
  const tone = (pitch: number, seconds = 1 / 3) =>
    Float32Array.from(
      { length: Math.round(16_000 * seconds) },
      (_, n) => 0.4 * Math.sin((2 * Math.PI * pitch * n) / 16_000) + 0.01 * rng.normal(),
    );
  const lines = ["Corpus;ID;Path;Speaker;Emotion;Start;End;Split;Sentence ID"];
  for (const [s, speaker] of SPEAKERS.entries()) {
    const pieces = [0, 1].flatMap(() => LABELS.map((_, e) => tone((200 + 300 * e) * (1 + 0.03 * s))));
    const whole = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const [i, piece] of pieces.entries()) {
      whole.set(piece, at);
      const times = [at, at + piece.length].map((n) => (n / 16_000).toFixed(5).replace(".", ","));
      const label = LABELS[i % LABELS.length]!;
      lines.push(
        `Labor;${speaker}-${i};${speaker}.wav;${speaker};${label};${times.join(";")};${SPLIT[s]};s${i % 3}`,
      );
      at += piece.length;
    }
    await writeWav(join(folder, `${speaker}.wav`), whole, 16_000);
  }
  file = join(folder, "clips.csv");
  await writeFile(file, `sep=;\r\n${lines.join("\r\n")}\r\n;;;;;;;;\r\n`);
  for (const speaker of ["DC", "JE", "JK", "KL"])
    for (const [e, code] of ["a", "h", "n"].entries())
      for (const take of ["01", "02"])
        await writeWav(join(data, `${speaker}_${code}${take}.wav`), tone(200 + 300 * e), 16_000);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the clips of a command", () => {
  capturePrinted();
  const flags = (more: Partial<ClipFlags> = {}): ClipFlags => ({ data: join(folder, "data"), ...more });
  const corporaOf = async (more: Partial<ClipFlags>, needed?: string[]) => [
    ...new Set((await clipsFor(flags(more), { needed })).map(({ corpus }) => corpus)),
  ];

  test("are the corpora's, the manifest's, or both", async () => {
    expect(await corporaOf({})).toEqual(["savee"]);
    expect(await corporaOf({ manifest: file })).toEqual(["labor"]);
    expect(await corporaOf({ manifest: file, corpus: ["savee"] })).toEqual(["savee", "labor"]);
    expect(await corporaOf({ manifest: file }, ["savee", "labor"])).toEqual(["savee", "labor"]);
    expect(await corporaOf({ manifest: file }, ["labor"])).toEqual(["labor"]);
  });

  test("of corpora that are nowhere are told", async () => {
    await expect(corporaOf({}, ["labor"])).rejects.toThrow(
      /labor is not one of .*: give your own clips with --manifest/,
    );
    await expect(corporaOf({ manifest: file }, ["ravdess"])).rejects.toThrow(
      /the protocol uses ravdess, but .*clips\.csv has labor: give a protocol of your own clips, such as grouped\/labor/,
    );
    await expect(corporaOf({ data: folder, corpus: ["tess"] })).rejects.toThrow(/tess not found under/);
  });

  test("have the classes that the mapping gives them, in all corpora", async () => {
    const clips = await clipsFor(
      flags({ manifest: file, corpus: ["savee"], map: ["Langeweile=boredom", "calm=drop", "n=drop"] }),
    );
    expect([...new Set(clips.map(({ emotion }) => emotion))].sort()).toEqual([
      "anger",
      "boredom",
      "happiness",
    ]);
    await expect(clipsFor(flags({ manifest: file, map: ["langweile=drop"] }))).rejects.toThrow(
      'no clip has the label "langweile": there are anger (angry), happiness (HAP), calm, langeweile (Langeweile); did you mean "langeweile"?',
    );
    const map = join(folder, "map.json");
    await writeFile(map, '{ "calm": "neutral", "disgust": "drop" }');
    await corporaFor(flags({ manifest: file, map: [map] }));
    expect(printed.err).toMatch(/ser: --map: no clip has the label "disgust"/);
  });

  test("without a majority are told; recorded and synthetic clips never go together", async () => {
    const rated = join(folder, "rated.csv");
    await writeFile(
      rated,
      "id,path,speaker,emotion_1,emotion_2\n1,Anna.wav,a,sad,sad\n2,Ben.wav,b,sad,angry\n",
    );
    expect(await clipsFor(flags({ manifest: rated }))).toHaveLength(1);
    expect(printed.err).toContain("left out 1 clip without a majority among the raters: own/2");
    await mkdir(join(folder, "made"));
    await writeFile(join(folder, "made", "SYNTHETIC.json"), "{}");
    await writeFile(
      join(folder, "made", "clips.csv"),
      "id,path,speaker,emotion\n1,../Anna.wav,a,sad\n2,x.wav,a,sad\n",
    );
    await writeWav(join(folder, "made", "x.wav"), new Float32Array(100), 16_000);
    await writeFile(join(folder, "made", "clips.csv"), "id,path,speaker,emotion\n2,x.wav,a,sad\n");
    await expect(
      clipsFor(flags({ manifest: join(folder, "made", "clips.csv"), corpus: ["savee"] })),
    ).rejects.toThrow(/some are synthetic and some are recorded/);
  });

  test("are said again to other processes", () => {
    const parsed = (...args: string[]) => {
      const command = addClipOptions(new Command().exitOverride());
      return command.parse(args, { from: "user" }).opts<ClipFlags>();
    };
    const args = [
      "--data",
      "d",
      "--corpus",
      "savee",
      "--manifest",
      "m.csv",
      "--map",
      "a=b",
      "--map",
      "c.json",
    ];
    expect(clipArgs(parsed(...args))).toEqual(args);
  });
});

// Each command as a person types it, on a manifest from a spreadsheet.
describe("every command takes a manifest", () => {
  const TRAIN = "train --protocol given/labor --model linear --kind mfcc".split(" ");
  const OWN = ["--manifest", "clips.csv", "--map", "Langeweile=boredom"];
  const run = (...args: string[]) => ser([...args, ...OWN], folder);

  test("ser data list and check", async () => {
    const listed = await run("data", "list");
    expect([listed.code, listed.stderr]).toEqual([0, ""]);
    expect(listed.stdout).toMatch(/corpus .* neutral +calm +boredom\n.*\nlabor +48 +6 +12 .* 12 +12\n$/);
    const checked = await run("data", "check", "--corpus", "savee", "--data", "data");
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    expect(checked.stdout).toMatch(/labor\n.*\n {2}classes: anger, happiness, calm, boredom\n/);
    const strange = await run("data", "list", "--emotion", "bordom");
    expect([strange.code, strange.stderr]).toEqual([2, expect.stringContaining('did you mean "boredom"?')]);
  });

  test("ser protocols", async () => {
    const given = await run("protocols", "given/labor");
    expect([given.code, given.stderr]).toEqual([0, ""]);
    expect(given.stdout).toContain("no overlapping segments on two sides: none");
    const grouped = await run("protocols", "grouped/labor?folds=3", "--json");
    expect(JSON.parse(grouped.stdout)).toMatchObject({
      clips: 48,
      classes: ["anger", "happiness", "calm", "boredom"],
    });
    const folds = await run("protocols", "given/labor", "--csv");
    expect(folds.stdout).toMatch(
      /^id,path,speaker,emotion,fold,part,start,end\nlabor\/Anna-0,.*,1,train,0,0\.33331\n/,
    );
    const other = await run("protocols", "grouped/own?folds=3");
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/the protocol uses own, but clips\.csv has labor/),
    ]);
  });

  test("ser train, robustness and report", async () => {
    const trained = await run(...TRAIN, "--out", "runs");
    expect([trained.code, trained.stderr]).toEqual([0, ""]);
    const [name] = (await readdir(join(folder, "runs"))).filter((one) =>
      one.startsWith("given-labor-1-linear-"),
    );
    const noisy = await run("robustness", join("runs", name!), "--snr", "0", "--noise", "babble", "--quiet");
    expect([noisy.code, noisy.stderr]).toEqual([0, ""]);
    const none = await ser(["robustness", join("runs", name!), "--data", "data"], folder);
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining("give your own clips with --manifest"),
    ]);
    const other = await ser(["robustness", join("runs", name!), "--manifest", "clips.csv"], folder);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining("give the same --manifest and --map"),
    ]);
  });

  test("ser evaluate", async () => {
    const unread = ["--score", "validation", "--out", "others"];
    const trained = await run(...TRAIN, ...unread, "--no-pictures", "--quiet");
    expect([trained.code, trained.stderr]).toEqual([0, ""]);
    const [name] = (await readdir(join(folder, "others"))).filter((one) => one.startsWith("given-labor-"));
    const model = join("others", name!, "model");
    const judged = await run("evaluate", model, "--even-training", "--json");
    expect([judged.code, judged.stderr]).toEqual([0, ""]);
    expect(JSON.parse(judged.stdout)).toHaveProperty("facts");
    const refused = await ser(["evaluate", model, "--manifest", "clips.csv", "--map", "bordom=drop"], folder);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('no clip has the label "bordom"'),
    ]);
  });

  test("ser score", async () => {
    const lines = Array.from(
      { length: 8 },
      (_, i) => `Fritz-${i},${["anger", "happiness", "boredom", "calm"][i % 4]}`,
    );
    await writeFile(
      join(folder, "mine.csv"),
      `id,predicted\n${lines.map((line) => `labor/${line}\n`).join("")}`,
    );
    const scored = await run("score", "mine.csv", "--protocol", "given/labor", "--json");
    expect([scored.code, scored.stderr]).toEqual([0, ""]);
    expect(JSON.stringify(JSON.parse(scored.stdout))).toContain('"estimate":1');
  });

  test("ser ablate with several processes, its plan, and the report of its store", async () => {
    const block = {
      protocols: ["grouped/labor?folds=3", "held-out"],
      models: ["linear", "majority"],
      features: ["mfcc"],
    };
    await writeFile(join(folder, "grid.json"), JSON.stringify({ name: "own", score: "test", runs: [block] }));
    const common = ["ablate", "grid.json", "--out", "stores"];
    const plan = await run(...common, "--plan");
    expect(plan.stdout).toMatch(
      / --only held-out|labor-linear-\w+ --data \S+ --manifest clips\.csv --map Langeweile=boredom --out stores\n/,
    );
    const ran = await run(...common, "--jobs", "2", "--quiet", "--json");
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const { runs } = JSON.parse(ran.stdout) as { runs: { state: string; name: string }[] };
    expect(runs.map(({ state }) => state)).toEqual(new Array(8).fill("done"));
    expect(runs.some((one) => one.name.startsWith("labor-linear-"))).toBe(true);
    const reported = await ser(["report", "own", "--from", "stores", "--out", "reports", "--quiet"], folder);
    expect([reported.code, reported.stderr]).toEqual([0, ""]);
    const { readFile } = await import("node:fs/promises");
    const text = await readFile(join(folder, "reports", "own", "report.md"), "utf8");
    expect(text).toContain("labor");
    expect(text).toContain("boredom");
    expect(text).not.toMatch(/ravdess|cremad|undefined|NaN/);
  });
});
