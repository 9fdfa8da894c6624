import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import {
  type ClipRatings,
  countRatings,
  findRatings,
  mostVoted,
  parseRatings,
  perceivedEmotions,
  RATED_EMOTIONS,
  readRatings,
} from "../../lib/corpora/ratings.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { needs } from "../needs.js";

/** The published columns, in the file's own order, and rows of its form with made-up votes. */
const HEADER = '"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote"';
const ROWS = [
  '"100001",0,0,0,1,10,0,"1001_IEO_NEU_XX",11,0.9,"N"',
  '"100002",0,0,0,3,6,1,"1001_IEO_HAP_LO",10,0.6,"N"',
  '"107442",4,1,0,0,1,4,"1091_WSI_SAD_XX",10,0.4,"A:S"',
  '"200001",0,0,0,9,0,0,"1001_IEO_NEU_XX",9,1,"H"',
  '"300001",9,0,0,0,0,0,"1001_IEO_NEU_XX",9,1,"A"',
];
const FILE = [HEADER, ...ROWS, ""].join("\n");

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ratings-"));
  await mkdir(join(folder, "CREMA-D", "AudioWAV"), { recursive: true });
  await mkdir(join(folder, "CREMA-D", "processedResults"));
  await writeFile(join(folder, "CREMA-D", "processedResults", "tabulatedVotes.csv"), FILE);
});

afterAll(() => rm(folder, { recursive: true }));

test("voice only, in the order of the emotions", () => {
  expect(parseRatings(FILE)).toEqual([
    { id: "cremad/1001_IEO_NEU_XX", speaker: "1001", intended: "neutral", votes: [0, 0, 0, 1, 0, 10] },
    { id: "cremad/1001_IEO_HAP_LO", speaker: "1001", intended: "happiness", votes: [0, 0, 0, 3, 1, 6] },
    { id: "cremad/1091_WSI_SAD_XX", speaker: "1091", intended: "sadness", votes: [4, 1, 0, 0, 4, 1] },
  ]);
  const windows = `\uFEFF${FILE.replaceAll("\n", "\r\n")}`;
  expect(parseRatings(windows)).toEqual(parseRatings(FILE));
});

test("it is found beside the clips, wherever the corpus's repository puts them", () => {
  const path = join(folder, "CREMA-D", "AudioWAV", "1001_IEO_NEU_XX.wav");
  const expected = join(folder, "CREMA-D", "processedResults", "tabulatedVotes.csv");
  expect(findRatings([{ corpus: "cremad", path }])).toBe(expected);
  expect(findRatings([{ corpus: "tess", path }])).toBeUndefined();
  expect(findRatings([{ corpus: "cremad", path: join(folder, "1001_IEO_NEU_XX.wav") }])).toBeUndefined();
  expect(findRatings([])).toBeUndefined();
});

test("what most listeners heard; a tie has none", async () => {
  const file = join(folder, "CREMA-D", "processedResults", "tabulatedVotes.csv");
  expect(Object.fromEntries(await perceivedEmotions(file))).toEqual({
    "cremad/1001_IEO_NEU_XX": "neutral",
    "cremad/1001_IEO_HAP_LO": "neutral",
  });
  expect(mostVoted([4, 1, 0, 0, 4, 1])).toEqual([0, 4]);
});

test("sums by speaker, ties in parts of a clip, by hand", () => {
  const counts = countRatings(parseRatings(FILE));
  const cell = (speaker: string, kind: "ratings" | "majority", truth: string, heard: string) => {
    const at = (name: string) => (RATED_EMOTIONS as readonly string[]).indexOf(name);
    return counts.get(speaker)![kind][at(truth) * 6 + at(heard)];
  };
  expect(cell("1001", "ratings", "neutral", "neutral")).toBe(10);
  expect(cell("1001", "ratings", "happiness", "happiness")).toBe(3);
  expect(cell("1001", "majority", "happiness", "neutral")).toBe(60);
  expect(cell("1091", "majority", "sadness", "anger")).toBe(30);
  expect(cell("1091", "majority", "sadness", "sadness")).toBe(30);
});

describe("what is wrong is named with its line", () => {
  const cases: [string, string, RegExp][] = [
    ["another table", "a,b\n1,2\n", /not CREMA-D's table of votes.*get it from/],
    ["an empty file", "", /not CREMA-D's table of votes/],
    ["a header alone", `${HEADER}\n`, /no ratings of voices/],
    ["no voices", `${HEADER}\n${ROWS[3]}\n`, /no ratings of voices/],
    ["a clip of another corpus", FILE.replace("1001_IEO_HAP_LO", "DC_a01"), /line 3: "DC_a01" is not a clip/],
    ["a clip twice", FILE.replace("1001_IEO_HAP_LO", "1001_IEO_NEU_XX"), /line 3: .*twice/],
    ["lost votes", FILE.replace("0,0,0,3,6,1", "0,0,0,3,6,0"), /line 3: its votes do not add up/],
    ["no votes", FILE.replace("0,0,0,3,6,1", "0,0,0,3,,1"), /line 3: its votes/],
    ["negative votes", FILE.replace("0,0,0,3,6,1", "0,0,0,5,6,-1"), /line 3: its votes/],
    ["rows renumbered", FILE.replace("100002", "2"), /line 3: "2" is not a row number/],
    ["a row cut off", `${HEADER}\n${ROWS[0]}\n"100002",0,0`, /not valid CSV/],
  ];
  for (const [name, text, message] of cases) {
    test(name, () => {
      expect(() => parseRatings(text, "votes.csv")).toThrow(UserError);
      expect(() => parseRatings(text, "votes.csv")).toThrow(message);
      expect(() => parseRatings(text, "votes.csv")).toThrow("votes.csv");
    });
  }

  test("no file", async () => {
    await expect(readRatings(join(folder, "none.csv"))).rejects.toThrow(
      /cannot read the ratings .*none\.csv: no such file/,
    );
  });
});

test("any damage is either refused in words or leaves votes that add up", () => {
  fc.assert(
    fc.property(fc.nat(FILE.length - 1), fc.nat(8), fc.string({ maxLength: 6 }), (at, cut, put) => {
      let found: ClipRatings[];
      try {
        found = parseRatings(FILE.slice(0, at) + put + FILE.slice(at + cut));
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return;
      }
      for (const { votes } of found) {
        expect(votes.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
        expect(Math.max(...votes)).toBeGreaterThan(0);
      }
    }),
    { numRuns: 200 },
  );
});

test("the published file, where it lies beside the corpus", needs("corpora"), async ({ skip, task }) => {
  const path = findRatings(await loadClips(process.env.SER_DATA!, { names: ["cremad"] }));
  if (!path) {
    task.meta.needs = "tabulatedVotes.csv beside CREMA-D in SER_DATA";
    return skip();
  }
  const ratings = await readRatings(path);
  expect(ratings).toHaveLength(7442);
  expect(ratings.flatMap(({ votes }) => votes).reduce((a, b) => a + b, 0)).toBe(68_568);
  expect((await perceivedEmotions(path)).size).toBe(6798);
});
