import { expect, test } from "vitest";
import { eachOf } from "../../lib/base/each.js";

test("results have the order of the items, whatever ends first", async () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const later: (() => void)[] = [];
  const results = eachOf(items, async (item) => {
    // The first of each pair waits for the second.
    if (item % 2 === 0) await new Promise<void>((resolve) => later.push(resolve));
    else later.pop()!();
    return 2 * item;
  });
  expect(await results).toEqual(items.map((item) => 2 * item));
  expect(await eachOf([], async () => 1)).toEqual([]);
});

test("few are under way at once", async () => {
  let under = 0;
  let most = 0;
  await eachOf(new Array<number>(1000).fill(0), async () => {
    most = Math.max(most, ++under);
    await new Promise(setImmediate);
    under--;
  });
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(32);
});

test("the first error is thrown", async () => {
  const act = async (item: number) => {
    if (item >= 3) throw new Error(`no ${item}`);
  };
  await expect(eachOf([1, 2, 3, 4], act)).rejects.toThrow("no 3");
});
