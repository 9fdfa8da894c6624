import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { addEngine } from "../../lib/cli/engine.js";

let out = "";
beforeEach(() => {
  out = "";
  vi.stubEnv("SER_ENGINE", "");
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = 0;
});

async function ser(...args: string[]): Promise<string> {
  const program = new Command().exitOverride();
  addEngine(program);
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync(["engine", ...args], { from: "user" });
  return out;
}

test("--json: every engine, best first, exactly one of them chosen", async () => {
  const engines = JSON.parse(await ser("--json")) as {
    engine: string;
    available: boolean;
    chosen: boolean;
  }[];
  expect(engines.map(({ engine }) => engine)).toEqual(["tensorflow-gpu", "webgpu", "native", "wasm", "tfjs"]);
  expect(engines.filter(({ chosen }) => chosen)).toEqual([engines.find(({ available }) => available)]);
});

test("the table has a line for each, and the environment chooses", async () => {
  vi.stubEnv("SER_ENGINE", "tfjs");
  const lines = (await ser()).trimEnd().split("\n");
  expect(lines).toHaveLength(7);
  expect(lines[0]).toMatch(/^engine +available +threads +instructions +why$/);
  expect(lines.filter((line) => line.includes("chosen"))).toEqual([expect.stringMatching(/^tfjs +chosen/)]);
});

test("--engine says whether it can be had, and refuses what no engine is called", async () => {
  const engines = JSON.parse(await ser("--json", "--engine", "wasm")) as {
    engine: string;
    chosen: boolean;
  }[];
  expect(engines.find(({ chosen }) => chosen)!.engine).toBe("wasm");
  expect(process.exitCode ?? 0).toBe(0);
  await expect(ser("--engine", "cuda")).rejects.toThrow(UsageError);
});

test("one asked for that is not there: the list, and exit code 1", async () => {
  const gpu = (JSON.parse(await ser("--json")) as { available: boolean }[])[0]!.available;
  out = "";
  await ser("--engine", "tensorflow-gpu");
  expect(out).toMatch(/^tensorflow-gpu/m);
  expect(process.exitCode ?? 0).toBe(gpu ? 0 : 1);
});

test("--measure times the steps of an engine, and knows its networks", async () => {
  const speeds = JSON.parse(await ser("--json", "--engine", "wasm", "--measure", "cnn-small"));
  expect(speeds).toEqual([{ engine: "wasm", milliseconds: expect.any(Number), steps: expect.any(Number) }]);
  out = "";
  expect(await ser("--engine", "wasm", "--measure", "cnn-small")).toMatch(/^engine +ms a step +steps/);
  await expect(ser("--measure", "gpt")).rejects.toThrow(/no network is called "gpt"/);
});

test("--help has examples", async () => {
  await expect(ser("--help")).rejects.toThrow("outputHelp");
  expect(out).toMatch(/Examples:\n {2}ser engine\n/);
});
