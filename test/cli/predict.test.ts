import { execFileSync, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "node-wav";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeWav, writeWav } from "../../lib/audio/write.js";
import { buzz, CLASSES, joined, saveExample, whiteNoise } from "../inference/example.js";
import { ser } from "./spawn.js";

const BIN = join(import.meta.dirname, "..", "..", "dist", "ser.cjs");

let folder: string;
let model: string;
const at = (name: string) => join(folder, name);
const predict = (...args: string[]) => ser(["predict", "--model", model, ...args], folder);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-predict-"));
  model = at("model");
  await saveExample(model);
  const rate = 16_000;
  await writeWav(at("clip.wav"), buzz(2, rate), rate);
  await mkdir(at("some/deep"), { recursive: true });
  await writeWav(at("some/one.wav"), buzz(1, rate, 100), rate);
  await writeWav(at("some/deep/two.wav"), buzz(1.5, rate, 200), rate);
  const silence = new Float32Array(3 * rate);
  await writeWav(at("long.wav"), joined(silence, buzz(2, rate), silence, buzz(3, rate, 250), silence), rate);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("one file: an object with the members that are promised", async () => {
  const { code, stdout, stderr } = await predict("clip.wav", "--json");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const json = JSON.parse(stdout);
  expect(Object.keys(json)).toEqual(
    "file duration model emotion confidence abstained probabilities windows".split(" "),
  );
  expect(json).toMatchObject({ file: "clip.wav", duration: 2, abstained: false });
  expect(json.model).toEqual({ name: "example", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(Object.keys(json.probabilities)).toEqual(CLASSES);
  expect(json.windows).toHaveLength(1);
});

test("the shipped model answers where no other is named, and its warning is pointed to once", async () => {
  const project = at("project");
  await saveExample(join(project, "results", "model"));
  const { code, stdout, stderr } = await ser(["predict", at("clip.wav"), at("some")], project);
  expect(code).toBe(0);
  expect(stderr).toBe(
    `ser: model: ${join("results", "model")} (for research only; its README.md says what it is not fit for)\n`,
  );
  expect(stdout).toMatch(/\n\nmodel: example, SHA-256 [0-9a-f]{12}\n$/);
  const named = ["--model", "results/model"];
  for (const args of [["--quiet"], named])
    expect((await ser(["predict", at("clip.wav"), ...args], project)).stderr).toBe("");
});

test("folders and patterns: an array, in order", async () => {
  const { stdout } = await predict("some", "*.wav", "--json");
  expect(JSON.parse(stdout).map(({ file }: { file: string }) => file)).toEqual([
    "some/deep/two.wav",
    "some/one.wav",
    "clip.wav",
    "long.wav",
  ]);
});

test("standard input is a recording like any other", async () => {
  const bytes = Buffer.from(encodeWav(buzz(2, 16_000), 16_000));
  const out = execFileSync(process.execPath, [BIN, "predict", "-", "--model", model, "--json"], {
    input: bytes,
  });
  const piped = JSON.parse(out.toString());
  const { stdout } = await predict("clip.wav", "--json");
  expect(piped).toEqual({ ...JSON.parse(stdout), file: "-" });
});

test("a long recording: a table with its timeline, CSV, TextGrid and a picture", async () => {
  const { stdout } = await predict("long.wav");
  expect(stdout).toMatch(/long\.wav +14\.00/);
  expect(stdout).toContain("from s");
  const csv = (await predict("long.wav", "--csv")).stdout.trim().split("\n");
  expect(csv[0]).toBe(`file,start,end,emotion,confidence,reason,${CLASSES.join(",")}`);
  const { windows } = JSON.parse((await predict("long.wav", "--json")).stdout);
  expect(csv).toHaveLength(1 + windows.length);
  const { code, stderr } = await predict(
    "long.wav",
    "--textgrid",
    "out/long.TextGrid",
    "--figure",
    "out/long.html",
  );
  expect([code, stderr]).toEqual([0, ""]);
  const grid = await readFile(at("out/long.TextGrid"), "utf8");
  expect(grid).toMatch(/^File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 14\n/);
  expect(await readFile(at("out/long.html"), "utf8")).toContain("Emotions over time");
});

test("clips: a picture of up to nine", async () => {
  const { code } = await predict("clip.wav", "some", "--figure", "three.html");
  expect(code).toBe(0);
  expect(await readFile(at("three.html"), "utf8")).toContain("Predicted emotions");
});

test("the threshold can be set, and 0 always answers", async () => {
  const { stdout } = await predict("clip.wav", "--threshold", "1", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ emotion: null, abstained: true, reason: "unsure" });
  expect((await predict("clip.wav", "--threshold", "1")).stdout).toContain("(unsure)");
  expect((await predict("clip.wav", "--threshold", "2")).code).toBe(2);
});

test("neither TensorFlow.js nor jsdom is loaded", async () => {
  const hook = at("loaded.cjs");
  await writeFile(hook, 'process.on("exit", () => console.error(Object.keys(require.cache).join("\\n")));');
  const args = ["--require", hook, BIN, "predict", "clip.wav", "--model", model];
  const child = spawn(process.execPath, args, { cwd: folder });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  await new Promise((done) => child.on("close", done));
  expect(stderr).toContain("commander");
  expect(stderr).not.toMatch(/tensorflow|jsdom|plotly|canvas|meyda|danfo/);
});

describe("bad input is told from good, in one line, without a crash", () => {
  const rate = 16_000;
  const wav = (samples: Float32Array, hz = rate) => Buffer.from(encodeWav(samples, hz));
  const whole = () => wav(buzz(2, rate));
  const sixChannels = () => {
    const mono = buzz(2, rate);
    const bytes = Buffer.alloc(44 + 12 * mono.length);
    wav(mono).copy(bytes, 0, 0, 44);
    bytes.writeUInt32LE(bytes.length - 8, 4);
    bytes.writeUInt16LE(6, 22);
    bytes.writeUInt32LE(12 * rate, 28);
    bytes.writeUInt16LE(12, 32);
    bytes.writeUInt32LE(12 * mono.length, 40);
    mono.forEach((value, i) => {
      for (let c = 0; c < 6; c++) bytes.writeInt16LE(Math.round(30_000 * value), 44 + 12 * i + 2 * c);
    });
    return bytes;
  };
  /** The file, the answer, and what is remarked. */
  const answered: Record<string, [() => Uint8Array, RegExp, RegExp]> = {
    truncated: [() => whole().subarray(0, 40_000), /"emotion":"/, /^ser: .*truncated: 39956 of 64000 bytes/],
    "one sample": [() => wav(new Float32Array(1)), /"reason":"too short"/, /^$/],
    "8 kHz": [() => wav(buzz(2, 8000), 8000), /"emotion":"/, /^ser: .*8000 Hz.*nothing above 4000 Hz/],
    "192 kHz": [() => wav(buzz(1, 192_000), 192_000), /"emotion":"/, /^$/],
    "6 channels": [sixChannels, /"emotion":"/, /^$/],
    silence: [() => wav(new Float32Array(2 * rate)), /"reason":"silence"/, /^$/],
    "long silence": [() => wav(new Float32Array(20 * rate)), /"reason":"silence"/, /^$/],
    "full-scale noise": [
      () => wav(whiteNoise(3, rate, 1)),
      /"reason":"noise"/,
      /full-scale noise\.wav: clipped: three or more samples in a row at full scale$/,
    ],
    "inverted stereo": [
      () => encode([buzz(2, rate), buzz(2, rate).map((v) => -v)], { sampleRate: rate, bitDepth: 16 }),
      /"reason":"silence"/,
      /inverted stereo\.wav: the channels cancel each other out .* dB below them$/,
    ],
    "false block align": [
      () => {
        const bytes = whole();
        bytes.writeUInt16LE(4, 32);
        return bytes;
      },
      /"emotion":"/,
      /false block align\.wav: states frames of 4 bytes for 1 channel of 16 bits: ignored$/,
    ],
  };
  test("what can be read is answered", async () => {
    for (const [name, [bytes]] of Object.entries(answered)) await writeFile(at(`${name}.wav`), bytes());
    const files = Object.keys(answered).map((name) => `${name}.wav`);
    const { code, stdout, stderr } = await predict(...files, "--json");
    expect(code).toBe(0);
    const said = stderr.trim().split("\n");
    const json: object[] = JSON.parse(stdout);
    Object.values(answered).forEach(([, like, remark], i) => {
      expect(JSON.stringify(json[i])).toMatch(like);
      expect(said.filter((line) => line.includes(files[i]!)).join("")).toMatch(remark);
    });
    const table = await predict(...files);
    const csv = await predict(...files, "--csv");
    expect(stdout + stderr + table.stdout + csv.stdout).not.toMatch(/NaN|undefined|Infinity/);
  });

  const refused: Record<string, [() => Uint8Array, RegExp]> = {
    empty: [() => Buffer.alloc(0), /is empty/],
    text: [() => Buffer.from("Dear diary"), /is text, not sound/],
    "header only": [() => whole().subarray(0, 44), /holds no samples/],
  };
  test("what cannot be read is refused, with the reason", async () => {
    for (const [name, [bytes]] of Object.entries(refused)) await writeFile(at(`${name}.wav`), bytes());
    const files = Object.keys(refused).map((name) => `${name}.wav`);
    const { code, stdout, stderr } = await predict(...files, "--json");
    expect([code, stdout]).toEqual([1, ""]);
    const said = stderr.trim().split("\n");
    expect(said).toHaveLength(files.length);
    Object.values(refused).forEach(([, reason], i) => {
      expect(said[i]).toMatch(reason);
      expect(said[i]).toContain(`ser: ${files[i]}`);
    });
  });

  test("among several files the others are still answered", async () => {
    await writeFile(at("odd.wav"), "text");
    const { code, stdout, stderr } = await predict("odd.wav", "clip.wav", "none.wav", "--csv");
    expect(code).toBe(1);
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stderr).toBe("ser: none.wav: no such file or folder\nser: odd.wav: is text, not sound\n");
  });

  const fails: Record<string, [string[], RegExp, number?]> = {
    "a path that does not exist": [["none.wav"], /^ser: none\.wav: no such file or folder\n$/],
    "a pattern without a match": [["none*.wav"], /^ser: none\*\.wav: no file matches this pattern\n$/],
    "a TextGrid of several": [
      ["some", "--textgrid", "a.TextGrid"],
      /--textgrid writes the timeline of one recording/,
      2,
    ],
    "a picture of an unknown kind": [["clip.wav", "--figure", "a.gif"], /\.png, \.svg or \.html/, 2],
    "a figure where a file stands in the place of its folder, before anything is predicted": [
      ["clip.wav", "--csv", "--figure", join("clip.wav", "x.png")],
      /^ser: cannot write clip\.wav: .+; name another file\n$/,
    ],
    "JSON and CSV at once": [["clip.wav", "--json", "--csv"], /--json and --csv exclude each other/, 2],
  };
  for (const [name, [args, reason, wanted = 1]] of Object.entries(fails)) {
    test(name, async () => {
      const { code, stdout, stderr } = await predict(...args);
      expect([code, stdout]).toEqual([wanted, ""]);
      expect(stderr).toMatch(reason);
    });
  }

  test("a model without its weights, of another version, or not there", async () => {
    await saveExample(at("broken"));
    await rm(at("broken/weights.bin"));
    const broken = await ser(["predict", "clip.wav", "--model", "broken"], folder);
    expect(broken.stderr).toMatch(/^ser: cannot read broken.weights\.bin: no such file or folder.*\n$/);
    await copyFile(join(model, "weights.bin"), at("broken/weights.bin"));
    const card = JSON.parse(await readFile(at("broken/card.json"), "utf8"));
    await writeFile(at("broken/card.json"), JSON.stringify({ ...card, schema: 1 }));
    const old = await ser(["predict", "clip.wav", "--model", "broken"], folder);
    expect(old.stderr).toMatch(
      /^ser: broken\/card\.json has version 1, and this program reads version 2: train.*\n$/,
    );
    const none = await ser(["predict", "clip.wav", "--model", "nowhere"], folder);
    expect(none.stderr).toMatch(/^ser: nowhere: folder not found, and no run has that name.*\n$/);
    expect([broken.code, old.code, none.code]).toEqual([1, 1, 1]);
  });

  test("a timeline is not written over a recording", async () => {
    const before = await readFile(at("clip.wav"));
    const { code, stderr } = await predict("odd.wav", "--textgrid", "clip.wav");
    expect([code, stderr]).toEqual([2, expect.stringContaining("ends in .TextGrid")]);
    expect(await readFile(at("clip.wav"))).toEqual(before);
  });

  test("a picture of nothing is not drawn", async () => {
    await writeFile(at("odd.wav"), wav(new Float32Array(rate)));
    const { code, stderr } = await predict("odd.wav", "--figure", "nothing.png");
    expect([code, stderr]).toEqual([1, "ser: nothing.png was not drawn: no recording has a prediction\n"]);
    await expect(stat(at("nothing.png"))).rejects.toThrow();
  });
});
