import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { readExternal } from "../../lib/runs/read-external.js";

const CLASSES = ["anger", "fear", "neutral"];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-external-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(text: string) {
  const path = join(folder, "p.csv");
  await writeFile(path, text);
  return readExternal(path, CLASSES);
}

test("probabilities by class, in any order of columns, with or without a fold", async () => {
  const { rows, labels, notes } = await read("fear,id,neutral,anger,fold\n0.2,a,0.1,0.7,2\n0,b,1,0,\n");
  expect(rows).toEqual([
    { line: 2, clip: "a", fold: "2", probabilities: [0.7, 0.2, 0.1] },
    { line: 3, clip: "b", probabilities: [0, 0, 1] },
  ]);
  expect([labels, notes]).toEqual([false, []]);
});

test("labels alone; capitals and semicolons; the file's own columns beside", async () => {
  const { rows, labels } = await read("File;Predicted;comment\nx/a.wav;Fear;sure\n");
  expect(labels).toBe(true);
  expect(rows).toEqual([{ line: 2, clip: "x/a.wav", probabilities: [0, 1, 0] }]);
});

test("percent are divided by 100, and that is said; decimal commas are read", async () => {
  const { rows, notes } = await read("id;anger;fear;neutral\na;50,5;25;24,5\nb;0;0;100\n");
  expect(rows[0]!.probabilities).toEqual([0.505, 0.25, 0.245]);
  expect(notes).toEqual(["the probabilities are percent: divided by 100"]);
});

test("common words for the emotions, as labels and as columns", async () => {
  expect(
    (await read("id,predicted\na,Angry\nb,fearful\n")).rows.map(({ probabilities }) => probabilities),
  ).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect((await read("id,ANG,fea,neu\na,0.2,0.3,0.5\n")).rows[0]!.probabilities).toEqual([0.2, 0.3, 0.5]);
});

test("a label beside probabilities has to be theirs", async () => {
  expect((await read("id,predicted,anger,fear,neutral\na,fear,0.2,0.4,0.4\n")).labels).toBe(false);
  await expect(read("id,predicted,anger,fear,neutral\na,fear,0.2,0.4,0.4\nb,fear,1,0,0\n")).rejects.toThrow(
    /in 1 of 2 rows the label is not the class of the largest probability \(the first is line 3\)/,
  );
});

test.each([
  [
    "id,anger,fear,neutral\na,2,1,0.5\n",
    /line 2: the probabilities sum to 3\.5, not to 1: give shares \(softmax\)/,
  ],
  ["id,anger,fear,neutral\na,50,25,25\nb,0.5,0.3,0.2\n", /line 2: the probabilities sum to 100/],
  ["id,anger,fear,neutral\na,0.5,-0.5,1\n", /line 2: the probability of fear is "-0\.5"/],
  ["id,anger,fear,neutral\na,0.5,,0.5\n", /line 2: the probability of fear is ""/],
  ["id,anger,fear\na,0.5,0.5\n", /probabilities of anger, fear and none of neutral/],
  ["id,comment\na,b\n", /neither a column "predicted" nor one for each class/],
  ["who,predicted\na,fear\n", /no column that names the clip: call it id, or file/],
  ["id,predicted\na,feer\n", /line 2: "feer" is not a class of the protocol: did you mean fear\?/],
  ["id,predicted\n", /has no rows/],
])("%j: the message names file, line and what is wrong", async (text, message) => {
  await expect(read(text)).rejects.toThrow(UserError);
  await expect(read(text)).rejects.toThrow(message);
});

test("any shares come back as they were written", async () => {
  const row = fc.tuple(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 1000 }));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (counts) => {
      const shares = counts.map((own) => own.map((count) => count / own.reduce((a, b) => a + b)));
      const text = shares.map((own, i) => `c${i},${own.join(",")}\n`).join("");
      const { rows } = await read(`id,${CLASSES.join(",")}\n${text}`);
      expect(rows.map(({ probabilities }) => probabilities)).toEqual(shares);
    }),
    { seed: 3, numRuns: 30 },
  );
});
