import { expect, test } from "vitest";
import { models } from "../../lib/models/models.js";
import { BASELINES, isBaseline, MODEL_NAMES, NETWORKS } from "../../lib/models/names.js";

test("every network has its name, and every name is a baseline's or a network's", () => {
  expect(Object.keys(models)).toEqual([...NETWORKS]);
  expect(MODEL_NAMES).toEqual([...BASELINES, ...NETWORKS]);
  expect(MODEL_NAMES.filter(isBaseline)).toEqual([...BASELINES]);
});
