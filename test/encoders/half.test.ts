import { expect, test } from "vitest";
import { fromBrain, fromHalf, toHalf } from "../../lib/encoders/half.js";

test("values of IEEE 754's float16", () => {
  const bits = [0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x0000, 0x7c00, 0xfc00];
  const values = [1, -2, 0.333251953125, 65504, 2 ** -14, 2 ** -24, 1023 * 2 ** -24, 0, Infinity, -Infinity];
  expect([...fromHalf(Uint16Array.from(bits))]).toEqual(values);
  expect(fromHalf(Uint16Array.of(0x7e00))[0]).toBeNaN();
  expect(Object.is(fromHalf(Uint16Array.of(0x8000))[0], -0)).toBe(true);
});

test("every finite float16 comes back as it was", () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, i) => i).filter((bits) => (bits & 0x7c00) !== 0x7c00);
  expect(toHalf(fromHalf(all))).toEqual(all);
});

test("what is none is not rounded", () => {
  for (const value of [
    1 / 3,
    65_505,
    65_536,
    1e9,
    2 ** -25,
    3 * 2 ** -25,
    1 + 2 ** -11,
    1e-40,
    NaN,
    Infinity,
  ])
    expect(toHalf(Float32Array.of(1, value))).toBeUndefined();
});

test("bfloat16 is the upper half of float32", () => {
  expect([...fromBrain(Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x0000))]).toEqual([1, -2, 3.140625, 0]);
});
