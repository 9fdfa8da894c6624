import { expect, test } from "vitest";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { bestTogether, chooseTogether, firstOf } from "../../lib/runs/together.js";
import { CLIPS } from "../protocols/published.js";
import { SETTINGS } from "./examples.js";

const history = (...uars: number[]) => uars.map((validationUar) => ({ validationUar }));
const plan = protocolNamed("savee/speaker-sentence").plan(CLIPS);
const settings = { ...SETTINGS, protocol: plan.protocol };

test("the epoch with the best mean, the earliest of equals, of those that all have", () => {
  const histories = [history(0.2, 0.6, 0.1), history(0.5, 0.3, 0.7)];
  expect(bestTogether(histories)).toEqual({ epoch: 2, validationUar: expect.closeTo(0.45, 12), folds: 2 });
  expect(bestTogether([history(0.5, 0.5), history(0.5, 0.5)]).epoch).toBe(1);
  expect(bestTogether([history(0.1, 0.2), history(0.1)]).epoch).toBe(1);
});

test("a first training goes through all epochs, without refit, and is scored on nothing", () => {
  const training = { ...SETTINGS.training, patience: 2, epochs: 9, refit: true } as const;
  const first = firstOf(plan, { ...settings, training }, "3")!;
  expect(first).toMatchObject({ fold: "3", score: "none", training: { patience: 9, epochs: 9 } });
  expect(first.training).not.toHaveProperty("refit");
});

test("nothing is waited for by a first training, a majority, or folds that choose each for itself", () => {
  expect(firstOf(plan, { ...settings, score: "none" }, "1")).toBeUndefined();
  const majority = { ...settings, training: { ...settings.training, model: "majority" } } as const;
  expect(firstOf(plan, majority, "1")).toBeUndefined();
  expect(firstOf(protocolNamed("savee/loso").plan(CLIPS), settings, "1")).toBeUndefined();
});

test("a fold without its first training is named, with what to do", async () => {
  const asked = chooseTogether(plan, settings, (name) => `nowhere/${name}`);
  await expect(asked).rejects.toThrow(
    /the first training of fold 1 \(savee-speaker-sentence-1-\S+\) is missing/,
  );
  const loso = protocolNamed("savee/loso").plan(CLIPS);
  expect(await chooseTogether(loso, settings, () => "nowhere")).toBeUndefined();
});
