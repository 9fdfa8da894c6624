import { describe, expect, test } from "vitest";
import {
  coinTail,
  erfc,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from "../../lib/evaluation/distributions.js";
import reference from "../fixtures/evaluation/reference.json";

const { distributions } = reference;

/** Equal to twelve digits, also where the value is tiny. */
function expectClose(found: number, expected: number, digits = 12): void {
  if (expected === 0) expect(Math.abs(found)).toBeLessThan(1e-300);
  else expect(found / expected).toBeCloseTo(1, digits);
}

describe("equal to scipy", () => {
  test("erfc and the normal distribution", () => {
    for (const [x, value] of distributions.erfc) expectClose(erfc(x!), value!);
    for (const [z, share] of distributions.normalCdf) expectClose(normalCdf(z!), share!);
    for (const [p, z] of distributions.normalQuantile) {
      if (z === 0) expect(normalQuantile(p!)).toBeCloseTo(0, 12);
      else expectClose(normalQuantile(p!), z!, 10);
    }
  });

  test("Student's t", () => {
    for (const [t, df, share] of distributions.studentCdf) expectClose(studentCdf(t!, df!), share!);
    for (const [p, df, t] of distributions.studentQuantile) expectClose(studentQuantile(p!, df!), t!, 9);
  });

  test("tails of fair coins, also of so many that 2^-n is 0", () => {
    for (const [k, n, share] of distributions.coinTail) expectClose(coinTail(k!, n!), share!, 10);
  });
});

test("the ends of a distribution are infinite", () => {
  expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
});
