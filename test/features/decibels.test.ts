import { expect, test } from "vitest";
import { largest, powerToDb } from "../../lib/features/decibels.js";
import { farthest, fixture } from "./fixture.js";

test("equal to librosa.power_to_db", () => {
  const expected = fixture<Record<string, number[][]>>("librosa/power_to_db");
  const powers = expected.S!.flat();
  expect(farthest(powerToDb(powers), expected.ref1!.flat())).toBeLessThan(1e-5);
  expect(farthest(powerToDb(powers, { reference: largest }), expected.refmax!.flat())).toBeLessThan(1e-5);
  expect(farthest(powerToDb(powers, { topDb: null }), expected.top_db_None!.flat())).toBeLessThan(1e-5);
  const narrow = powerToDb(powers, { amin: 1e-5, topDb: 60 });
  expect(farthest(narrow, expected["amin1e-5_top60"]!.flat())).toBeLessThan(1e-5);
});

test("the largest of none is minus infinity", () => {
  expect(largest([])).toBe(Number.NEGATIVE_INFINITY);
});
