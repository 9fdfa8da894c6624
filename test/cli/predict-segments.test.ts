import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { buzz, CLASSES, saveExample } from "../inference/example.js";
import { ser } from "./spawn.js";

let folder: string;
const at = (name: string) => join(folder, name);
const predict = (...args: string[]) => ser(["predict", "--model", at("model"), ...args], folder);

const turn = (start: number, seconds: number, speaker: string) =>
  `SPEAKER talk 1 ${start} ${seconds} <NA> <NA> ${speaker} <NA> <NA>\n`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-predict-segments-"));
  await saveExample(at("model"));
  await writeWav(at("talk.wav"), buzz(20, 16_000), 16_000);
  await writeFile(at("talk.rttm"), turn(0, 2, "ann") + turn(3, 2, "bob") + turn(4.5, 10, "ann"));
  await writeFile(
    at("bad.rttm"),
    turn(0, 2, "ann") + turn(3, -2, "bob") + turn(25, 1, "bob") + turn(19, 5, "ann"),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a row a segment, an object a segment, and a table by speaker", async () => {
  const csv = await predict("talk.wav", "--segments", "talk.rttm", "--csv");
  expect([csv.code, csv.stderr]).toEqual([
    0,
    "ser: talk.rttm, line 3: overlap with an earlier segment, so the sound may have both voices\n",
  ]);
  const rows = csv.stdout
    .trimEnd()
    .split("\n")
    .map((row) => row.split(",").slice(0, 5).join());
  expect(rows).toEqual([
    "file,start,end,speaker,label",
    "talk.wav,0,2,ann,",
    "talk.wav,3,5,bob,",
    "talk.wav,4.5,14.5,ann,",
  ]);
  const json = JSON.parse((await predict("talk.wav", "--segments", "talk.rttm", "--json")).stdout);
  expect(json).toMatchObject({ file: "talk.wav", duration: 20, model: { name: "example" } });
  expect(json.segments.map(({ speaker }: { speaker: string }) => speaker)).toEqual(["ann", "bob", "ann"]);
  expect(
    json.speakers.map(({ speaker, seconds }: { speaker: string; seconds: number }) => [speaker, seconds]),
  ).toEqual([
    ["ann", 12],
    ["bob", 2],
  ]);
  const lines = (await predict("talk.wav", "--segments", "talk.rttm", "--jsonl", "--quiet")).stdout
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    json.segments.map((one: object) => ({ file: "talk.wav", ...one })),
  );
  const { stdout } = await predict("talk.wav", "--segments", "talk.rttm", "--quiet");
  expect(stdout).toMatch(/\nann +2 +12\.00 /);
  expect(stdout).toMatch(/\nbob +1 +2\.00 /);
});

test("the answers go to every other output", async () => {
  const outputs = [
    "--textgrid",
    "o.TextGrid",
    "--audacity",
    "o.txt",
    "--label-studio",
    "o.json",
    "--figure",
    "o.html",
  ];
  const { code } = await predict("talk.wav", "--segments", "talk.rttm", "--quiet", ...outputs);
  expect(code).toBe(0);
  expect(await readFile(at("o.TextGrid"), "utf8")).toContain("xmax = 20");
  expect(await readFile(at("o.txt"), "utf8")).toMatch(/^0\.000000\t2\.000000\t\w+\n3\.000000\t/);
  const [task] = JSON.parse(await readFile(at("o.json"), "utf8"));
  expect(CLASSES).toContain(task.predictions[0].result[0].value.labels[0]);
  expect(await readFile(at("o.html"), "utf8")).toContain("Emotions over time");
  const again = await predict("talk.wav", "--segments", "o.TextGrid", "--tier", "emotion", "--csv");
  expect([again.code, again.stdout.split("\n").length > 2]).toEqual([0, true]);
});

test("segments without sound are named and left out; the rest is answered", async () => {
  const { code, stdout, stderr } = await predict("talk.wav", "--segments", "bad.rttm", "--csv");
  expect(code).toBe(1);
  expect(stdout.trimEnd().split("\n")).toHaveLength(3);
  expect(stderr.trimEnd().split("\n")).toEqual([
    "ser: bad.rttm, line 2: ends (1 s) before it starts (3 s): left out",
    "ser: bad.rttm, line 3: is outside the recording (25 to 26 s of 20 s): left out",
    "ser: bad.rttm, line 4: reaches from 19 to 24 s, cut to the recording of 20 s",
  ]);
  expect(stdout + stderr).not.toMatch(/NaN|undefined/);
});

const refused: [string, string[], number, RegExp][] = [
  ["two recordings", ["talk.wav", "talk.wav", "--segments", "talk.rttm"], 2, /those of one recording/],
  ["standard input", ["-", "--segments", "talk.rttm"], 2, /those of one recording/],
  [
    "a file that is not there",
    ["talk.wav", "--segments", "no.srt"],
    1,
    /cannot read the segments no\.srt: no such file/,
  ],
  ["a recording", ["talk.wav", "--segments", "talk.wav"], 1, /talk\.wav is not text/],
  ["a tier without segments", ["talk.wav", "--tier", "a"], 2, /give it with --segments/],
  ["a rate without --raw", ["talk.wav", "--rate", "8000"], 2, /describe the samples of --raw/],
  ["--raw of a file", ["talk.wav", "--raw", "s16le", "--rate", "8000"], 2, /--raw describes standard input/],
  ["--raw without a rate", ["-", "--raw", "s16le"], 2, /--raw s16le --rate 16000/],
  ["--skip-done with a table", ["talk.wav", "--skip-done", "a.csv"], 2, /goes with --csv or --jsonl/],
  ["--jsonl with --csv", ["talk.wav", "--jsonl", "--csv"], 2, /--jsonl and --csv exclude each other/],
];
test.each(refused)("%s", async (_, args, wanted, reason) => {
  const { code, stdout, stderr } = await predict(...args);
  expect([code, stdout]).toEqual([wanted, ""]);
  expect(stderr).toMatch(reason);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});
