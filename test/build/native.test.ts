import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ser native "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What lib/build/native.mjs says, where it compiles to the folder. */
function build({ platform = process.platform as string, cc = "cc" }): string {
  const faked = `Object.defineProperty(process, "platform", { value: ${JSON.stringify(platform)} })`;
  const loader = `data:text/javascript,${encodeURIComponent(faked)}`;
  return execFileSync(process.execPath, ["--import", loader, join("lib", "build", "native.mjs"), folder], {
    encoding: "utf8",
    env: { ...process.env, CC: cc },
  });
}

test("on Windows nothing is compiled, which one line says", () => {
  const told = "The native engine is not made for Windows; training runs on the wasm engine.\n";
  expect(build({ platform: "win32" })).toBe(told);
  expect(readdirSync(folder)).toEqual([]);
});

test("without a C compiler one line says so", () => {
  expect(build({ cc: join(folder, "none") })).toBe("no C compiler found\n");
  expect(readdirSync(folder)).toEqual([]);
});
