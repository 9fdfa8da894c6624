import fc from "fast-check";
import { expect, test } from "vitest";
import { protocolNamed } from "../../lib/protocols/registry.js";
import {
  sentenceAnswers,
  textAlone,
  textAloneText,
  textConfounded,
  textInCorpus,
  whyUnknown,
} from "../../lib/protocols/sentence-baseline.js";
import type { Plan } from "../../lib/protocols/types.js";
import { CLIPS, ownClip } from "./published.js";

const answersOf = (name: string) => sentenceAnswers(protocolNamed(name).plan(CLIPS))!;

/**
 * By hand, for each of SAVEE's speakers: 12 of an emotion's 15 sentences are said in it alone or outweigh their two
 * repetitions in neutral (1/15 to 1/30); the three common ones weigh the same in all classes and go to the first, anger.
 * Of neutral's 30, 12 are in neutral alone. So recalls are 1, five times 12/15, and 12/30.
 */
const SAVEE = (1 + (5 * 12) / 15 + 12 / 30) / 7;

test("SAVEE's sentences tell the label on unseen speakers, and nothing where they are unseen", () => {
  const alone = textAlone(answersOf("savee/loso"));
  expect(alone.uar.estimate).toBeCloseTo(SAVEE, 12);
  expect(alone).toMatchObject({ chance: 1 / 7, p: 0.001, confounded: true });
  expect(alone.uar).toMatchObject({ n: 480, speakers: 4, reason: expect.stringContaining("4 speakers") });
  const unseen = textAlone(answersOf("savee/speaker-sentence"));
  expect(unseen.uar.estimate).toBeCloseTo(1 / 7, 12);
  expect(unseen).toMatchObject({ confounded: false });
  expect(unseen.p).toBeUndefined();
});

test("where all sentences are said in all emotions it is chance; CREMA-D's intensities make two points", () => {
  for (const name of ["ravdess/emobox", "tess/cross-speaker", "cremad/speaker-sentence"]) {
    const { uar, chance, confounded } = textConfounded(answersOf(name));
    expect(uar).toBeCloseTo(chance, 12);
    expect(confounded).toBe(false);
  }
  const cremad = textAlone(answersOf("cremad/audeering"));
  expect(cremad.uar.estimate).toBeCloseTo(0.188, 3);
  expect(cremad.uar).toHaveProperty("low");
  expect(cremad.confounded).toBe(false);
});

test("the four together are confounded by SAVEE", () => {
  const combined = textConfounded(answersOf("combined/speaker-independent"));
  expect(combined.uar).toBeCloseTo(0.234, 3);
  expect(combined.confounded).toBe(true);
});

/** A plan of one fold: four speakers say what `said` has, the last one is tested. */
function planOf(said: readonly (readonly [sentence: string, emotion: "anger" | "fear"])[]): Plan {
  const clips = ["a", "b", "c", "d"].flatMap((speaker) =>
    said.map(([sentence, emotion], i) => ownClip(`${speaker}${i}`, speaker, { sentence, emotion })),
  );
  const of = (speakers: string) =>
    clips.filter(({ speaker }) => speakers.includes(speaker)).map(({ id }) => id);
  const fold = { name: "1", description: "", train: of("ab"), validation: of("c"), test: of("d") };
  const claims = { apart: ["speaker"], validationApart: ["speaker"] } as const;
  return {
    ...{ protocol: "own@1", leaky: false, description: "", ...claims, clips },
    ...{ classes: ["anger", "fear"], folds: [fold] },
  };
}

test("a sentence's counts are weighed by the class's share; an unknown one has the most frequent class", () => {
  // "x" is angry twice and afraid once, but fear is three times as rare: 2/6 < 1/2.
  const said = [
    ...[
      ["x", "anger"],
      ["x", "anger"],
      ["y", "anger"],
      ["z", "anger"],
      ["z", "anger"],
      ["z", "anger"],
    ],
    ...[
      ["x", "fear"],
      ["y", "fear"],
    ],
  ] as [string, "anger" | "fear"][];
  const answers = sentenceAnswers(planOf(said))!;
  const of = (sentence: string) => answers.predicted[said.findIndex(([own]) => own === sentence)];
  expect([of("x"), of("y"), of("z")]).toEqual([1, 1, 0]);
  const plan = planOf(said);
  const strange = plan.clips.map((clip) =>
    clip.id === "own/d0" ? { ...clip, sentence: "never heard" } : clip,
  );
  expect(sentenceAnswers({ ...plan, clips: strange })!.predicted[0]).toBe(0);
});

