import { describe, expect, test } from "vitest";
import { loadWebgpu } from "../../lib/engine/webgpu.js";
import { onAdapter } from "../adapter.js";
import { needs } from "../needs.js";
import { coreContract } from "./core-contract.js";

describe("the contract of every core", needs("webgpu"), () => {
  coreContract(onAdapter());
});

test("without the package one line says how to get it", async () => {
  const missing = Object.assign(new Error("Cannot find module 'webgpu'\nRequire stack:"), {
    code: "MODULE_NOT_FOUND",
  });
  const found = await loadWebgpu(() => {
    throw missing;
  });
  expect(found).toEqual({ reason: "the package webgpu is not installed: npm install webgpu (132 MB)" });
});

test("a device that does not start is an error with the GPU's name", async () => {
  const info = { vendor: "acme", architecture: "", device: "Roadrunner", description: "" };
  const adapter = {
    info,
    limits: {},
    requestDevice: () => Promise.reject(new Error("out of magic")),
  };
  const found = await loadWebgpu(() => ({ create: () => ({ requestAdapter: async () => adapter }) }));
  if (!("core" in found)) throw new Error(found.reason);
  expect(found.adapter).toMatchObject({ name: "Roadrunner", software: false });
  await expect(
    found.core.create(new Int32Array(8), new Float32Array(1), { maxBatch: 1, seed: 1 }),
  ).rejects.toThrow('the GPU "Roadrunner" does not start: out of magic');
});
