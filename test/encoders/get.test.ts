import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { claim } from "../../lib/base/claims.js";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { downloadsOf, type GetOptions, getEncoder } from "../../lib/encoders/get.js";
import { addEncoder, listEncoders } from "../../lib/encoders/store.js";
import { encoderFolder } from "../../lib/encoders/stored.js";
import type { EncoderInfo } from "../../lib/encoders/types.js";
import type { TestServer } from "../base/server.js";
import { FIXTURE } from "./files.js";
import { type HubOptions, MIDDLE, pointerOf, startHub, WEIGHTS } from "./hub.js";

const NAME = "whisper-small.en";
let folder: string;
let hub: TestServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "get-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub?.stop();
  await rm(folder, { recursive: true });
});

async function get(options: HubOptions, more: GetOptions = {}): Promise<EncoderInfo> {
  hub = await startHub(options);
  return again(more);
}

function again(more: GetOptions = {}): Promise<EncoderInfo> {
  return getEncoder(NAME, { url: hub.url, quiet: true, backoffMs: 1, stallMs: 120_000, ...more });
}

const asked = () => hub.requests.map(({ url }) => url!.replace(/^.*?main\//, ""));
const partOf = (name: string) => stat(join(downloadsOf(name), "model.safetensors.part"));

test("fetches, compares the checksum, keeps the encoder, and tidies up", async () => {
  const info = await get({});
  expect(info).toMatchObject({
    name: NAME,
    width: 96,
    licence: "MIT",
    source: `https://huggingface.co/openai/${NAME}`,
  });
  expect(await listEncoders()).toEqual([info]);
  expect(await readdir(join(encoderFolder(), "downloads"))).toEqual([".claims"]);
  expect(asked()).toEqual(["config.json", "model.safetensors", "model.safetensors"]);
  expect(await again()).toEqual(info);
  expect(asked()).toHaveLength(3);
});

test("goes on after a cut, asking for the rest only", async () => {
  const lines: string[] = [];
  await get({ cut: (n) => (n === 1 ? MIDDLE : undefined) }, { log: (line) => lines.push(line) });
  expect(hub.requests.slice(2).map(({ headers }) => headers.range)).toEqual([
    undefined,
    expect.stringMatching(/^bytes=[1-9]/),
  ]);
  expect(lines.filter((line) => line.includes("trying again"))).toHaveLength(1);
});

test("goes on in a later call", async () => {
  const failure = get({ cut: (n) => (n === 1 ? MIDDLE : undefined) }, { retries: 0 });
  await expect(failure).rejects.toThrow(/cannot download .*the connection/);
  expect((await partOf(NAME)).size).toBeGreaterThan(0);
  await again();
  expect(hub.requests.at(-1)!.headers.range).toMatch(/^bytes=[1-9]/);
});

test("stopped, it keeps the part and nothing else", async () => {
  const controller = new AbortController();
  const stopped = get({ cut: () => MIDDLE, stall: true }, { signal: controller.signal });
  const seen = async () => expect((await partOf(NAME)).size).toBeGreaterThan(0);
  await vi.waitFor(seen, { timeout: 60_000, interval: 20 });
  controller.abort();
  await expect(stopped).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  expect((await partOf(NAME)).size).toBeGreaterThan(0);
  expect(await listEncoders()).toEqual([]);
});

test("a file of another checksum or size is not taken, and is fetched anew", async () => {
  const other = Buffer.from(WEIGHTS);
  other[other.length - 1]! ^= 1;
  for (const [pointer, words] of [
    [
      pointerOf(other),
      /downloaded model\.safetensors has the checksum [0-9a-f]{12}\.\.\. instead of [0-9a-f]{12}.* removed: try again/,
    ],
    [pointerOf(WEIGHTS.subarray(1)), /has \d+ bytes instead of \d+ and was removed: try again/],
  ] as const) {
    await expect(get({ pointer })).rejects.toThrow(words);
    expect(await readdir(downloadsOf(NAME))).toEqual(["config.json"]);
    expect(await listEncoders()).toEqual([]);
    await hub.stop();
  }
  await get({});
  expect(hub.requests.at(-1)!.headers.range).toBeUndefined();
});

test("a server that tells no checksum, or sends the whole file for it", async () => {
  await expect(get({ pointer: "nothing" })).rejects.toThrow(/does not state the file's checksum/);
  await hub.stop();
  await expect(get({ pointer: Buffer.alloc(2_000_000) })).rejects.toThrow(/more than 1000000 bytes/);
});

test("without the host, one line says which files to put where", async () => {
  hub = await startHub();
  await hub.stop();
  const failure = again({ retries: 1 });
  await expect(failure).rejects.toThrow(UserError);
  await expect(failure).rejects.toThrow(
    /refused the connection\. To get it by hand, put model\.safetensors and config\.json of https:\/\/huggingface\.co\/openai\/whisper-small\.en into a folder and run: ser encoder add FOLDER --name whisper-small\.en$/,
  );
  await expect(failure).rejects.not.toThrow(/\n/);
  await expect(again({ url: "http://no-such-host.invalid" })).rejects.toThrow(
    /is there a network\? To get it by hand/,
  );
  await expect(again({ url: "nowhere" })).rejects.toThrow(UsageError);
});

test("where there may be a pickle only, the lines of Python are told", async () => {
  hub = await startHub();
  const failure = getEncoder("hubert-base", { url: hub.url, quiet: true, backoffMs: 1 });
  await expect(failure).rejects.toThrow(
    /file not found\)\. To get it by hand, put .* --name hubert-base\. If that page has only a pickle: python3 -c 'from transformers import AutoModel; m = AutoModel\.from_pretrained\("facebook\/hubert-base-ls960"\)/,
  );
});

test("a name that is not known", async () => {
  const failure = getEncoder("wisper-base");
  await expect(failure).rejects.toThrow(UsageError);
  await expect(failure).rejects.toThrow(
    /wisper-base is not a known encoder: known are whisper-tiny, .*did you mean "whisper-base"\?/,
  );
  await expect(getEncoder("constructor")).rejects.toThrow(UsageError);
});

test("a name that another encoder has", async () => {
  await addEncoder(FIXTURE, { name: NAME });
  await expect(get({})).rejects.toThrow(/another encoder is called whisper-small\.en/);
});

test("one process at a time", async () => {
  const held = await claim(join(encoderFolder(), "downloads", ".claims"), NAME);
  await expect(get({})).rejects.toThrow(/is being downloaded by another process/);
  await held!.release(true);
  await again();
});