test("two sentences, each said in one emotion, tell everything", () => {
  const plan = planOf(
    Array.from(
      { length: 5 },
      () =>
        [
          ["x", "anger"],
          ["y", "fear"],
        ] as const,
    ).flat(),
  );
  const alone = textAlone(sentenceAnswers(plan)!);
  expect(alone.uar.estimate).toBe(1);
  expect(alone.confounded).toBe(true);
  expect(textInCorpus(plan.clips)).toMatchObject({
    sentences: 2,
    inOneClass: 2,
    uar: 1,
    bits: 1,
    labelBits: 1,
  });
});

test("labels that are drawn without regard to the sentence are seldom called confounded", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("x", "y", "z"), { minLength: 12, maxLength: 30 }), (sentences) => {
      // As many of either label for every sentence.
      const said = sentences.flatMap(
        (sentence) =>
          [
            [sentence, "anger"],
            [sentence, "fear"],
          ] as const,
      );
      const { uar, confounded } = textConfounded(sentenceAnswers(planOf(said))!);
      expect(uar).toBe(0.5);
      expect(confounded).toBe(false);
    }),
    { numRuns: 20, seed: 17 },
  );
});

test("clips that do not say which sentence they are: the reason, and how many", () => {
  const plan = planOf([
    ["x", "anger"],
    ["y", "fear"],
  ]);
  const some = plan.clips.map((clip, i) => (i === 0 ? { ...clip, sentence: undefined } : clip));
  expect(sentenceAnswers({ ...plan, clips: some })).toBeUndefined();
  expect(whyUnknown(some)).toMatch(/^1 clip of 8 do not say \(own\/a0\).*give sentence or sentenceId/);
  expect(textInCorpus(some)).toEqual({ reason: whyUnknown(some) });
  const none = plan.clips.map((clip) => ({ ...clip, sentence: undefined }));
  expect(whyUnknown(none)).toMatch(/^no clip says which sentence it is/);
  expect(whyUnknown(plan.clips)).toBeUndefined();
});

test("mutual information as scikit-learn has it", () => {
  // sklearn.metrics.mutual_info_score(list("xxyyyzzxz"), list("aafafafff")) / log(2), scikit-learn 1.9.1
  const labels = { a: "anger", f: "fear" } as const;
  const clips = [..."xxyyyzzxz"].map((sentence, i) =>
    ownClip(String(i), i % 2 === 0 ? "s" : "t", { sentence, emotion: labels["aafafafff"[i] as "a" | "f"] }),
  );
  expect(textInCorpus(clips)).toMatchObject({ bits: expect.closeTo(0.07278022578373293, 9) });
  // SAVEE by hand: 2.75 bits of the label, of which a fifth of the clips (the common sentences) leave 2.75, and a fifth 1.
  const savee = textInCorpus(CLIPS.filter(({ corpus }) => corpus === "savee"));
  expect(savee).toMatchObject({ sentences: 87, inOneClass: 72, bits: expect.closeTo(2, 9), labelBits: 2.75 });
  expect(savee).toMatchObject({ uar: expect.closeTo(SAVEE, 12) });
});

test("one speaker: nobody is left to learn from", () => {
  const clips = planOf([
    ["x", "anger"],
    ["y", "fear"],
  ]).clips.filter(({ speaker }) => speaker === "a");
  expect(textInCorpus(clips)).not.toHaveProperty("uar");
});

test("in words", () => {
  expect(textAloneText({ uar: 0.7714, chance: 1 / 7 })).toBe(
    "the sentences alone have a UAR of 77.1 %, where chance is 14.3 %",
  );
});
