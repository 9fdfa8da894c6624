import { createRequire } from "node:module";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodePcm } from "../../lib/audio/read.js";
import { encodeWav } from "../../lib/audio/write.js";
import { UsageError } from "../../lib/base/errors.js";
import { type Display, setNotebookHost } from "../../lib/base/notebook.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { classCounts } from "../../lib/figures/class-counts.js";
import { listen, show } from "../../lib/notebook/display.js";
import { PRIVATE_AUDIO } from "../../lib/notebook/nbformat.js";

let shown: Display[];
beforeEach(() => {
  shown = [];
  setNotebookHost({ display: (display) => shown.push(display), cell: 1 });
});
afterEach(() => setNotebookHost(undefined));

test("a figure is one output with its data and its picture", async () => {
  const figure = classCounts({ corpora: [{ name: "savee", counts: { anger: 60, neutral: 120 } }] });
  await show(figure, { scale: 1 });
  expect(shown).toHaveLength(1);
  const { data, metadata } = shown[0]!;
  expect(Object.keys(data)).toEqual(["application/vnd.plotly.v1+json", "image/png", "text/plain"]);
  expect(data["application/vnd.plotly.v1+json"]).toMatchObject({
    data: [{ type: "bar", x: [60] }, { x: [120] }],
    config: { displaylogo: false },
  });
  const png = Buffer.from(data["image/png"] as string, "base64");
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  // Width and height stand at bytes 16 and 20 of a PNG file.
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([figure.layout.width, figure.layout.height]);
  expect(metadata).toEqual({ "image/png": { width: figure.layout.width, height: figure.layout.height } });
});

test("danfo's frames and series, and records, are tables with their HTML escaped", async () => {
  const danfo = createRequire(import.meta.url)("danfojs-node");
  const frame = new danfo.DataFrame([
    { speaker: "<DC>", uar: 0.5 },
    { speaker: "KL", uar: 1 / 3 },
  ]);
  await show(frame);
  await show(frame.uar);
  await show([{ a: 1 }, { a: null, b: true }]);
  const [table, series, records] = shown.map(({ data }) => data as Record<string, string>);
  expect(table!["text/html"]).toContain("<td>&lt;DC&gt;</td>");
  expect(table!["text/plain"]).toBe(
    "   speaker      uar\n─  ───────  ───────\n0  <DC>         0.5\n1  KL       0.33333",
  );
  expect(series!["text/plain"]).toContain("0.33333");
  expect(records!["text/plain"]).toBe("a  b\n─  ────\n1  -\n-  true");
});

test("a long table is cut and says so; other things are refused", async () => {
  await show(
    Array.from({ length: 50 }, (_, i) => ({ i })),
    { rows: 3 },
  );
  expect(shown[0]!.data["text/plain"]).toMatch(/2\n\.\.\. 47 more rows$/);
  expect(shown[0]!.data["text/html"]).toContain("47 more rows");
  await expect(show(new Map() as unknown as object[])).rejects.toThrow(UsageError);
  await expect(show([1] as unknown as object[])).rejects.toThrow(UsageError);
});

test("sound is a player of at most 10 s at 16 kHz, and private unless it may be kept", async () => {
  const samples = Float32Array.from(
    { length: 12 * 32000 },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / 32000),
  );
  await listen({ samples, sampleRate: 32000 });
  await listen({ samples, sampleRate: 32000 }, { seconds: 1, keep: true });
  const base64 = /src="data:audio\/wav;base64,([^"]+)"/.exec(shown[0]!.data["text/html"] as string)![1]!;
  const audio = decodePcm(Buffer.from(base64, "base64"), "player");
  expect([audio.sampleRate, audio.samples.length]).toEqual([16000, 160000]);
  expect(shown.map(({ metadata }) => metadata)).toEqual([{ [PRIVATE_AUDIO]: true }, {}]);
  expect(shown[1]!.data["text/plain"]).toBe("[audio: sound, 1.00 s]");
  await expect(listen({ samples, sampleRate: 32000 }, { seconds: 11 })).rejects.toThrow(UsageError);
});

test("a recorded clip's sound is private, a synthetic one's is kept", async () => {
  const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
  const folder = await mkdtemp(`${(await import("node:os")).tmpdir()}/listen-`);
  try {
    const path = `${folder}/a.wav`;
    await writeFile(path, encodeWav(new Float32Array(1600).fill(0.1), 16000));
    const clip: Clip = {
      id: "savee/DC_a01",
      corpus: "savee",
      speaker: "DC",
      emotion: "anger",
      label: "a",
      path,
      synthetic: false,
    };
    await listen(clip);
    await listen({ ...clip, synthetic: true });
    expect(shown.map(({ metadata }) => metadata)).toEqual([{ [PRIVATE_AUDIO]: true }, {}]);
    expect(shown[0]!.data["text/plain"]).toBe("[audio: savee/DC_a01, 0.10 s]");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("outside a notebook there is a line of text", async () => {
  setNotebookHost(undefined);
  const written: string[] = [];
  const write = vi
    .spyOn(process.stdout, "write")
    .mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await show(classCounts({ corpora: [{ name: "savee", counts: { anger: 1 } }] }));
    await show([{ a: 1 }]);
    await listen({ samples: new Float32Array(8000), sampleRate: 8000 });
  } finally {
    write.mockRestore();
  }
  expect(written).toEqual([
    expect.stringMatching(/^\[figure: Clips by emotion/),
    "a\n─\n1\n",
    "[audio: sound, 1.00 s]\n",
  ]);
});
