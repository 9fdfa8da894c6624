import { afterEach, describe, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { loadNative } from "../../lib/engine/native.js";
import { unless } from "../needs.js";
import { onPlatform } from "../platform.js";
import { coreContract } from "./core-contract.js";

const found = loadNative();

test("either there is an addon, or a reason why not", () => {
  if ("core" in found) expect(found.core.engine).toBe("native");
  else expect(found.reason).toMatch(/compiler|Windows/);
});

describe("SER_CORE_ISA", unless("core" in found, "a C compiler"), () => {
  const before = process.env.SER_CORE_ISA;
  afterEach(() => {
    if (before === undefined) delete process.env.SER_CORE_ISA;
    else process.env.SER_CORE_ISA = before;
  });

  test("chooses the instruction set", () => {
    process.env.SER_CORE_ISA = process.arch === "x64" ? "sse" : "neon";
    const chosen = loadNative();
    expect("core" in chosen && chosen.core.instructionSet).toBe(process.arch === "x64" ? "SSE2" : "NEON");
  });

  test("that is none is refused, with those there are", () => {
    process.env.SER_CORE_ISA = "mmx";
    expect(() => loadNative()).toThrow(UsageError);
    expect(() => loadNative()).toThrow(
      /SER_CORE_ISA: this machine does not support "mmx"; it supports (avx|sse|neon)/,
    );
  });
});

for (const instructionSet of ["AVX-512", "AVX2+FMA", "SSE2", "NEON"]) {
  const build = loadNative({ instructionSet });
  describe(instructionSet, unless("core" in build, `a C compiler and ${instructionSet}`), () => {
    if ("core" in build) coreContract(build.core);
  });
}

test("on Windows there is none, and no compiler is asked for", async () => {
  expect(await onPlatform("win32", () => loadNative())).toEqual({ reason: "not made for Windows" });
});
