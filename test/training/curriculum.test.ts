import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { curriculumOrder, curriculumPlaces } from "../../lib/training/curriculum.js";

const ownOf = (ours: number, theirs: number) => Array.from({ length: ours + theirs }, (_, i) => i < ours);

test("the others' share falls in a straight line and is none from `until` on", () => {
  const curriculum = { places: 2, share: 0.5, until: 0.5 };
  const shares = Array.from({ length: 8 }, (_, i) => {
    const order = curriculumOrder(ownOf(100, 900), curriculum, { seed: 1, epoch: i + 1, epochs: 8 });
    expect(order.length).toBe(curriculumPlaces(curriculum, 100));
    return order.filter((clip) => clip >= 100).length / order.length;
  });
  expect(shares).toEqual([0.5, 0.375, 0.25, 0.125, 0, 0, 0, 0]);
});

test("clips of either kind take turns", () => {
  const size = fc.integer({ min: 1, max: 60 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(size, size, share, fc.integer({ min: 1, max: 10 }), (ours, theirs, first, epoch) => {
      const curriculum = { places: 1.5, share: first, until: 0.7 };
      const order = curriculumOrder(ownOf(ours, theirs), curriculum, { seed: 1, epoch, epochs: 10 });
      expect(order.length).toBe(curriculumPlaces(curriculum, ours));
      const times = Array.from(
        { length: ours + theirs },
        (_, i) => order.filter((clip) => clip === i).length,
      );
      for (const kind of [times.slice(0, ours), times.slice(ours)])
        expect(Math.max(...kind) - Math.min(...kind)).toBeLessThanOrEqual(1);
    }),
  );
});

test("is a function of seed and epoch, and each epoch has its own", () => {
  const order = (seed: number, epoch: number) =>
    curriculumOrder(ownOf(20, 30), { places: 2, share: 0.5, until: 1 }, { seed, epoch, epochs: 9 });
  expect(order(1, 1)).toEqual(order(1, 1));
  expect(order(1, 1)).not.toEqual(order(2, 1));
  expect(order(1, 1)).not.toEqual(order(1, 2));
});

test("without other corpora there is nothing to come from", () => {
  const curriculum = { places: 2, share: 0.5, until: 1 };
  for (const own of [ownOf(3, 0), ownOf(0, 3)])
    expect(() => curriculumOrder(own, curriculum, { seed: 1, epoch: 1, epochs: 2 })).toThrow(UserError);
});
