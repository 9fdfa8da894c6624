import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { addEncoderCommand } from "../../lib/cli/encoder.js";
import { downloadsOf } from "../../lib/encoders/get.js";
import { encoderFolder } from "../../lib/encoders/stored.js";
import type { TestServer } from "../base/server.js";
import { configOf, FIXTURE, huggingFaceParts, writeHuggingFace } from "../encoders/files.js";
import { MIDDLE, startHub } from "../encoders/hub.js";
import { needs } from "../needs.js";
import { capturePrinted, printed } from "./printed.js";

let folder: string;
let hub: TestServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-encoder-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("HF_ENDPOINT", "http://no-such-host.invalid");
});
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

capturePrinted();

/** Runs `ser encoder ...`; resolves to what it printed. */
async function ser(...args: string[]): Promise<string> {
  const program = new Command().exitOverride();
  addEncoderCommand(program);
  printed.out = "";
  await program.parseAsync(["encoder", ...args], { from: "user" });
  return printed.out;
}

const BIN = join(import.meta.dirname, "..", "..", "dist", "ser.cjs");

/** Runs the built command; `meanwhile` may send it signals. */
function spawned(
  args: readonly string[],
  meanwhile?: (kill: () => void) => Promise<void>,
): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, "encoder", ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (piece) => {
      stderr += piece;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr }));
    meanwhile?.(() => child.kill("SIGINT")).catch(reject);
  });
}

test("add, list, check, remove", async () => {
  expect(await ser("list")).toMatch(/^No encoder found in .*"ser encoder get whisper-base" downloads one/);
  expect(await ser("add", FIXTURE, "--name", "one")).toMatch(
    /^one: 2 blocks of width 24, 16,\d{3} weights, licence unknown, digest [0-9a-f]{12}\n$/,
  );
  const info = JSON.parse(await ser("add", join(FIXTURE, "model.bin"), "--json"));
  expect(info).toMatchObject({ name: "one", family: "whisper", blocks: 2, bands: 80, positions: 36 });
  expect(JSON.parse(await ser("list", "--json"))).toEqual([info]);
  const table = (await ser("list", "--check")).trimEnd().split("\n");
  expect(table).toHaveLength(3);
  expect(table[2]).toMatch(new RegExp(`^one +${info.digest.slice(0, 12)} +2 +24 `));
  expect(process.exitCode ?? 0).toBe(0);
  expect(await ser("rm", info.digest.slice(0, 8))).toBe(
    `${info.digest.slice(0, 8)} (${info.digest.slice(0, 12)}) was removed\n`,
  );
  expect(JSON.parse(await ser("list", "--json"))).toEqual([]);
});

test("list tells of a damaged one, with exit code 1", async () => {
  const { digest } = JSON.parse(await ser("add", FIXTURE, "--name", "one", "--json"));
  const path = join(encoderFolder(), digest, "encoder.safetensors");
  const bytes = await readFile(path);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(path, bytes);
  expect(await ser("list")).toMatch(/^one/m);
  expect(process.exitCode ?? 0).toBe(0);
  expect(await ser("list", "--check")).toBe("");
  expect(printed.err).toMatch(/^ser: the encoder one is damaged \(.*\): add it again with .*\n$/);
  expect(process.exitCode).toBe(1);
  expect(JSON.parse(await ser("list", "--check", "--json"))).toEqual([
    { digest, problem: expect.any(String) },
  ]);
});

