import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";

test("the same seed gives the same stream, another seed an unrelated one", () => {
  const draw = (seed: number | string) => {
    const rng = random(seed);
    return Array.from({ length: 50 }, () => rng.uint32());
  };
  expect(draw(1)).toEqual(draw("1"));
  const shared = draw(1).filter((value) => draw(2).includes(value));
  expect(shared).toEqual([]);
});

// Recorded names of runs and drawn splits depend on these values. They were computed by a second implementation, in Python.
test("the streams are sfc32's, seeded by SHA-256, and never change", () => {
  const first = (seed: number | string) => {
    const rng = random(seed);
    return Array.from({ length: 4 }, () => rng.uint32());
  };
  expect(first(1)).toEqual([2186466004, 792566493, 4130287665, 3241157019]);
  expect(first("run-7/noise")).toEqual([3604528189, 263249144, 2500513469, 406472370]);
  const uniform = random(2);
  expect([1, 2, 3].map(() => uniform.uniform())).toEqual([
    0.7784374203518651, 0.739516201903862, 0.9134312375578658,
  ]);
  const normal = random(3);
  const expected = [1.6337710359663142, 0.8535085647459599, -1.0980864362699112, -0.5990199710413272];
  for (const value of expected) expect(normal.normal()).toBeCloseTo(value, 14);
  expect(random("run-7").shuffle("ABCDEFGHIJ").join("")).toBe("DJCHGIFBAE");
});

test("uniform draws fill the interval evenly (chi-squared, 99.9 %)", () => {
  const rng = random(3);
  const bins = new Array<number>(20).fill(0);
  for (let i = 0; i < 20_000; i++) bins[Math.floor(rng.uniform(0, 20))]!++;
  const chiSquared = bins.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
  expect(chiSquared).toBeLessThan(43.8);
});

test("normal draws have the moments of the normal distribution", () => {
  const rng = random(4);
  const draws = Array.from({ length: 50_000 }, () => rng.normal(2, 3));
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  const moment = (k: number) => draws.reduce((a, b) => a + ((b - mean) / 3) ** k, 0) / draws.length;
  expect(Math.abs(mean - 2)).toBeLessThan(0.06);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
  expect(Math.abs(moment(3))).toBeLessThan(0.05);
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
});

test("a shuffle keeps the items, leaves the input alone and puts each item everywhere", () => {
  const items = [0, 1, 2, 3];
  const places = items.map(() => new Set<number>());
  const rng = random(5);
  for (let i = 0; i < 200; i++) {
    const shuffled = rng.shuffle(items);
    expect([...shuffled].sort()).toEqual([0, 1, 2, 3]);
    shuffled.forEach((item, place) => {
      places[item]!.add(place);
    });
  }
  expect(items).toEqual([0, 1, 2, 3]);
  expect(places.map((set) => set.size)).toEqual([4, 4, 4, 4]);
});
