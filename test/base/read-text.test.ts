import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readText } from "../../lib/base/read-text.js";

test("text as it was written, or the system's error", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-text-"));
  try {
    await writeFile(join(folder, "a.txt"), "Größe\n");
    expect(await readText(join(folder, "a.txt"))).toBe("Größe\n");
    await expect(readText(join(folder, "b.txt"))).rejects.toMatchObject({ code: "ENOENT" });
  } finally {
    await rm(folder, { recursive: true });
  }
});
