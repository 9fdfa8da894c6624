import { describe, expect, test } from "vitest";
import { loadNative } from "../../lib/engine/native.js";
import { coreContract } from "./core-contract.js";

const found = loadNative();

test("either there is an addon, or a reason why not", () => {
  if ("core" in found) expect(found.core.engine).toBe("native");
  else expect(found.reason).toMatch(/compiler/);
});

for (const instructionSet of ["AVX-512", "AVX2+FMA", "SSE2", "NEON"]) {
  const build = loadNative({ instructionSet });
  describe.skipIf(!("core" in build))(instructionSet, () => {
    if ("core" in build) coreContract(build.core);
  });
}
