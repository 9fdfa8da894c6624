import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import type { Core } from "../../lib/engine/core.js";
import { chooseEngine, detectEngines, type EngineLoaders } from "../../lib/engine/detect.js";
import { ENGINES } from "../../lib/engine/trainer.js";

const ADAPTER = {
  name: "H200",
  backend: "Vulkan",
  software: false,
  largestBuffer: 2 ** 31,
  workgroupBytes: 49_152,
  workgroupThreads: 1024,
};

/** A machine that has some of the engines; the cores are names only, since choosing starts none. */
function machine(...has: string[]): EngineLoaders {
  const core = (engine: "native" | "wasm") => () =>
    has.includes(engine)
      ? { core: { engine, instructionSet: "any" } as Core }
      : { reason: `no ${engine} here` };
  return {
    gpu: () => ({ backend: () => ({ isUsingGpuDevice: has.includes("tensorflow-gpu") }) }),
    webgpu: async () =>
      has.includes("webgpu") || has.includes("software")
        ? {
            core: { engine: "webgpu", instructionSet: "any" } as Core,
            adapter: { ...ADAPTER, software: has.includes("software") },
          }
        : { reason: "no webgpu here" },
    native: core("native"),
    wasm: core("wasm"),
  };
}

const before = process.env.SER_ENGINE;
beforeEach(() => {
  delete process.env.SER_ENGINE;
});
afterEach(() => {
  if (before === undefined) delete process.env.SER_ENGINE;
  else process.env.SER_ENGINE = before;
});

test("the best there is, in the order tensorflow-gpu, webgpu, native, wasm, tfjs", async () => {
  for (let best = 0; best < ENGINES.length; best++) {
    expect((await chooseEngine(undefined, machine(...ENGINES.slice(best)))).engine).toBe(ENGINES[best]);
  }
});

test("one asked for wins over a better one; the argument over SER_ENGINE", async () => {
  const all = machine(...ENGINES);
  expect((await chooseEngine("wasm", all)).engine).toBe("wasm");
  process.env.SER_ENGINE = "tfjs";
  expect((await chooseEngine(undefined, all)).engine).toBe("tfjs");
  expect((await chooseEngine("native", all)).core?.engine).toBe("native");
  process.env.SER_ENGINE = "";
  expect((await chooseEngine(undefined, machine("wasm"))).engine).toBe("wasm");
});

test("one asked for that is not there is refused with its reason, never replaced", async () => {
  await expect(chooseEngine("native", machine("wasm"))).rejects.toThrow(
    'the engine "native" is not available: no native here; `ser engine` lists the available ones',
  );
  await expect(chooseEngine("tensorflow-gpu", machine())).rejects.toThrow(UserError);
});

test("a name that no engine has is wrong usage, and says which there are and where it came from", async () => {
  await expect(chooseEngine("cuda", machine())).rejects.toThrow(UsageError);
  await expect(chooseEngine("cuda", machine())).rejects.toThrow(
    '--engine: unknown engine "cuda"; the engines are tensorflow-gpu, webgpu, native, wasm, tfjs',
  );
  process.env.SER_ENGINE = "pytorch";
  await expect(chooseEngine(undefined, machine())).rejects.toThrow(/^SER_ENGINE: unknown engine "pytorch"/);
});

test("the list marks what would be taken, and nothing where that is not there", async () => {
  const chosen = async (wanted?: string) =>
    (await detectEngines(wanted, machine("tensorflow-gpu")))
      .filter((status) => status.chosen)
      .map(({ engine }) => engine);
  expect(await chosen()).toEqual(["tensorflow-gpu"]);
  expect(await chosen("tfjs")).toEqual(["tfjs"]);
  expect(await chosen("native")).toEqual([]);
  await expect(chosen("cuda")).rejects.toThrow(UsageError);
});

test("a software adapter is listed with its limits, and taken only by name", async () => {
  const loaders = machine("software", "wasm");
  expect((await chooseEngine(undefined, loaders)).engine).toBe("wasm");
  expect((await chooseEngine("webgpu", loaders)).engine).toBe("webgpu");
  process.env.SER_ENGINE = "webgpu";
  expect((await chooseEngine(undefined, loaders)).adapter?.software).toBe(true);
  delete process.env.SER_ENGINE;
  const listed = async (name?: string, ...has: string[]) =>
    (await detectEngines(name, { ...machine("tensorflow-gpu", ...has), gpu: undefined })).find(
      ({ engine }) => engine === "webgpu",
    )!;
  expect(await listed(undefined, "software")).toMatchObject({
    available: true,
    chosen: false,
    reason: "a software adapter, used only when asked for; arrays of at most 2048 MiB, 48 KiB a workgroup",
  });
  expect(await listed(undefined, "webgpu")).toMatchObject({ chosen: true, adapter: ADAPTER });
  expect(await listed("webgpu", "software")).toMatchObject({ chosen: true });
});

test("this machine: every engine once, with threads and instructions where it is available", async () => {
  const found = await detectEngines();
  expect(found.map(({ engine }) => engine)).toEqual(ENGINES);
  for (const { available, reason, threads, instructionSet } of found) {
    expect(reason).not.toBe("");
    if (available) expect(instructionSet).toBeTruthy();
    else expect(threads).toBeUndefined();
  }
  expect(found.slice(3).map(({ available }) => available)).toEqual([true, true]); // wasm and tfjs need nothing
  expect(found[3]!.threads).toBeGreaterThanOrEqual(1);
});
