import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { csvLine } from "../../lib/base/table.js";
import { parseSegments, readSegments, type Segment } from "../../lib/inference/segment-files.js";

interface Marked {
  start: number;
  end: number;
  speaker: string;
  label: string;
}

const time = fc.integer({ min: 0, max: 10_000_000 }).map((ms) => ms / 1000);
/** Words without what a format gives a meaning. */
const word = fc.stringMatching(/^[A-Za-z語é][A-Za-z0-9語é]{0,8}$/);
const marked = fc.record({ start: time, end: time, speaker: word, label: word });
const many = fc.array(marked, { minLength: 1, maxLength: 12 });

const clock = (seconds: number, point: string) => {
  const ms = Math.round(1000 * seconds);
  const part = (of: number, every: number, digits = 2) =>
    String(Math.floor(of / every)).padStart(digits, "0");
  return `${part(ms, 3_600_000)}:${part(ms % 3_600_000, 60_000)}:${part(ms % 60_000, 1000)}${point}${part(ms % 1000, 1, 3)}`;
};

function textGrid(all: readonly Marked[], short: boolean): string {
  const tiers = [...new Set(all.map(({ speaker }) => speaker))];
  const long = (name: string, value: string | number) => (short ? `${value}` : `    ${name} = ${value}`);
  return [
    ...['File type = "ooTextFile"', 'Object class = "TextGrid"', "", long("xmin", 0), long("xmax", 10_000)],
    ...[short ? "<exists>" : "tiers? <exists>", long("size", tiers.length), ...(short ? [] : ["item []:"])],
    ...tiers.flatMap((tier, t) => {
      const own = all.filter(({ speaker }) => speaker === tier);
      return [
        ...(short ? [] : [`    item [${t + 1}]:`]),
        ...[
          long("class", '"IntervalTier"'),
          long("name", `"${tier}"`),
          long("xmin", 0),
          long("xmax", 10_000),
        ],
        long("intervals: size", own.length),
        ...own.flatMap(({ start, end, label }, i) => [
          ...(short ? [] : [`        intervals [${i + 1}]:`]),
          ...[long("xmin", start), long("xmax", end), long("text", `"${label.replaceAll('"', '""')}"`)],
        ]),
      ];
    }),
    "",
  ].join("\n");
}

/** Each format: how it is written, and what of a segment it keeps. */
const FORMATS: Record<string, [(all: readonly Marked[]) => string, (one: Marked) => Partial<Segment>]> = {
  RTTM: [
    (all) =>
      all
        .map(
          ({ start, end, speaker }) =>
            `SPEAKER talk 1 ${start} ${end - start} <NA> <NA> ${speaker} <NA> <NA>`,
        )
        .join("\n"),
    ({ start, end, speaker }) => ({ start, end, speaker }),
  ],
  SRT: [
    (all) =>
      all
        .map(
          ({ start, end, label }, i) =>
            `${i + 1}\r\n${clock(start, ",")} --> ${clock(end, ",")}\r\n${label}\r\n`,
        )
        .join("\r\n"),
    ({ start, end, label }) => ({ start, end, label }),
  ],
  WebVTT: [
    (all) =>
      `WEBVTT\n\nNOTE a note\n\n${all
        .map(
          (one) =>
            `${clock(one.start, ".")} --> ${clock(one.end, ".")} align:left\n<v ${one.speaker}>${one.label}</v>\n`,
        )
        .join("\n")}`,
    ({ start, end, speaker, label }) => ({ start, end, speaker, label }),
  ],
  "Audacity's labels": [
    (all) =>
      all
        .map(({ start, end, label }) => `${start.toFixed(6)}\t${end.toFixed(6)}\t${label}\n\\\t1\t2\n`)
        .join(""),
    ({ start, end, label }) => ({ start, end, label }),
  ],
  CSV: [
    (all) =>
      csvLine(["Start", "end", "speaker", "text"]) +
      all.map(({ start, end, speaker, label }) => csvLine([start, end, speaker, label])).join(""),
    ({ start, end, speaker, label }) => ({ start, end, speaker, label }),
  ],
  "CSV with semicolons and decimal commas": [
    (all) =>
      `speaker;onset;duration\n${all.map(({ start, end, speaker }) => `${speaker};${String(start).replace(".", ",")};${String(end).replace(".", ",")}`).join("\n")}`,
    ({ start, end, speaker }) => ({ start, end: Math.round(1000 * (start + end)) / 1000, speaker }),
  ],
  "CSV without a header": [
    (all) => all.map(({ start, end, speaker, label }) => csvLine([start, end, speaker, label])).join(""),
    ({ start, end, speaker, label }) => ({ start, end, speaker, label }),
  ],
};

test.each(Object.entries(FORMATS))("%s: what was written is read", (_, [write, kept]) => {
  fc.assert(
    fc.property(many, (all) => {
      const read = parseSegments(write(all), "file");
      expect(read.map(({ line: _, ...rest }) => rest)).toEqual(all.map(kept));
      const lines = read.map(({ line }) => line);
      expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
    }),
    { seed: 1, numRuns: 200 },
  );
});

