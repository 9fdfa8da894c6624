import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KERNEL_SOURCE } from "../../lib/models/kernelBinary.js";

test("the committed binary was made from the committed kernel.c", () => {
  const source = readFileSync(join(__dirname, "../../lib/models/kernel.c"));
  expect(createHash("sha256").update(source).digest("hex")).toBe(KERNEL_SOURCE);
});
