import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isBundle, projectRoot } from "../../lib/base/root.js";

test("finds the project's folder from the sources", () => {
  expect(existsSync(join(projectRoot(), "lib", "base", "root.ts"))).toBe(true);
  expect(isBundle()).toBe(false);
});
