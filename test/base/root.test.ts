import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isBundle, isInstalled, projectRoot, workFolder } from "../../lib/base/root.js";

test("finds the project's folder from the sources", () => {
  expect(existsSync(join(projectRoot(), "lib", "base", "root.ts"))).toBe(true);
  expect(isBundle()).toBe(false);
});

test("a checkout keeps data and results", () => {
  expect(isInstalled()).toBe(false);
  expect(workFolder()).toBe(projectRoot());
});
