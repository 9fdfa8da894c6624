import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { experimentName, fileOf, numberIn } from "../../lib/cli/common.js";

test("a number in a range, whole where it must be", () => {
  const whole = numberIn(1, 9, true);
  expect(whole("3")).toBe(3);
  for (const wrong of ["", " ", "x", "0", "10", "1.5", "1e400"])
    expect(() => whole(wrong)).toThrow(InvalidArgumentError);
  expect(() => numberIn(1)("0")).toThrow("a number of at least 1");
});

test("a file is known by its ending, in any case", () => {
  const textGrid = fileOf(".TextGrid");
  expect([textGrid("a.TextGrid"), textGrid("b/a.textgrid")]).toEqual(["a.TextGrid", "b/a.textgrid"]);
  expect(() => textGrid("clip.wav")).toThrow("It takes a file that ends in .TextGrid.");
  expect(() => fileOf(".png", ".svg", ".html")("a.gif")).toThrow("ends in .png, .svg or .html.");
});

test("an experiment is named, not pointed at", () => {
  expect(experimentName("four-corpora")).toBe("four-corpora");
  for (const path of [".", "..", "../runs/best", "a/b", "", "nul"])
    expect(() => experimentName(path)).toThrow(UsageError);
});
