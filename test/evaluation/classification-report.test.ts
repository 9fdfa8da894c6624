import { expect, test } from "vitest";
import { applyTemperature } from "../../lib/evaluation/calibration.js";
import { classificationReport } from "../../lib/evaluation/classification-report.js";
import reference from "../fixtures/evaluation/reference.json";

const { truth, probabilities, macroAuc, rocAuc, ece, brier, temperature } = reference.probabilities;
const p = Float64Array.from(probabilities.flat());
const classes = ["anger", "fear", "sadness", "neutral"];

test("scikit-learn's figures, before and after calibration", () => {
  const found = classificationReport(p, truth, classes, { temperature });
  expect(found.rocAuc.macro).toBeCloseTo(macroAuc, 12);
  rocAuc.forEach((area, c) => {
    expect(found.rocAuc.perClass[c]).toBeCloseTo(area, 12);
  });
  expect(found.ece).toBeCloseTo(ece, 12);
  expect(found.brier).toBeCloseTo(brier, 12);
  const again = classificationReport(applyTemperature(p, 4, temperature), truth, classes);
  expect(found.calibrated).toEqual({
    temperature,
    rocAuc: again.rocAuc,
    ece: again.ece,
    brier: again.brier,
    logLoss: again.logLoss,
  });
  expect(again.confusion).toEqual(found.confusion);
  expect(found.calibrated!.logLoss).toBeLessThan(found.logLoss);
});

test("a class without clips has no area and no part in the means over the truth", () => {
  const found = classificationReport(
    Float32Array.of(0.7, 0.2, 0.1, 0.2, 0.5, 0.3),
    [0, 1],
    ["a", "b", "surprise"],
  );
  expect(found.rocAuc).toEqual({ perClass: [1, 1, null], macro: 1 });
  expect(found.classesInTruth).toEqual(["a", "b"]);
  expect(found).not.toHaveProperty("calibrated");
  expect(found.kappa).toBe(1);
  const one = classificationReport(Float32Array.of(0.7, 0.3), [0], ["a", "b"]);
  expect(one.rocAuc).toEqual({ perClass: [null, null], macro: null });
  expect(JSON.stringify(one)).not.toContain("NaN");
});

test("what cannot be evaluated is refused", () => {
  expect(() => classificationReport(new Float32Array(0), [], ["a"])).toThrow("no clips");
  expect(() => classificationReport(Float32Array.of(0.5, 0.5), [2], ["a", "b"])).toThrow("no such class");
  expect(() => classificationReport(Float32Array.of(0.5, Number.NaN), [0], ["a", "b"])).toThrow(
    "not a number",
  );
});
