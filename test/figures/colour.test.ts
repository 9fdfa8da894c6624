import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  colourAt,
  contrast,
  fromOklab,
  linearRgb,
  readableInk,
  toHex,
  uniformScale,
} from "../../lib/figures/colour.js";
import { toOklab } from "./oklab.js";

const anyHex = fc.integer({ min: 0, max: 0xffffff }).map((n) => `#${n.toString(16).padStart(6, "0")}`);

describe("OKLab", () => {
  // From CSS Color 4 and its published conversions.
  test.each([
    ["#ffffff", [1, 0, 0]],
    ["#000000", [0, 0, 0]],
    ["#ff0000", [0.62796, 0.22486, 0.12585]],
    ["#00ff00", [0.86644, -0.23389, 0.1795]],
    ["#0000ff", [0.45201, -0.03246, -0.31153]],
  ])("of %s is the published one", (hex, expected) => {
    toOklab(linearRgb(hex)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });

  test("and back gives the same colour", () => {
    fc.assert(fc.property(anyHex, (hex) => toHex(fromOklab(toOklab(linearRgb(hex)))) === hex));
  });

  test("a colour of another form is refused", () => {
    expect(() => linearRgb("red")).toThrow(RangeError);
  });
});

describe("contrast", () => {
  test("is WCAG's", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 9);
    // The lightest greys on white that pass 4.5 and 3 by WCAG's own arithmetic.
    expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
    expect(contrast("#949494", "#ffffff")).toBeCloseTo(3.03, 2);
  });

  test("of the readable ink is enough for text on every colour", () => {
    fc.assert(fc.property(anyHex, (hex) => contrast(readableInk(hex), hex) >= 4.5));
  });
});

describe("uniformScale", () => {
  const scale = uniformScale([
    { lightness: 0.15, chroma: 0.1, hue: 280 },
    { lightness: 0.6, chroma: 0.2, hue: 370 },
    { lightness: 0.95, chroma: 0.05, hue: 460 },
  ]);

  test("takes equal steps", () => {
    const places = scale.map(([, hex]) => toOklab(linearRgb(hex)));
    const steps = places
      .slice(1)
      .map((p, i) => Math.hypot(p[0] - places[i]![0], p[1] - places[i]![1], p[2] - places[i]![2]));
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.15);
  });

  test("runs from 0 to 1 and is read at any place", () => {
    expect(scale.map(([position]) => position)).toEqual(Array.from({ length: 17 }, (_, i) => i / 16));
    expect(colourAt(scale, 0)).toBe(scale[0]![1]);
    expect(colourAt(scale, 5 / 16)).toBe(scale[5]![1]);
    expect(colourAt(scale, 2)).toBe(scale[16]![1]);
    expect(
      colourAt(
        [
          [0, "#000000"],
          [1, "#ffffff"],
        ],
        0.2,
      ),
    ).toBe("#333333");
  });
});
