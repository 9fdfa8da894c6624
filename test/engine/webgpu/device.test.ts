import { afterEach, expect, test, vi } from "vitest";
import { UserError } from "../../../lib/base/errors.js";
import { findAdapter, type Gear, waitFor } from "../../../lib/engine/webgpu/device.js";

afterEach(() => {
  vi.useRealTimers();
});

function adapter(info: object) {
  const whole = { vendor: "", architecture: "", device: "", description: "", ...info };
  const limits = { maxBufferSize: 8, maxStorageBufferBindingSize: 4, maxComputeWorkgroupStorageSize: 2 };
  return () => ({ create: () => ({ requestAdapter: async () => ({ info: whole, limits }) as never }) });
}

test("a GPU, and programs that stand in for one", async () => {
  const software = async (info: object) => {
    const found = await findAdapter(adapter(info));
    return "info" in found && found.info.software;
  };
  expect(await software({ vendor: "nvidia", device: "H200" })).toBe(false);
  expect(await software({ vendor: "google", architecture: "swiftshader" })).toBe(true);
  expect(await software({ description: "llvmpipe (LLVM 15)" })).toBe(true);
  expect(await software({ device: "any", isFallbackAdapter: true })).toBe(true);
  const found = await findAdapter(adapter({ device: "H200" }));
  expect(found).toMatchObject({ info: { name: "H200", largestBuffer: 4, workgroupBytes: 2 } });
});

test("no adapter, and a package that does not load, have a reason", async () => {
  expect(await findAdapter(() => ({ create: () => ({ requestAdapter: async () => null }) }))).toEqual({
    reason: "no graphics driver is found",
  });
  expect(
    await findAdapter(() => {
      throw new Error("libX11.so: not found\nmore");
    }),
  ).toEqual({ reason: "the package webgpu does not load: libX11.so: not found" });
});

const gear = (failure?: string): Gear =>
  ({ info: { name: "H200", software: false }, failure, pipelines: new Map() }) as unknown as Gear;

test("a driver that hangs is an error after a minute, with a word on what to do", async () => {
  vi.useFakeTimers();
  const work = waitFor(gear(), new Promise(() => {}));
  const failed = expect(work).rejects.toThrow(
    'the GPU "H200" failed: it did not answer within 60 s; run it again (it resumes at the last checkpoint), or with --engine native',
  );
  await vi.advanceTimersByTimeAsync(60_000);
  await failed;
});

test("a lost device and too little memory are errors that say so", async () => {
  await expect(waitFor(gear("the device was lost (reset)"), Promise.resolve(1))).rejects.toThrow(UserError);
  await expect(
    waitFor(gear("the device was lost (reset)"), Promise.reject(new Error("map"))),
  ).rejects.toThrow(/was lost \(reset\); run it again/);
  await expect(waitFor(gear("Out of memory"), Promise.resolve(1))).rejects.toThrow(/^not enough memory/);
  expect(await waitFor(gear(), Promise.resolve(7))).toBe(7);
});
