import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ser } from "./spawn.js";

test("a folder without corpora is refused in one line, and stays as it is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ser-demo-"));
  try {
    await mkdir(join(folder, "mine"));
    await writeFile(join(folder, "mine", "notes.txt"), "");
    for (const data of ["mine", "none"]) {
      const { code, stdout, stderr } = await ser(["demo", "--data", data], folder);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^ser: .*(no corpus found under mine|folder not found: none).*\n$/);
    }
    expect([await readdir(folder), await readdir(join(folder, "mine"))]).toEqual([["mine"], ["notes.txt"]]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
