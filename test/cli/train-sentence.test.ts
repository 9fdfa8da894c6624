import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { trainSentence } from "../../lib/cli/train-sentence.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { CLIPS, ownClip } from "../protocols/published.js";
import { capturePrinted, printed } from "./printed.js";

capturePrinted();
const plan = protocolNamed("savee/loso").plan(CLIPS);

test("the table of the folds, and what it means", () => {
  trainSentence(plan, plan.folds);
  expect(printed.out).toContain("savee/loso@1: the label predicted from the sentence alone");
  expect(printed.out.match(/^ +\d +360 +120 +77\.1 +72\.5$/gm)?.length).toBe(4);
  expect(printed.out).toContain("UAR 77.1 % (no interval: 4 speakers");
  expect(printed.out).toContain("TEXT-CONFOUNDED (p = 0.001)");
});

test("one fold, as JSON", () => {
  trainSentence(plan, plan.folds.slice(1, 2), true);
  expect(JSON.parse(printed.out)).toMatchObject({
    ...{ protocol: "savee/loso@1", model: "sentence", confounded: true },
    folds: [{ fold: "2", learnt: 360, clips: 120 }],
  });
});

test("clips that do not say their sentence", () => {
  const clips = ["a", "b", "c"].map((speaker) => ownClip(speaker, speaker));
  const own = protocolNamed("grouped/own?folds=3").plan(clips);
  expect(() => trainSentence(own, own.folds)).toThrow(UserError);
  expect(() => trainSentence(own, own.folds)).toThrow(/no clip says which sentence it is: give sentence/);
});
