import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { formatCsv } from "../../lib/base/table.js";
import { labelsFrom } from "../../lib/corpora/labels.js";
import { findManifest, readManifest, refusedName, takesCell } from "../../lib/corpora/manifest.js";

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
    "ROOT/clips.csv has 8 problems:",
    '  line 3: the id "1" is already used on line 2',
    "  line 5: speaker is missing: it takes a text",
    '  line 5: sex is "x": it takes female, male',
    '  line 5: age is "old": it takes a number of at least 0',
    '  line 5: repetition is "1.5": it takes a whole number of at least 0',
    "  line 5: file not found: ROOT/c.wav",
    "  line 6: id is missing: it takes a text",
    "  line 6: path is missing: it takes a text",
  ]);
});

test("lists ten problems and counts the rest", async () => {
  const message = await complaint(
    `id,path,speaker,emotion\n${Array.from({ length: 15 }, (_, i) => `${i},c.wav,s,sad\n`).join("")}`,
  );
  expect(message.split("\n")).toHaveLength(12);
  expect(message).toMatch(/and 5 more$/);
});

test("a file that is no manifest is refused with the reason", async () => {
  expect(await complaint("id,file,speaker\n1,a.wav,s\n")).toMatch(/lacks the column path, emotion/);
  expect(await complaint("id,path,speaker,emotion\n1,a.wav,s,sad,x\n")).toMatch(
    /not valid CSV: line 2 has 5/,
  );
  expect(await complaint("id,path,speaker,emotion\n1,a.wav,s\n")).toMatch(/line 2: emotion is missing/);
  expect(await complaint("id,path,speaker,emotion\n")).toMatch(/lists no clips/);
  expect(await complaint("")).toMatch(/clips\.csv/);
  expect(await complaint(new Uint8Array([0x69, 0xe4]))).toMatch(/not UTF-8/);
  await expect(readManifest(join(root, "none.csv"))).rejects.toThrow(/none\.csv: no such file/);
});

test("the name goes into the ids, and is no corpus's of the library", async () => {
  const text = "id,path,speaker,emotion\n1,a.wav,s,happy\n";
  expect((await read(text, "lab-2"))[0]).toMatchObject({ id: "lab-2/1", corpus: "lab-2" });
  for (const name of ["ravdess", "My Corpus", "a/b", ""]) {
    await expect(read(text, name)).rejects.toThrow(UsageError);
  }
});

test("clips under the marker of synthetic corpora are synthetic", async () => {
  await writeFile(join(root, "SYNTHETIC.json"), "{}");
  await writeFile(file, "id,path,speaker,emotion\n1,a.wav,s,happy\n");
  expect(await findManifest(file)).toMatchObject([
    { name: "own", synthetic: true, clips: [{ synthetic: true }] },
  ]);
});

// As spreadsheets of many countries write them.
test.each([
  ["semicolons", "id;path;speaker;emotion\n1;a.wav;03;happy\n"],
  ["a byte order mark and semicolons", "\ufeffid;path;speaker;emotion\r\n1;a.wav;03;happy\r\n"],
  ["tabs", "id\tpath\tspeaker\temotion\n1\ta.wav\t03\thappy\n"],
  ["a first line sep=;", "sep=;\nid;path;speaker;emotion\n1;a.wav;03;happy\n"],
  ["capitals", "ID,Path,Speaker,Emotion\n1,a.wav,03,happy\n"],
  ["a row of commas", "id,path,speaker,emotion,\n1,a.wav,03,happy,\n,,,,\n"],
  ["rows of blanks between", "id,path,speaker,emotion\n , ,,\n\n1,a.wav,03,happy\n"],
  ["old Macintosh line ends", "id,path,speaker,emotion\r1,a.wav,03,happy\r"],
  ["columns without a name, as Excel leaves them", "id,path,speaker,emotion,,\n1,a.wav,03,happy,,\n"],
  ["a note in a column without a name", "id,path,speaker,emotion,,\n1,a.wav,03,happy,check,\n"],
])("a table with %s", async (_, text) => {
  expect(await read(text)).toMatchObject([{ id: "own/1", speaker: "03", emotion: "happiness" }]);
});

