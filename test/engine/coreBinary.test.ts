import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CORE_SOURCE } from "../../lib/engine/coreBinary.js";

test("the committed modules were made from the committed sources", () => {
  const folder = join(__dirname, "../../lib/engine/core");
  const hash = createHash("sha256");
  for (const name of readdirSync(folder)
    .filter((file) => /\.[ch]$/.test(file))
    .sort())
    hash.update(readFileSync(join(folder, name)));
  expect(hash.digest("hex")).toBe(CORE_SOURCE);
});
