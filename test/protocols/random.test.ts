import { expect, test } from "vitest";
import { CORPORA } from "../../lib/corpora/clip.js";
import { randomly } from "../../lib/protocols/random.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { CLIPS, emotionsOf, groupsOf } from "./published.js";

const INDEPENDENT = {
  ravdess: "ravdess/7",
  tess: "tess/cross-speaker",
  savee: "savee/loso",
  cremad: "cremad/audeering",
};

test.each(CORPORA)("%s: as many clips of each emotion in each part as the honest protocol has", (corpus) => {
  const [drawn, honest] = [randomly(corpus).plan(CLIPS), protocolNamed(INDEPENDENT[corpus]).plan(CLIPS)];
  expect(drawn.folds.length).toBe(honest.folds.length);
  drawn.folds.forEach((fold, i) => {
    for (const part of ["train", "validation", "test"] as const) {
      expect(emotionsOf(drawn, fold[part])).toEqual(emotionsOf(honest, honest.folds[i]![part]));
      expect(fold[part]).not.toEqual(honest.folds[i]![part]);
    }
  });
});

test("it is declared leaky, and leaks: every speaker is on both sides", () => {
  const plan = randomly("ravdess").plan(CLIPS);
  expect(plan.leaky).toBe(true);
  for (const fold of plan.folds) {
    expect(groupsOf(fold.test, "speaker").length).toBe(24);
    expect(groupsOf(fold.train, "speaker").length).toBe(24);
  }
});
