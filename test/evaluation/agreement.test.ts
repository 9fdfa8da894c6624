import fc from "fast-check";
import { expect, test } from "vitest";
import { krippendorffAlpha } from "../../lib/evaluation/agreement.js";

/** Raters' answers, a row each, "." for none, as counts by unit. */
function unitsOf(...raters: string[]): Record<string, number>[] {
  const rows = raters.map((row) => row.split(" "));
  return rows[0]!.map((_, u) => {
    const counts: Record<string, number> = {};
    for (const row of rows) if (row[u] !== ".") counts[row[u]!] = (counts[row[u]!] ?? 0) + 1;
    return counts;
  });
}

// The worked examples of Krippendorff (2011), A to C.
test.each([
  ["A, two raters, two values", 0.095, ["0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"]],
  ["B, two raters, five values", 0.692, ["a a b b d c c c e d d a", "b a b b b c c c e d d d"]],
  [
    "C, four raters, some of whom judged not all",
    0.743,
    [
      "1 2 3 3 2 1 4 1 2 . . .",
      "1 2 3 3 2 2 4 1 2 5 . 3",
      ". 3 3 3 2 3 4 2 2 5 1 .",
      "1 2 3 3 2 4 4 1 2 5 1 .",
    ],
  ],
])("%s", (_, alpha, raters) => {
  expect(krippendorffAlpha(unitsOf(...raters))).toBeCloseTo(alpha, 3);
});

test("full agreement is 1; nothing is known of single ratings, and of ratings of one class", () => {
  expect(krippendorffAlpha([{ sad: 3 }, { angry: 2 }])).toBe(1);
  expect(krippendorffAlpha([{ sad: 2 }, { sad: 1, angry: 1 }, { angry: 2 }])).toBeCloseTo(4 / 9, 12);
  expect(krippendorffAlpha([{ sad: 1 }, { angry: 1 }])).toBeUndefined();
  expect(krippendorffAlpha([{ sad: 2 }, { sad: 3 }])).toBeUndefined();
  expect(krippendorffAlpha([])).toBeUndefined();
});

test("as the coincidence matrix has it", () => {
  const counts = fc.array(fc.record({ a: fc.nat(3), b: fc.nat(3), c: fc.nat(3) }), { maxLength: 8 });
  fc.assert(
    fc.property(counts, (units) => {
      const names = ["a", "b", "c"] as const;
      const matrix = names.map(() => names.map(() => 0));
      for (const unit of units) {
        const m = unit.a + unit.b + unit.c;
        if (m < 2) continue;
        names.forEach((c, i) => {
          names.forEach((k, j) => {
            matrix[i]![j]! += (unit[c] * (unit[k] - Number(i === j))) / (m - 1);
          });
        });
      }
      const totals = matrix.map((row) => row.reduce((x, y) => x + y, 0));
      const n = totals.reduce((x, y) => x + y, 0);
      const pairs = totals.reduce((sum, one) => sum + one * (one - 1), 0);
      const agreed = matrix.reduce((sum, row, i) => sum + row[i]!, 0);
      const alpha = krippendorffAlpha(units);
      if (n * (n - 1) - pairs <= 1e-9) expect(alpha).toBeUndefined();
      else expect(alpha).toBeCloseTo(((n - 1) * agreed - pairs) / (n * (n - 1) - pairs), 9);
    }),
    { seed: 1, numRuns: 200 },
  );
});
