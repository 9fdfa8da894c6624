import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "node-wav";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { handle } from "../../lib/corpora/check.worker.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-check-worker-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function facts(content: Uint8Array) {
  const path = join(root, "clip.wav");
  await writeFile(path, content);
  const [file] = (await handle([{ path }])).result;
  return file!;
}

const tone = (change: (samples: Float32Array) => void) => {
  const samples = Float32Array.from({ length: 1000 }, (_, i) => 0.5 * Math.sin(i / 10));
  change(samples);
  return samples;
};

const wav = (samples: Float32Array, bitDepth: number) => encode([samples], { sampleRate: 8000, bitDepth });

test("the digest is the SHA-256 of the file", async () => {
  const bytes = wav(
    tone(() => {}),
    16,
  );
  expect(await facts(bytes)).toMatchObject({
    digest: sha256(await readFile(join(root, "clip.wav"))),
    seconds: 0.125,
  });
});

test.each([8, 16, 24])(
  "three samples in a row at full scale are clipped, two are not (%i bit)",
  async (bits) => {
    for (const sign of [1, -1]) {
      const three = wav(
        tone((samples) => samples.fill(sign, 500, 503)),
        bits,
      );
      const two = wav(
        tone((samples) => samples.fill(sign, 500, 502)),
        bits,
      );
      expect(await facts(three)).toMatchObject({ level: [{ kind: "clipped" }] });
      expect(await facts(two)).toMatchObject({ level: [] });
    }
  },
);

test("a segment has its own samples, length and faults, and the digest of its file", async () => {
  const path = join(root, "long.wav");
  const samples = tone((all) => all.fill(0, 0, 500));
  await writeFile(path, wav(samples, 16));
  const { result } = await handle([
    { path },
    { path, end: 0.0625 },
    { path, start: 0.0625 },
    { path, start: 0.1, end: 0.5 },
  ]);
  expect(result).toMatchObject([
    { seconds: 0.125, level: [], digest: sha256(await readFile(path)) },
    { seconds: 0.0625, level: [{ kind: "silent" }], digest: sha256(await readFile(path)) },
    { seconds: 0.0625, level: [] },
    { problem: "the segment ends at 0.5 s, but the file lasts 0.125 s" },
  ]);
});

test("silence is silent, the smallest step of 16 bit is not", async () => {
  expect(await facts(wav(new Float32Array(1000), 16))).toMatchObject({ level: [{ kind: "silent" }] });
  const step = tone((samples) => samples.fill(0).fill(-1 / 32768, 10, 11));
  expect(await facts(wav(step, 16))).toMatchObject({ level: [{ kind: "faint" }] });
});

test("channels that cancel each other out are no silence", async () => {
  const left = tone(() => {});
  const stereo = encode([left, left.map((value) => -value)], { sampleRate: 8000, bitDepth: 16 });
  const file = await facts(stereo);
  expect(file).toMatchObject({ level: [], warnings: [] });
  expect("cancellation" in file && file.cancellation).toBeGreaterThan(80);
});

test("what cannot be read is told", async () => {
  expect(await facts(Buffer.from("not sound"))).toHaveProperty("problem");
  expect((await handle([{ path: join(root, "nowhere.wav") }])).result).toEqual([
    { problem: "no such file or folder" },
  ]);
  expect((await handle([{ path: root }])).result).toEqual([{ problem: "is a folder, not a file" }]);
});
