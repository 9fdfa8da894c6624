import { expect, test } from "vitest";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { publishedPlan } from "../../lib/runs/published-plan.js";
import { runName } from "../../lib/runs/record.js";
import { CLIPS } from "../protocols/published.js";
import { recordExample, SETTINGS } from "./examples.js";

const loso = protocolNamed("savee/loso").plan(CLIPS);
const settings = { ...SETTINGS, protocol: loso.protocol, fold: "2" };
const { clips } = runName(settings, loso.folds[1]!, loso.clips);
const record = {
  ...recordExample(),
  ...{ settings, clips, corpora: ["savee"] },
  split: { ...recordExample().split, name: loso.protocol, fold: "2" },
};

test("the plan and the fold of a run on the published clips", () => {
  const { plan, fold } = publishedPlan(record)!;
  expect(fold).toEqual(loso.folds[1]);
  expect(plan.clips.length).toBe(480);
});

test("not of other clips, of a protocol that is not there any more, or of what listeners heard", () => {
  expect(publishedPlan({ ...record, clips: "0123" })).toBeUndefined();
  expect(publishedPlan({ ...record, split: { ...record.split, name: "savee/loso@0" } })).toBeUndefined();
  expect(publishedPlan({ ...record, split: { ...record.split, fold: "9" } })).toBeUndefined();
  expect(publishedPlan({ ...record, corpora: ["own"] })).toBeUndefined();
  expect(publishedPlan({ ...record, settings: { ...settings, target: "perceived" } })).toBeUndefined();
});
