import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { requireSpace } from "../../lib/base/space.js";

test("a full disk is said before anything is written", async () => {
  await expect(requireSpace(tmpdir(), 1e18)).rejects.toThrow(/no space for 1000000000000 MB/);
  await requireSpace(tmpdir(), 1);
});