test("UTF-16 as Excel's Unicode text has it", async () => {
  const text = "\ufeffid\tpath\tspeaker\temotion\r\n1\ta.wav\tJürgen\thappy\r\n";
  expect(await read(Buffer.from(text, "utf16le"))).toMatchObject([{ speaker: "Jürgen" }]);
  expect(await read(Buffer.from(text, "utf16le").swap16())).toMatchObject([{ speaker: "Jürgen" }]);
  expect(await complaint(Buffer.from(text.slice(1), "utf16le"))).toMatch(/not UTF-8/);
});

test("a column named twice is refused, in any spelling; one that is ignored is not", async () => {
  expect(await complaint("id,path,speaker,emotion,emotion\n1,a.wav,s,happy,sad\n")).toMatch(
    /has the column emotion twice/,
  );
  expect(await complaint("id,path,speaker,emotion,Sentence ID,sentence_id\n1,a.wav,s,sad,x,y\n")).toMatch(
    /has the column sentence_id twice/,
  );
  expect(await read("id,path,speaker,emotion,note,note\n1,a.wav,s,happy,x,y\n")).toHaveLength(1);
});

test("names of columns in any case, with blanks and underscores", async () => {
  const [clip] = await read("Clip,ID,PATH,Speaker,Emotion,Sentence ID\n-,1,a.wav,s,happy,s7\n");
  expect(clip).toMatchObject({ sentenceId: "s7" });
});

test("the line on which a record begins is named, whatever line breaks its cells have", async () => {
  const text =
    'id,path,speaker,emotion,sentence\r\n1,a.wav,03,happy,"a\r\nb"\n2,nope.wav,03,happy,"c\nd"\n3,a.wav,,happy,e\n';
  expect((await complaint(text)).split("\n")).toEqual([
    "ROOT/clips.csv has 2 problems:",
    "  line 4: file not found: ROOT/nope.wav",
    "  line 6: speaker is missing: it takes a text",
  ]);
});

test("without the column id, the path without its ending is the id", async () => {
  await mkdir(join(root, "wav", "day.2"), { recursive: true });
  for (const name of ["wav/a.b.wav", "wav/day.2/c"]) await writeFile(join(root, name), "");
  const header = "path,speaker,emotion,parent\n";
  const clips = await read(
    `${header}./a.wav,s,sad,\nwav/a.b.wav,s,sad,a\n${join(root, "wav/day.2/c")},s,sad,\n`,
  );
  expect(clips.map(({ id, parent }) => [id, parent])).toEqual([
    ["own/a", undefined],
    ["own/wav/a.b", "own/a"],
    ["own/wav/day.2/c", undefined],
  ]);
  expect(await complaint(`${header},s,sad,\n`)).toMatch(/line 2: path is missing/);
});

test("a table that was written on Windows has the same clips", async () => {
  await mkdir(join(root, "wav"), { recursive: true });
  await writeFile(join(root, "wav", "d.wav"), "");
  const clips = await read("path,speaker,emotion\r\nwav\\d.wav,s,sad\r\n.\\a.wav,s,sad\r\n");
  expect(clips.map(({ id, path }) => [id, path])).toEqual([
    ["own/a", join(root, "a.wav")],
    ["own/wav/d", join(root, "wav", "d.wav")],
  ]);
});

test("without the column id, the name alone of a file that lies elsewhere is the id", async () => {
  const path = join(root, "lists", "clips.csv");
  await mkdir(join(root, "lists"));
  await writeFile(path, `path,speaker,emotion\n../a.wav,s,sad\n${join(root, "b.wav")},s,sad\n`);
  expect((await readManifest(path)).map(({ id }) => id)).toEqual(["own/a", "own/b"]);
});

test("without the column id, paths have to be unique in their corpus", async () => {
  await writeFile(join(root, "a.flac"), "");
  const lacks = /lacks the column id, which it needs because .* \(lines 2 and 4: a\)$/;
  expect(await complaint("path,speaker,emotion\na.wav,s,sad\nb.wav,s,sad\na.flac,s,sad\n")).toMatch(lacks);
  const segments = "path,speaker,emotion,start,end\na.wav,s,sad,0,1\nb.wav,s,sad,,\na.wav,s,sad,1,2\n";
  expect(await complaint(segments)).toMatch(lacks);
  const corpora = await read("corpus,path,speaker,emotion\nlab,a.wav,s,sad\nfield,a.flac,s,sad\n");
  expect(corpora.map(({ id }) => id)).toEqual(["field/a", "lab/a"]);
  const rated = "path,speaker,emotion,rater\na.wav,s,sad,r1\nb.wav,s,sad,r1\n";
  const [clip] = await read(`${rated}a.wav,s,sad,r2\n`);
  expect(clip).toMatchObject({ id: "own/a", votes: { sadness: 2 } });
  expect(await complaint(`${rated}a.flac,s,sad,r2\n`)).toMatch(lacks);
});

