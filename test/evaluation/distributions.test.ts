import { describe, expect, test } from "vitest";
import {
  coinTail,
  erfc,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
  wilsonInterval,
} from "../../lib/evaluation/distributions.js";
import classification from "../fixtures/evaluation/classification.json";
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

  test("Wilson's interval", () => {
    for (const [k, n, low, high] of distributions.wilson) {
      const found = wilsonInterval(k!, n!);
      expect(found[0]).toBeCloseTo(low!, 12);
      expect(found[1]).toBeCloseTo(high!, 12);
    }
    const { k, n, ci } = classification.wilson;
    wilsonInterval(k, n).forEach((bound, i) => {
      expect(bound).toBeCloseTo(ci[i]!, 8);
    });
  });
});

test("the ends of a distribution are infinite, and what is no share is refused", () => {
  expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
  expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
  expect(() => wilsonInterval(5, 4)).toThrow("no share: 5 of 4");
  expect(() => wilsonInterval(0, 0)).toThrow("no share");
});