test.each([true, false])("a TextGrid, short %s: of several tiers each is a speaker", (short) => {
  fc.assert(
    fc.property(many, (all) => {
      const quoted = all.map((one) => ({ ...one, label: `"${one.label}" 12 <a>` }));
      const tiers = [...new Set(quoted.map(({ speaker }) => speaker))];
      const ordered = tiers.flatMap((tier) => quoted.filter(({ speaker }) => speaker === tier));
      const text = textGrid(quoted, short);
      const wanted = ordered.map(({ start, end, speaker, label }) => ({
        ...{ start, end, ...(tiers.length > 1 && { speaker }), label },
      }));
      expect(parseSegments(text, "file").map(({ line: _, ...rest }) => rest)).toEqual(wanted);
      const lines = text.split("\n");
      for (const { line, start } of parseSegments(text, "file"))
        expect(lines[line - 1]).toContain(String(start));
      const one = parseSegments(text, "file", { tier: tiers[0] });
      expect(one).toHaveLength(quoted.filter(({ speaker }) => speaker === tiers[0]).length);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("any text gives finite segments or an error with the file's name", () => {
  const signs = fc.string({ unit: fc.constantFrom(...'0123456789.,:;-> \t\n"<>\\eSPEAKER[]WVT'.split("")) });
  const damaged = fc
    .tuple(many, fc.constantFrom(...Object.values(FORMATS)), fc.nat(), fc.nat(), signs)
    .map(([all, [write], from, count, put]) => {
      const text = write(all);
      const at = from % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + (count % 20));
    });
  const grid = fc.tuple(many, fc.boolean(), fc.nat(), signs).map(([all, short, from, put]) => {
    const text = textGrid(all, short);
    const at = from % (text.length + 1);
    return text.slice(0, at) + put + text.slice(at + put.length);
  });
  fc.assert(
    fc.property(fc.oneof(signs, damaged, grid), (text) => {
      try {
        const segments = parseSegments(text, "the-file");
        expect(segments.length).toBeGreaterThan(0);
        for (const { line, start, end } of segments)
          expect([line, start, end].some(Number.isNaN)).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toMatch(/^the-file/);
        expect((error as Error).message).not.toMatch(/NaN|undefined/);
      }
    }),
    { seed: 3, numRuns: 3000 },
  );
});

describe("what is wrong is said, by line", () => {
  const wrong: [string, string, RegExp][] = [
    ["a time that is none", "start,end\n0,1\n1,x\n", /^f, line 3: end is "x", which is no time/],
    ["a duration that is none", "SPEAKER a 1 0 <NA> <NA> <NA> A\n", /^f, line 1: the duration is "<NA>"/],
    ["nothing", "", /^f is not a known kind|^f holds no segments/],
    ["prose", "Dear diary,\nall is well\n", /^f (is not a known kind|is no proper CSV)/],
    [
      "a TextGrid that ends early",
      textGrid([{ start: 0, end: 1, speaker: "a", label: "b" }], true).slice(0, 90),
      /^f, line \d+: the TextGrid is damaged/,
    ],
    ["another file of Praat's", '"ooTextFile"\n"PitchTier"\n', /not a TextGrid/],
  ];
  test.each(wrong)("%s", (_, text, reason) => {
    expect(() => parseSegments(text, "f")).toThrow(reason);
  });
});

test("an RTTM of several recordings: those of the recording, by its name", () => {
  const text = "SPEAKER a 1 0 1 <NA> <NA> x <NA> <NA>\nSPEAKER b 1 0 2 <NA> <NA> y <NA> <NA>\n";
  expect(parseSegments(text, "f", { recording: "talks/b.wav" })).toEqual([
    { line: 2, start: 0, end: 2, speaker: "y" },
  ]);
  expect(() => parseSegments(text, "f", { recording: "c.wav" })).toThrow(
    /of 2 recordings \(a, b, \.\.\.\), and none of c\.wav/,
  );
  const [first] = text.split("\n");
  expect(parseSegments(first!, "f", { recording: "c.wav" })).toHaveLength(1);
});

test("the name of a recording is known behind slashes of either kind", () => {
  const text = "file,start,end\nC:\\talks\\a.wav,0,1\nC:\\talks\\b.wav,0,2\n";
  expect(parseSegments(text, "f", { recording: "talks/b.flac" })).toMatchObject([{ end: 2 }]);
});

test("speakers of subtitles, as programs write them", () => {
  const srt = (...cues: string[]) =>
    cues.map((cue, i) => `${i + 1}\n00:00:0${i},000 --> 00:00:0${i},900\n${cue}\n`).join("\n");
  const read = parseSegments(srt("[SPEAKER_00]: hello", "Ann Lee: <i>yes</i>\nof course"), "f");
  expect(read.map(({ speaker, label }) => [speaker, label])).toEqual([
    ["SPEAKER_00", "hello"],
    ["Ann Lee", "yes of course"],
  ]);
  const prose = parseSegments(srt("Note: this is one", "and this", "and that"), "f");
  expect(prose.map(({ speaker }) => speaker)).toEqual([undefined, undefined, undefined]);
});

test("files in UTF-16, as Praat saves them, and of a Windows code page", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-segments-"));
  const text = textGrid([{ start: 0, end: 1, speaker: "a", label: "語" }], false);
  await writeFile(
    join(folder, "a.TextGrid"),
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]),
  );
  expect(await readSegments(join(folder, "a.TextGrid"))).toMatchObject([{ start: 0, end: 1, label: "語" }]);
  await writeFile(join(folder, "b.csv"), Buffer.from("start,end,speaker\n0,1,Ren\xe9\n", "latin1"));
  expect(await readSegments(join(folder, "b.csv"))).toMatchObject([{ speaker: "René" }]);
  await writeFile(join(folder, "c.bin"), Buffer.alloc(100));
  await expect(readSegments(join(folder, "c.bin"))).rejects.toThrow(/c\.bin is not text/);
  await expect(readSegments(join(folder, "none"))).rejects.toThrow(
    /cannot read the segments .*none: no such file/,
  );
  await rm(folder, { recursive: true });
});