test("a table that is no manifest says what its header is and what may be meant", async () => {
  expect(await complaint("id|path|speaker|emotion\n1|a.wav|s|sad\n")).toMatch(
    /its first line is one cell, "id\|path\|speaker\|emotion": separate cells by commas, semicolons or tabs/,
  );
  expect(await complaint("id,paht,speaker,emotion\n1,a.wav,s,sad\n")).toMatch(
    /lacks the column path: it has id, paht, speaker, emotion; did you mean "paht"\?/,
  );
});

test("any label is a class; common words are the known emotions", async () => {
  const clips = await read("id,path,speaker,emotion\n1,a.wav,s, Boredom \n2,b.wav,s,HAP\n3,a.wav,s,ärger\n");
  expect(clips.map(({ emotion, label }) => [emotion, label])).toEqual([
    ["boredom", "Boredom"],
    ["happiness", "HAP"],
    ["ärger", "ärger"],
  ]);
});

test("a mapping is asked before the raters' majority is taken", async () => {
  await writeFile(
    file,
    "id,path,speaker,emotion_1,emotion_2,emotion_3\n1,a.wav,s,exc,hap,sad\n2,b.wav,s,other,sad,\n3,b.wav,s,other,,\n",
  );
  const labels = labelsFrom(["exc=happiness", "other=drop"]);
  const [own] = await findManifest(file, { labels });
  expect(own!.clips).toMatchObject([
    { id: "own/1", emotion: "happiness", label: "exc", votes: { happiness: 2, sadness: 1 } },
    { id: "own/2", emotion: "sadness", votes: { sadness: 1 } },
  ]);
  expect(own!.tied).toBeUndefined();
  await expect(
    findManifest(file, { labels: labelsFrom(["exc=drop", "hap=drop", "sad=drop", "other=drop"]) }),
  ).rejects.toThrow(/--map drops all 3 clips/);
});

test("a mapping is of both columns, emotion and label", async () => {
  await writeFile(file, "id,path,speaker,emotion,label\n1,a.wav,s,HAP,F\n2,a.wav,s,sad,T\n3,a.wav,s,sad,\n");
  const labels = labelsFrom(["F=anger", "sad=fear"]);
  const [own] = await findManifest(file, { labels });
  expect(own!.clips.map(({ emotion, label }) => [emotion, label])).toEqual([
    ["anger", "F"],
    ["fear", "T"],
    ["fear", "sad"],
  ]);
  const [again] = await findManifest(file, { labels: labelsFrom(["hap=surprise"]) });
  expect(again!.clips[0]!.emotion).toBe("surprise");
});

test("raters in columns: the majority is the label, ties are left out, a given emotion stays", async () => {
  await writeFile(
    file,
    "id,path,speaker,emotion,Emotion 1,Emotion 2,Emotion 3\n" +
      "1,a.wav,s,,angry,ANG,sad\n2,b.wav,s,,angry,sad,\n3,b.wav,s,fear,angry,angry,angry\n4,a.wav,s,fear,,,\n",
  );
  const [own] = await findManifest(file);
  expect(own!.clips.map(({ id, emotion, votes }) => [id, emotion, votes])).toEqual([
    ["own/1", "anger", { anger: 2, sadness: 1 }],
    ["own/3", "fear", { anger: 3 }],
    ["own/4", "fear", undefined],
  ]);
  expect(own!.tied).toEqual([{ id: "own/2", votes: { anger: 1, sadness: 1 } }]);
});

