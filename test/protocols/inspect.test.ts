import { expect, test } from "vitest";
import { inspectPlan } from "../../lib/protocols/inspect.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { CLIPS } from "./published.js";

test("what only a refit trains on is counted where there is some", () => {
  const plan = protocolNamed("savee/speaker-sentence").plan(CLIPS);
  const [fold] = inspectPlan(plan, new Map(plan.clips.map(({ id }) => [id, id])));
  expect(fold!.refit).toMatchObject({ clips: 120, speakers: ["savee/DC", "savee/JK", "savee/KL"] });
  expect(fold!.audit.passed).toBe(true);
});

test("parts, speakers and classes of a fold, without the clips that cannot be read", () => {
  const plan = protocolNamed("savee/loso").plan(CLIPS);
  const samples = new Map(plan.clips.map(({ id }) => [id, id]));
  samples.delete("savee/JE_a01");
  const [fold] = inspectPlan(plan, samples);
  expect(fold!.test).toEqual({
    clips: 119,
    speakers: ["savee/JE"],
    classes: { anger: 14, disgust: 15, fear: 15, happiness: 15, sadness: 15, surprise: 15, neutral: 30 },
  });
  expect(fold!.train.speakers).toEqual(["savee/DC", "savee/KL"]);
  expect(fold!.validation).toMatchObject({ clips: 120, speakers: ["savee/JK"] });
  expect(fold!.audit.passed).toBe(true);
});
