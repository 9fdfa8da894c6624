import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMOTIONS } from "../../lib/corpora/clip.js";
import { contrast, linearRgb, type Triple } from "../../lib/figures/colour.js";
import {
  baseLayout,
  classOrder,
  emotionColour,
  emotionColours,
  percentSpan,
  plain,
  themeOf,
} from "../../lib/figures/theme.js";
import { toOklab } from "./oklab.js";

/** Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB. */
const VISION = {
  full: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function seen(hex: string, matrix: readonly number[]): Triple {
  const rgb = linearRgb(hex);
  const channel = (i: number) => {
    const value = matrix[3 * i]! * rgb[0] + matrix[3 * i + 1]! * rgb[1] + matrix[3 * i + 2]! * rgb[2];
    return Math.min(1, Math.max(0, value));
  };
  return toOklab([channel(0), channel(1), channel(2)]);
}

function leastDifference(colours: readonly string[], matrix: readonly number[]): number {
  const points = colours.map((hex) => seen(hex, matrix));
  return Math.min(
    ...points.flatMap((p, i) =>
      points.slice(0, i).map((q) => Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])),
    ),
  );
}

describe("emotion colours", () => {
  test("there is one for each emotion", () => {
    expect(Object.keys(emotionColours)).toEqual([...EMOTIONS, "calm"]);
  });

  test.each(Object.entries(VISION))("are told apart in %s", (_, matrix) => {
    expect(leastDifference(Object.values(emotionColours), matrix)).toBeGreaterThan(0.1);
  });

  test.each(["light", "dark"] as const)("stand out from the %s background", (name) => {
    for (const colour of Object.values(emotionColours))
      expect(contrast(colour, themeOf(name).background)).toBeGreaterThanOrEqual(1.9);
  });

  test("a class that is no emotion is grey", () => {
    expect(emotionColour("constructor", themeOf())).toBe(themeOf().muted);
  });
});

describe.each(["light", "dark"] as const)("theme %s", (name) => {
  const theme = themeOf(name);

  test("text is readable on its background", () => {
    for (const ink of [theme.ink, theme.muted, theme.right, theme.wrong])
      expect(contrast(ink, theme.background)).toBeGreaterThan(4.5);
  });

  test.each(Object.entries(VISION))("series and verdicts are told apart in %s", (_, matrix) => {
    expect(leastDifference(theme.series, matrix)).toBeGreaterThan(0.1);
    expect(leastDifference([theme.right, theme.wrong], matrix)).toBeGreaterThan(0.1);
  });

  test("the middle of the diverging scale is grey, both arms equally far from it", () => {
    const colours = theme.diverging.map(([, hex]) => toOklab(linearRgb(hex)));
    const middle = (colours.length - 1) / 2;
    expect(Math.hypot(colours[middle]![1], colours[middle]![2])).toBeLessThan(0.005);
    for (let i = 0; i <= middle; i++)
      expect(colours[i]![0]).toBeCloseTo(colours[colours.length - 1 - i]![0], 1);
    expect(theme.diverging.map(([at]) => at)).toEqual(
      [...theme.diverging.map(([at]) => at)].sort((a, b) => a - b),
    );
  });

  test("scales grow lighter or darker throughout", () => {
    for (const scale of [theme.scale, theme.spectrogram]) {
      const lightness = scale.map(([, hex]) => toOklab(linearRgb(hex))[0]);
      const steps = lightness.slice(1).map((value, i) => value - lightness[i]!);
      expect(new Set(steps.map(Math.sign)).size).toBe(1);
    }
  });
});

describe("plain", () => {
  test("leaves nothing that plotly reads as HTML or XML refuses", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const safe = plain(text);
        expect(safe).not.toMatch(/[<>\p{Cc}]|&(?!amp;|lt;|gt;)/u);
      }),
    );
  });

  test("keeps the words", () => {
    expect(plain('a <b> & "c"\n d')).toBe('a &lt;b&gt; &amp; "c" d');
  });
});

describe("baseLayout", () => {
  const size = { width: 500, height: 300, margin: { left: 50, right: 20, bottom: 40 } };

  test("makes room above the plot for what stands there", () => {
    expect(baseLayout(size)).toMatchObject({ width: 500, height: 360, margin: { t: 60 } });
    expect(baseLayout({ ...size, subtitle: "x", legend: true }).height).toBe(408);
  });

  test("breaks a long subtitle into lines that fit", () => {
    const { title, margin } = baseLayout({ ...size, synthetic: true, subtitle: "word ".repeat(20) });
    const lines = (title!.subtitle as { text: string }).text.split("<br>");
    expect(lines).toHaveLength(2);
    expect(lines[1]!.length * 7.6).toBeLessThan(460);
    expect(margin!.t).toBe(102);
  });

  test("keeps a number with its per cent sign", () => {
    const { title } = baseLayout({ ...size, subtitle: `${"x".repeat(55)} 54.9 %` });
    expect((title!.subtitle as { text: string }).text.split("<br>")[1]).toBe("54.9 %");
  });

  test("says so when voices are synthetic", () => {
    const { title } = baseLayout({ ...size, subtitle: "UAR 50 %", synthetic: true });
    expect(JSON.stringify(title)).toMatch(/synthetic voices.* · UAR 50 %/);
    expect(JSON.stringify(baseLayout(size))).not.toContain("synthetic");
  });

  test("says so when the split is leaky", () => {
    const { title } = baseLayout({ ...size, leaky: true, synthetic: true });
    expect(JSON.stringify(title)).toMatch(/leaky split.* · .*synthetic voices/);
  });
});

describe("percentSpan", () => {
  test.each([
    [
      [0.31, 0.78],
      [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    ],
    [[0.5], [0.45, 0.5, 0.55]],
    [
      [0, 1],
      [0, 0.2, 0.4, 0.6, 0.8, 1],
    ],
    [[], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[1], [0.95, 1]],
  ])("of %j has ticks at %j", (values, ticks) => {
    const { tickvals, range } = percentSpan(themeOf(), values);
    expect((tickvals as number[]).map((tick) => Math.round(100 * tick) / 100)).toEqual(ticks);
    expect(range).toEqual([tickvals![0], tickvals!.at(-1)]);
  });
});

describe("classOrder", () => {
  test("is that of every table, each class once", () => {
    expect(classOrder(["x", "neutral", "calm", "anger", "x", "anger"])).toEqual([
      "anger",
      "neutral",
      "calm",
      "x",
    ]);
  });
});
