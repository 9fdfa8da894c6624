import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import {
  decimal,
  percent,
  plural,
  points,
  printable,
  pValue,
  sentence,
  shellWord,
  slug,
  thousands,
} from "../../lib/base/text.js";
import { withInterval } from "../../lib/evaluation/interval.js";

test("shares are per cent with one decimal, and minus signs are minus signs", () => {
  expect([percent(0.5214), percent(1), percent(-0.0004)]).toEqual(["52.1", "100.0", "0.0"]);
  expect([decimal(-0.123), decimal(0.5, 3)]).toEqual(["\u22120.12", "0.500"]);
  expect([points(0.0312), points(-0.01), points(0.0001)]).toEqual(["+3.1", "\u22121.0", "0.0"]);
});

test("an interval is shown where there is one", () => {
  const common = { estimate: 0.521, n: 10, speakers: 9 };
  expect(withInterval({ ...common, level: 0.95, low: 0.48, high: 0.563, method: "" })).toBe(
    "52.1 [48.0, 56.3]",
  );
  expect(withInterval({ ...common, perSpeaker: {}, reason: "few" })).toBe("52.1");
});

test("small words", () => {
  expect([pValue(0.0002), pValue(0.0124)]).toEqual(["< 0.001", "0.012"]);
  expect([thousands(7442), thousands(12)]).toEqual(["7,442", "12"]);
  expect([plural(1, "clip"), plural(1440, "clip")]).toEqual(["1 clip", "1,440 clips"]);
  expect([slug("ravdess/emobox@1"), slug("§")]).toEqual(["ravdess-emobox-1", "unnamed"]);
  // Windows takes AUX for a device.
  expect([slug("AUX"), slug("aux/1")]).toEqual(["aux-", "aux-1"]);
  expect([sentence("fixed here"), sentence("Done.")]).toEqual(["fixed here.", "Done."]);
});

test.skipIf(process.platform === "win32")("a word of a command means itself in a shell", () => {
  expect(["a-b/c.json", "A=1", "%x@y"].map(shellWord)).toEqual(["a-b/c.json", "A=1", "%x@y"]);
  const strange = ["", " ", "it's", "$HOME `id` \\", "a\nb", "~", "*", "-n", "ü"];
  const script = `printf '%s\\0' ${strange.map(shellWord).join(" ")}`;
  const said = execFileSync("sh", ["-c", script], { encoding: "utf8" });
  expect(said.split("\0").slice(0, -1)).toEqual(strange);
});

test("a name with a line break stays on its line", () => {
  expect(printable("a\nb\t語 \u001b[1m.wav")).toBe("a\\nb\\t語 \\u001b[1m.wav");
});
