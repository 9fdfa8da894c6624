import { describe, expect, test } from "vitest";
import { CORE_MAGIC } from "../../lib/engine/core.js";
import { loadWasm } from "../../lib/engine/wasm.js";
import { coreContract } from "./core-contract.js";

for (const threads of [true, false]) {
  const found = loadWasm({ threads });
  describe(threads ? "with threads" : "without threads", () => {
    if ("reason" in found) throw new Error(found.reason);
    coreContract(found.core);

    test("a network that does not fit into four gigabytes is refused", async () => {
      const size = 1 << 24;
      const program = Int32Array.from([
        ...[CORE_MAGIC, 3, 2, 2, 0, 2, size, 3, 3, 0, 3 * size, 1, 3 * size, 3, 1],
        ...[1, 9, 0, 1, 1, size, 3, 0, 3 * size, 6, 8, 1, 2, 1, 3, 6, 0],
      ]);
      await expect(
        found.core.create(program, new Float32Array(1), { maxBatch: 64, seed: 1 }),
      ).rejects.toThrow("not enough memory");
    });
  });
}
