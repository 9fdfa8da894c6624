import { expect, test } from "vitest";
import { ACTIVATION } from "../../../lib/engine/core.js";
import { activation, literal, slope } from "../../../lib/engine/webgpu/kernels.js";

test("numbers are floats in WGSL, with all their bits", () => {
  expect([0, -1, 0.5, 1e-7, 3e38].map(literal).every((text) => /[.e]/.test(text))).toBe(true);
  for (const x of [1 / 3, 1e-7, 3e38, -0.1]) expect(Math.fround(Number(literal(x)))).toBe(Math.fround(x));
});

test("every activation but softmax has a slope, and linear ones cost nothing", () => {
  expect(activation(ACTIVATION.linear, "v")).toBe("v");
  for (const [name, kind] of Object.entries(ACTIVATION)) {
    if (name === "softmax" || name === "linear") continue;
    expect(activation(kind, "v", 0.5)).toContain("v");
    expect(slope(kind, "x", "y", 0.5)).not.toBe("1.0");
  }
});
