import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openEncoder } from "../../lib/encoders/network.js";
import { SafetensorsFile } from "../../lib/encoders/safetensors.js";
import { addEncoder } from "../../lib/encoders/store.js";
import { CORE_ENGINES } from "../engine/gradients.js";
import { farthest } from "../features/fixture.js";
import { FIXTURE } from "./files.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "network-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test.each(CORE_ENGINES)(
  "an encoder that was added gives transformers' hidden states on %s",
  async (engine) => {
    const { digest } = await addEncoder(FIXTURE, { name: "fixture" });
    const file = await SafetensorsFile.open(join(FIXTURE, "states.safetensors"));
    const [rows, cols] = file.shapes.get("mel")! as [number, number];
    const input = { data: await file.read("mel"), rows, cols };
    const expected = await Promise.all([0, 1, 2].map((i) => file.read(`state${i}`)));
    await file.close();
    const { info, states, dispose } = await openEncoder(digest, { engine, threads: 2 });
    const found = await states(input);
    await dispose();
    expect([found.rows, found.cols]).toEqual([rows / 2, 3 * info.width]);
    expected.forEach((state, layer) => {
      const own = state.map((_, i) => {
        const [row, col] = [Math.floor(i / info.width), i % info.width];
        return found.data[row * found.cols + layer * info.width + col]!;
      });
      const deviation = Math.sqrt(state.reduce((sum, value) => sum + value * value, 0) / state.length);
      expect(farthest(own, state) / deviation).toBeLessThan(1e-3);
    });
  },
);

test("one that is not there is an error that says how to get it", async () => {
  await expect(openEncoder("f".repeat(64))).rejects.toThrow(
    /unknown encoder f{64}: .*ser encoder add FOLDER/,
  );
});

test("inputs of several callers at once are heard one after the other", async () => {
  const { digest } = await addEncoder(FIXTURE, { name: "fixture" });
  const { states, dispose } = await openEncoder(digest);
  const inputs = [8, 20, 14, 20].map((rows) => ({
    ...{ rows, cols: 80 },
    data: Float32Array.from({ length: rows * 80 }, (_, i) => Math.sin(i * rows)),
  }));
  const alone = [];
  for (const input of inputs) alone.push(await states(input));
  expect(await Promise.all(inputs.map(states))).toEqual(alone);
  const short = { data: new Float32Array(1), rows: 2, cols: 80 };
  const [refused, fine] = await Promise.allSettled([states(short), states(inputs[0]!)]);
  expect([refused!.status, fine!.status]).toEqual(["rejected", "fulfilled"]);
  await dispose();
});
