import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { KNOWN_ENCODERS } from "../../lib/encoders/known.js";
import { addEncoder, readEncoder } from "../../lib/encoders/store.js";
import { needs } from "../needs.js";

test("every published encoder has a licence and a page", () => {
  for (const [name, { licence, source, repository }] of Object.entries(KNOWN_ENCODERS)) {
    expect(repository).toContain(`/${name}`);
    expect(source).toBe(`https://huggingface.co/${repository}`);
    expect(licence).toMatch(/^\S+$/);
  }
});

// Where the folder is named, a model that it lacks is a failure.
const folder = process.env.SER_ENCODERS;
describe("the real weights", needs("encoders"), () => {
  let cache: string;
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), "known-"));
    vi.stubEnv("XDG_CACHE_HOME", cache);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(cache, { recursive: true });
  });

  test.each([
    ["whisper-base", 6, 512, 20_593_664],
    ["whisper-tiny.en", 4, 384, 8_209_920],
  ])("%s is recognised, and has the digest that is known", async (name, blocks, width, parameters) => {
    const path = join(folder!, name, "model.bin");
    expect(existsSync(path), `${path} is there`).toBe(true);
    const { licence, source, digest } = KNOWN_ENCODERS[name]!;
    const info = await addEncoder(path);
    expect(info).toMatchObject({ name, blocks, width, parameters, digest, licence, source });
    const { tensors } = await readEncoder(info.digest);
    expect(tensors.get("positions/table")!.shape).toEqual([1500, width]);
    // Trained norms, not what they begin with.
    const gammas = tensors.get(`block${blocks - 1}.norm1/gamma`)!.data;
    expect(gammas.some((gamma) => Math.abs(gamma - 1) > 0.1)).toBe(true);
  });
});