describe("one line, exit code 1, and nothing is kept:", () => {
  const cut = async (name: string) => {
    const bytes = await readFile(join(FIXTURE, name));
    await writeFile(join(folder, name), bytes.subarray(0, Math.floor(0.9 * bytes.length)));
    await writeFile(join(folder, "config.json"), JSON.stringify(configOf()));
    return join(folder, name);
  };
  const model = async (config: Record<string, unknown> | undefined) => {
    await writeHuggingFace(join(folder, "model"), huggingFaceParts(), config);
    return join(folder, "model");
  };
  const file = async (name: string, content: string | Buffer) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  test.each<[string, () => Promise<string>, RegExp]>([
    [
      "safetensors cut at 90 %",
      () => cut("model.safetensors"),
      /model\.safetensors is truncated: it has 33264 bytes of at least 36960; download/,
    ],
    [
      "model.bin cut at 90 %",
      () => cut("model.bin"),
      /model\.bin is truncated: it has \d+ bytes of at least \d+; download/,
    ],
    [
      "wrong shapes",
      () => model(configOf({ hidden: 32 })),
      /layers\.0\.fc1\.weight has the shape \[24,16\] and should have \[32,16\]$/,
    ],
    [
      "a pickle",
      () => file("base.pt", Buffer.from("80028a0a6cfc9c46", "hex")),
      /is a pickle, .*save_pretrained/,
    ],
    ["a text", () => file("notes.txt", "Nothing.\n"), /notes\.txt is a text file: give /],
    ["no config.json", () => model(undefined), /has no config\.json beside it/],
    [
      "a model of another kind",
      () => model({ model_type: "bert" }),
      /has the model_type "bert"; supported are Whisper tiny, base and small/,
    ],
    ["Whisper large-v3", () => model(configOf({ bands: 128 })), /128 mel bands, as Whisper large-v3 has/],
    ["a folder with nothing", () => mkdir(join(folder, "e")).then(() => join(folder, "e")), /holds no model/],
    ["no such file", async () => join(folder, "none"), /cannot read .*none: no such file or folder/],
  ])("%s", async (_, make, words) => {
    const path = await make();
    const error = await ser("add", path, "--name", "one").then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(1);
    expect((error as UserError).message).toMatch(words);
    expect((error as UserError).message).not.toContain("\n");
    expect(await readdir(encoderFolder()).catch(() => [])).toEqual([]);
  });
});

test("get fetches from the host that --url or HF_ENDPOINT names", async () => {
  hub = await startHub({ cut: (n) => (n === 1 ? MIDDLE : undefined) });
  expect(await ser("get", "whisper-tiny", "--url", `${hub.url}/`)).toMatch(/^whisper-tiny: .*licence MIT/);
  expect(printed.err).toMatch(/trying again/);
  vi.stubEnv("HF_ENDPOINT", hub.url);
  expect(JSON.parse(await ser("get", "whisper-tiny", "--json"))).toMatchObject({
    name: "whisper-tiny",
    width: 96,
  });
});

test("Ctrl-C keeps what was fetched, and the same command goes on", needs("posix"), async () => {
  hub = await startHub({ cut: (n) => (n === 1 ? MIDDLE : undefined), stall: true });
  const part = join(downloadsOf("whisper-tiny"), "model.safetensors.part");
  const args = ["get", "whisper-tiny", "--url", hub.url];
  const stopped = await spawned(args, async (kill) => {
    const there = async () => expect((await stat(part)).size).toBe(MIDDLE);
    await vi.waitFor(there, { timeout: 120_000, interval: 50 });
    kill();
  });
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toMatch(
    /ser: 0 MB are kept: the same command resumes the download\nser: stopped\n$/,
  );
  expect(JSON.parse(await ser("list", "--json"))).toEqual([]);
  expect(await spawned(args)).toMatchObject({ code: 0 });
  expect(hub.requests.at(-1)!.headers.range).toBe(`bytes=${MIDDLE}-`);
});

test("wrong usage is exit code 2, no network 1", async () => {
  expect(await spawned(["add"])).toMatchObject({ code: 2 });
  expect(await spawned(["add", FIXTURE, "--name", "a/b"])).toMatchObject({ code: 2 });
  expect(await spawned(["get", "whisper-huge"])).toMatchObject({ code: 2 });
  const { code, stderr } = await spawned(["get", "whisper-tiny"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ser: cannot download .* To get it by hand, put .*\n$/);
});

test.each(["add", "get", "list", "rm"])("%s --help has examples", async (name) => {
  await expect(ser(name, "--help")).rejects.toThrow("outputHelp");
  expect(printed.out).toMatch(new RegExp(`Examples:\n {2}ser encoder ${name}`));
});
