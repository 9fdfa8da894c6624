import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A fixture's content; `name` is its path in test/fixtures without the ending. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(join("test", "fixtures", `${name}.json`), "utf8")) as T;
}

/** The largest absolute difference of two lists of equal length. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    // A comparison with NaN is false, so a NaN must not pass for no difference.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
