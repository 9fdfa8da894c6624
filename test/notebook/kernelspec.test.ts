import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installKernel, jupyterDataFolder } from "../../lib/notebook/kernelspec.js";

test("Jupyter's data folder is where Jupyter's own documentation has it", () => {
  expect(jupyterDataFolder({ JUPYTER_DATA_DIR: "/j" }, "darwin", "/h")).toBe("/j");
  expect(jupyterDataFolder({}, "linux", "/h")).toBe(join("/h", ".local", "share", "jupyter"));
  expect(jupyterDataFolder({ XDG_DATA_HOME: "/x" }, "linux", "/h")).toBe(join("/x", "jupyter"));
  expect(jupyterDataFolder({}, "darwin", "/h")).toBe(join("/h", "Library", "Jupyter"));
  expect(jupyterDataFolder({ APPDATA: "/a" }, "win32", "/h")).toBe(join("/a", "jupyter"));
});

test("installing writes the one file that Jupyter reads", async () => {
  const data = await mkdtemp(join(tmpdir(), "jupyter-"));
  try {
    const folder = await installKernel("/somewhere/dist/ser.cjs", data);
    expect(folder).toBe(join(data, "kernels", "ser-typescript"));
    const spec = JSON.parse(await readFile(join(folder, "kernel.json"), "utf8"));
    expect(spec.argv).toEqual([
      process.execPath,
      "/somewhere/dist/ser.cjs",
      "notebook",
      "kernel",
      "{connection_file}",
    ]);
    expect(spec).toMatchObject({ display_name: "TypeScript (speech emotion)", language: "typescript" });
    await expect(installKernel("/a{b}/dist/ser.cjs", data)).rejects.toThrow("braces");
  } finally {
    await rm(data, { recursive: true });
  }
});
