import { describe, expect, test } from "vitest";
import type { Clip } from "../../lib/corpora/clip.js";
import { corpora } from "../../lib/corpora/registry.js";
import { assertSpeakersApart, heldOutSpeakers, readablePart } from "../../lib/protocols/split.js";
import { ALL_CLIPS, CLIPS, emotionsOf } from "./published.js";

const clipOf = new Map(CLIPS.map((clip) => [clip.id, clip]));

function speakers(ids: readonly string[], corpus: string): string[] {
  const own = ids.map((id) => clipOf.get(id)!).filter((clip) => clip.corpus === corpus);
  return [...new Set(own.map((clip) => clip.speaker))].sort();
}

describe("the four corpora together", () => {
  const split = heldOutSpeakers(CLIPS);

  test("every clip is in one part", () => {
    const all = [...split.train, ...split.validation, ...split.test];
    expect(all.length).toBe(12_162);
    expect(new Set(all).size).toBe(12_162);
  });

  test("CREMA-D has audEERING's 56, 18 and 17 speakers", () => {
    const counts = (["train", "validation", "test"] as const).map(
      (part) => speakers(split[part], "cremad").length,
    );
    expect(counts).toEqual([56, 18, 17]);
  });

  test("the others have the speakers that are said", () => {
    expect(speakers(split.test, "ravdess")).toEqual(["01", "11", "20", "21"]);
    expect(speakers(split.validation, "ravdess")).toEqual(["04", "10", "12", "14"]);
    expect(speakers(split.test, "savee")).toEqual(["KL"]);
    expect(speakers(split.validation, "savee")).toEqual(["JK"]);
    expect(speakers(split.test, "tess")).toEqual(["YAF"]);
    expect(speakers(split.train, "tess")).toEqual(["OAF"]);
  });

  test("TESS validates on one fifth of the words, none of which is trained on", () => {
    const words = (ids: readonly string[]) =>
      new Set(
        ids
          .map((id) => clipOf.get(id)!)
          .filter((clip) => clip.corpus === "tess")
          .map((clip) => clip.sentenceId),
      );
    expect(words(split.validation).size).toBe(40);
    expect([...words(split.train)].filter((word) => words(split.validation).has(word))).toEqual([]);
  });

  test("no speaker of the test part is heard before", () => {
    for (const corpus of Object.keys(corpora)) {
      const heard = [...speakers(split.train, corpus), ...speakers(split.validation, corpus)];
      expect(speakers(split.test, corpus).filter((speaker) => heard.includes(speaker))).toEqual([]);
    }
  });
});

function own(count: number, corpus = "own"): Clip[] {
  return Array.from({ length: 3 * count }, (_, i) => ({
    id: `${corpus}/${i}`,
    corpus,
    speaker: `s${i % count}`,
    emotion: "anger",
    label: "anger",
    path: "",
    synthetic: false,
  }));
}

test("a corpus without a list is split by speakers, the same way each time", () => {
  const clips = own(10);
  const split = heldOutSpeakers(clips);
  expect([split.train, split.validation, split.test].map((ids) => ids.length)).toEqual([18, 6, 6]);
  expect(heldOutSpeakers(clips)).toEqual(split);
});

test("a part of RAVDESS without its test actors is split by its own speakers", () => {
  const clips = CLIPS.filter(
    (clip) => clip.corpus === "ravdess" && ["02", "03", "05"].includes(clip.speaker),
  );
  const split = heldOutSpeakers(clips);
  expect([split.train, split.validation, split.test].map((ids) => ids.length)).toEqual([60, 60, 60]);
  expect(split.description).toContain("drawn");
});

test.each(["emodb", "emovo", "urdu"])("%s has every class and both sexes in every part", (corpus) => {
  const clips = ALL_CLIPS.filter((clip) => clip.corpus === corpus);
  const { train, validation, test: held, description } = heldOutSpeakers(clips);
  expect(description).toMatch(/\(speakers\)$/);
  const plan = { clips } as unknown as Parameters<typeof emotionsOf>[0];
  const classes = Object.keys(emotionsOf(plan, train)).sort();
  for (const ids of [train, validation, held]) {
    const counts = emotionsOf(plan, ids);
    expect(Object.keys(counts).sort()).toEqual(classes);
    expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(8);
    const own = new Set(ids);
    expect(new Set(clips.filter(({ id }) => own.has(id)).map(({ sex }) => sex)).size).toBe(2);
  }
});

test("two speakers are too few, and it says so", () => {
  expect(() => heldOutSpeakers(own(2))).toThrow("own has clips of 2 speakers");
});

test("a leak is found and named", () => {
  const clips = own(5);
  const leaky = { name: "leaky", description: "", train: ["own/0"], validation: ["own/1"], test: ["own/5"] };
  expect(() => assertSpeakersApart(leaky, clips)).toThrow(
    "leaky: speakers on both sides of the split: own/s0",
  );
});

test("a clip that cannot be read is left out of its part, and no other moves", () => {
  const split = { name: "1", description: "", train: ["a", "b"], validation: ["c"], test: ["d", "e"] };
  expect(readablePart(split, new Set(["a", "c", "e"]))).toEqual({
    ...split,
    train: ["a"],
    test: ["e"],
  });
});
