import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { formatCsv } from "../../lib/base/table.js";
import { findManifest, readManifest } from "../../lib/corpora/manifest.js";

let root: string;
let file: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-manifest-"));
  file = join(root, "clips.csv");
  for (const name of ["a.wav", "b.wav"]) await writeFile(join(root, name), "");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function read(text: string | Uint8Array, name?: string) {
  await writeFile(file, text);
  return readManifest(file, name);
}

async function complaint(text: string | Uint8Array): Promise<string> {
  const error = await read(text).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  return (error as Error).message.replaceAll(root, "ROOT");
}

test("a copy names the clip it was made from", async () => {
  const clips = await read("id,path,speaker,emotion,parent\nx,a.wav,s,sad,\ny,b.wav,s,sad,x\n");
  expect(clips.map(({ id, parent }) => [id, parent])).toEqual([
    ["own/x", undefined],
    ["own/y", "own/x"],
  ]);
});

test("reads every column, the path relative to the manifest", async () => {
  const clips = await read(
    "id,path,speaker,emotion,sex,age,intensity,sentence,sentenceId,repetition,label,room\n" +
      'x2,b.wav,anna,angry,F,31.5,strong,"Well, yes",s1,2,furious,lab\n' +
      "x1,./a.wav,ben,NEU,,,,,,,,\n",
  );
  expect(clips).toEqual([
    {
      id: "own/x1",
      corpus: "own",
      path: join(root, "a.wav"),
      speaker: "ben",
      emotion: "neutral",
      label: "NEU",
      synthetic: false,
    },
    {
      id: "own/x2",
      corpus: "own",
      path: join(root, "b.wav"),
      speaker: "anna",
      sex: "female",
      age: 31.5,
      emotion: "anger",
      label: "furious",
      intensity: "strong",
      sentence: "Well, yes",
      sentenceId: "s1",
      repetition: 2,
      synthetic: false,
    },
  ]);
});

test.each([
  ["happy", "happiness"],
  ["Sad", "sadness"],
  ["ps", "surprise"],
  ["Pleasant Surprise", "surprise"],
  ["fearful", "fear"],
  ["DIS", "disgust"],
  ["calm", "calm"],
])("%s is %s", async (word, emotion) => {
  const [clip] = await read(`id,path,speaker,emotion\n1,a.wav,s,${word}\n`);
  expect(clip).toMatchObject({ emotion, label: word });
});

test("a spreadsheet's byte order mark, CRLF, white space and empty lines do no harm", async () => {
  const clips = await read("\ufeffid,path,speaker,emotion\r\n\r\n 1 , a.wav , s , happy \r\n\r\n");
  expect(clips).toMatchObject([{ id: "own/1", speaker: "s", label: "happy" }]);
});

test("names every line that is wrong, and everything that is wrong with it", async () => {
  const message = await complaint(
    "id,path,speaker,emotion,sex,age,repetition\n" +
      "1,a.wav,s,happy,,,\n" +
      "1,b.wav,s,happy,,,\n" +
      "\n" +
      "2,c.wav,,bored,x,old,1.5\n" +
      ",,s,happy,,,\n",
  );
  expect(message.split("\n")).toEqual([
    "ROOT/clips.csv has 9 problems:",
    '  line 3: the id "1" was given on line 2 already',
    "  line 5: speaker is missing: it takes a text",
    '  line 5: emotion is "bored": it takes anger, disgust, fear, happiness, sadness, surprise, neutral, calm',
    '  line 5: sex is "x": it takes female, male',
    '  line 5: age is "old": it takes a number of at least 0',
    '  line 5: repetition is "1.5": it takes a whole number of at least 0',
    "  line 5: there is no file ROOT/c.wav",
    "  line 6: id is missing: it takes a text",
    "  line 6: path is missing: it takes a text",
  ]);
});

test("lists ten problems and counts the rest", async () => {
  const message = await complaint(
    `id,path,speaker,emotion\n${Array.from({ length: 15 }, (_, i) => `${i},a.wav,s,angre\n`).join("")}`,
  );
  expect(message.split("\n")).toHaveLength(12);
  expect(message).toMatch(/and 5 more$/);
  expect(message).toContain('did you mean "anger"?');
});

test("a file that is no manifest is refused with the reason", async () => {
  expect(await complaint("id,file,speaker\n1,a.wav,s\n")).toMatch(/lacks the column path, emotion/);
  expect(await complaint("id,path,speaker,emotion\n1,a.wav,s\n")).toMatch(/no proper CSV: .*line 2/);
  expect(await complaint("id,path,speaker,emotion\n")).toMatch(/lists no clips/);
  expect(await complaint("")).toMatch(/clips\.csv/);
  expect(await complaint(new Uint8Array([0xff, 0xfe, 0x00, 0x80]))).toMatch(/not UTF-8/);
  await expect(readManifest(join(root, "none.csv"))).rejects.toThrow(/none\.csv: no such file/);
});

test("the name goes into the ids, and is no corpus's of the library", async () => {
  const text = "id,path,speaker,emotion\n1,a.wav,s,happy\n";
  expect((await read(text, "emodb"))[0]).toMatchObject({ id: "emodb/1", corpus: "emodb" });
  for (const name of ["ravdess", "My Corpus", "a/b", ""]) {
    await expect(read(text, name)).rejects.toThrow(UsageError);
  }
});

test("clips under the marker of synthetic corpora are synthetic", async () => {
  await writeFile(join(root, "SYNTHETIC.json"), "{}");
  await writeFile(file, "id,path,speaker,emotion\n1,a.wav,s,happy\n");
  expect(await findManifest(file)).toMatchObject({
    name: "own",
    synthetic: true,
    clips: [{ synthetic: true }],
  });
});

test("any text gives clips or says what is wrong with it", async () => {
  const cell = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("a.wav", "happy", "1", "f", ""));
  const table = fc.array(fc.array(cell, { minLength: 4, maxLength: 6 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        table.map((rows) => formatCsv(["id", "path", "speaker", "emotion"], rows)),
      ),
      async (text) => {
        await writeFile(file, text);
        const result = await readManifest(file).catch((error: unknown) => error);
        if (!Array.isArray(result)) expect(result).toBeInstanceOf(UserError);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});
