import { describe, expect, test } from "vitest";
import { cremad } from "../../lib/corpora/cremad.js";
import { CREMAD_LISTENERS } from "../../lib/corpora/cremad-listeners.js";
import { countRatings, findRatings, readRatings } from "../../lib/corpora/ratings.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { listenerScores } from "../../lib/evaluation/listeners.js";
import { needs } from "../needs.js";

const quick = { resamples: 199 };

describe("all of CREMA-D, voice only", () => {
  const { single, majority } = listenerScores(undefined, quick);

  test("single ratings: 68,568 of them, 40.0 % right, UAR 40.7 %, as published and counted elsewhere", () => {
    expect(single).toMatchObject({ unit: "ratings", uar: { n: 68_568, speakers: 91 } });
    expect(100 * single.accuracy.estimate).toBeCloseTo(40.0, 1);
    expect(100 * single.uar.estimate).toBeCloseTo(40.7, 1);
    const recalls = single.metrics.perClass.map(({ recall }) => Number((100 * recall).toFixed(1)));
    expect(recalls).toEqual([53.2, 28.6, 32.1, 29.0, 25.0, 76.2]);
    expect(single.uar).toHaveProperty("low");
  });

  test("majority votes: every clip once, whatever ties", () => {
    expect(majority).toMatchObject({ unit: "clips", uar: { n: 7442, speakers: 91 } });
    const support = majority.metrics.perClass.map((scores) => Math.round(scores.support * 1e6) / 1e6);
    expect(support).toEqual([1271, 1271, 1271, 1271, 1271, 1087]);
    expect(majority.uar.estimate).toBeGreaterThan(single.uar.estimate);
    expect(majority.metrics.uar).toBeCloseTo(majority.uar.estimate, 12);
    expect(majority.metrics.accuracy).toBeCloseTo(majority.accuracy.estimate, 12);
  });
});

test("each actor's clips are as many as published", () => {
  const published = cremad.expectedIds();
  for (const speaker of cremad.speakers) {
    const { majority } = listenerScores([speaker], quick);
    const clips = published.filter((id) => id.startsWith(`cremad/${speaker}`)).length;
    expect(majority.uar.n, speaker).toBeCloseTo(clips, 9);
  }
});

test("some speakers, by either way of naming them; few have no interval", () => {
  const few = listenerScores(["1001", "cremad/1002"], quick);
  expect(few.single.uar).toMatchObject({ speakers: 2, reason: expect.stringContaining("2 speakers") });
  expect(listenerScores(["cremad/1001", "1002", "1002"], quick)).toEqual(few);
  expect(() => listenerScores(["1092"])).toThrow('"1092" is not a speaker of CREMA-D');
});

test("the committed sums are those of the published file", needs("corpora"), async ({ skip, task }) => {
  const path = findRatings(await loadClips(process.env.SER_DATA!, { names: ["cremad"] }));
  if (!path) {
    task.meta.needs = "tabulatedVotes.csv beside CREMA-D in SER_DATA";
    return skip();
  }
  const pack = (counts: Float64Array) => Array.from(counts, (n) => (n === 0 ? "" : n.toString(36))).join(",");
  const lines = [...countRatings(await readRatings(path))].map(
    ([speaker, { ratings, majority }]) => `${speaker} ${pack(ratings)} ${pack(majority)}`,
  );
  expect(CREMAD_LISTENERS.trim().split("\n")).toEqual(lines.sort());
});