test("a row a rating: rows of a clip must agree but for rater and emotion", async () => {
  const header = "id,path,speaker,emotion,rater\n";
  await writeFile(file, `${header}1,a.wav,s,sad,r1\n1,a.wav,s,sad,r2\n1,a.wav,s,fear,r3\n2,b.wav,t,sad,r1\n`);
  const [own] = await findManifest(file);
  expect(own!.clips).toMatchObject([
    { id: "own/1", emotion: "sadness", votes: { sadness: 2, fear: 1 } },
    { id: "own/2", emotion: "sadness", votes: { sadness: 1 } },
  ]);
  expect(own!.clips[0]).not.toHaveProperty("rater");
  expect(
    (await complaint(`${header}1,a.wav,s,sad,r1\n1,a.wav,t,sad,r1\n2,b.wav,t,sad,\n`)).split("\n"),
  ).toEqual([
    "ROOT/clips.csv has 3 problems:",
    '  line 3: speaker of "1" is "t", and on line 2 "s"',
    '  line 3: the rater "r1" already rated "1" on line 2',
    "  line 4: rater is missing: it takes a text",
  ]);
  expect(await complaint("id,path,speaker,emotion_1,rater\n1,a.wav,s,sad,r1\n")).toMatch(
    /remove one of the two/,
  );
});

test("all clips without a majority", async () => {
  expect(await complaint("id,path,speaker,emotion_1,emotion_2\n1,a.wav,s,sad,angry\n")).toMatch(
    /the raters of every clip tie/,
  );
});

test("several corpora in one table; an id is unique in each", async () => {
  const text =
    "corpus,id,path,speaker,emotion,parent\nlab,1,a.wav,s,sad,\nField,1,b.wav,s,sad,\n,1,b.wav,s,sad,\nlab,2,a.wav,s,sad,1\n";
  const clips = await read(text);
  expect(clips.map(({ id, corpus, parent }) => [id, corpus, parent])).toEqual([
    ["field/1", "field", undefined],
    ["lab/1", "lab", undefined],
    ["lab/2", "lab", "lab/1"],
    ["own/1", "own", undefined],
  ]);
  expect((await findManifest(file)).map(({ name }) => name)).toEqual(["field", "lab", "own"]);
  expect(
    await complaint("corpus,id,path,speaker,emotion\nSAVEE,1,a.wav,s,sad\nmy lab,2,a.wav,s,sad\n"),
  ).toMatch(
    /line 2: corpus is "SAVEE", which is not allowed as the name of your own corpus: .*\n.*line 3: corpus is "my lab", which/,
  );
});

test("segments: times with a point or a comma, in their order", async () => {
  const clips = await read(
    "id;path;speaker;emotion;start;end\n1;a.wav;s;sad;0,5;1.25\n2;a.wav;s;sad;;3\n3;a.wav;s;sad;2;\n",
  );
  expect(clips.map(({ start, end }) => [start, end])).toEqual([
    [0.5, 1.25],
    [undefined, 3],
    [2, undefined],
  ]);
  expect(
    (await complaint("id,path,speaker,emotion,start,end\n1,a.wav,s,sad,2,1\n2,c.wav,s,sad,-1,x\n")).split(
      "\n",
    ),
  ).toEqual([
    "ROOT/clips.csv has 4 problems:",
    "  line 2: the segment ends at 1 s, before it begins (2 s)",
    '  line 3: start is "-1": it takes a number of at least 0',
    '  line 3: end is "x": it takes a number of at least 0',
    "  line 3: file not found: ROOT/c.wav",
  ]);
});

test("the split that a corpus came with", async () => {
  const clips = await read(
    "id,path,speaker,emotion,Split\n1,a.wav,s,sad,Train\n2,a.wav,s,sad,dev\n3,a.wav,s,sad,test\n4,a.wav,s,sad,\n",
  );
  expect(clips.map(({ split }) => split)).toEqual(["train", "validation", "test", undefined]);
  expect(await complaint("id,path,speaker,emotion,split\n1,a.wav,s,sad,tset\n")).toMatch(
    /line 2: split is "tset": it takes train, validation, test; did you mean "test"\?/,
  );
});

test("the cells that names of files may fill", () => {
  expect(["F", "woman", "x"].map((cell) => takesCell("sex", cell))).toEqual([true, true, false]);
  expect(takesCell("intensity", "XX")).toBe(false);
  expect(takesCell("repetition", "02")).toBe(true);
  expect([refusedName("lab-2"), refusedName("ravdess")]).toEqual([
    undefined,
    expect.stringContaining("other than"),
  ]);
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
