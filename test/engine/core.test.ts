import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  ACTIVATION,
  ARRAY,
  CORE_FORWARD,
  CORE_MAGIC,
  floatBits,
  OP,
  PARAM,
  RNN,
} from "../../lib/engine/core.js";

test("the numbers are those of core.h", () => {
  const header = readFileSync(join(__dirname, "../../lib/engine/core/core.h"), "utf8");
  const defined = new Map(
    [...header.matchAll(/\b((?:OP|ACT|RNN|PARAM|ARRAY|CORE)_[A-Z0-9_]+) = (\w+)/g)].map((m) => [
      m[1],
      Number(m[2]),
    ]),
  );
  const name = (prefix: string, key: string) => prefix + key.replace(/[A-Z]/g, "_$&").toUpperCase();
  const plain = (text: string) => text.replaceAll("_", "");
  const byName = new Map([...defined].map(([key, value]) => [plain(key), value]));
  const tables: [string, Record<string, number>][] = [
    ["OP_", OP],
    ["ACT_", ACTIVATION],
    ["RNN_", RNN],
    ["PARAM_", PARAM],
    ["ARRAY_", ARRAY],
  ];
  for (const [prefix, table] of tables)
    for (const [key, value] of Object.entries(table))
      expect([key, byName.get(plain(name(prefix, key)))]).toEqual([key, value]);
  expect(byName.get("COREMAGIC")).toBe(CORE_MAGIC);
  expect(byName.get("COREFORWARD")).toBe(CORE_FORWARD);
});

test("floatBits keeps the bits", () => {
  expect(floatBits(1)).toBe(0x3f800000);
  expect(floatBits(-0)).toBe(-0x80000000);
});
