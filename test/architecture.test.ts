import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deadExports, ROOMS, readSources, usesOf, violations } from "./architecture.js";

const ROOT = join(import.meta.dirname, "..");

/** Dead code that stays. */
const UNUSED = [
  // Tests hold what is built in to its sources.
  "engine/coreBinary.ts: CORE_SOURCE",
  "models/kernelBinary.ts: KERNEL_SOURCE",
];

describe("lib/", () => {
  const lib = readSources(join(ROOT, "lib"));
  const uses = usesOf(lib);

  test("uses of files go down, and in no circle", () => {
    expect(violations(uses)).toEqual([]);
  });

  test("README shows the rooms, in their order", () => {
    const shown = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^\| `lib\/(\w+)` \|/gm)];
    const rooms = new Set([...uses.keys()].map((path) => path.split("/")[0]!));
    expect(shown.map(([, room]) => room)).toEqual(ROOMS.filter((room) => rooms.has(room)));
  });

  test("nothing is exported that nothing uses", () => {
    expect(deadExports(lib)).toEqual(UNUSED);
  });
});

describe("deadExports", () => {
  const found = (lib: Record<string, string>) => deadExports(new Map(Object.entries(lib)));

  test("what neither another file nor its own uses", () => {
    const text =
      "export function a() {} export const b = 1; export interface C { x: number } export type D = C;";
    const pool = 'const { b } = await import("./text.js"); const a = b;';
    expect(found({ "base/text.ts": text, "base/pool.ts": pool })).toEqual(["base/text.ts: D"]);
    expect(found({ "base/text.ts": text, "base/pool.ts": "const a = 1;" })).toHaveLength(3);
  });

  test("not the public API, nor what a worker does", () => {
    const lib = {
      "base/text.ts": "export const a = 1;",
      "base/pool.ts": "export const b = 1;",
      "audio/read.worker.ts": "export function handle() {}",
      "index.ts": 'export * from "./base/text.js"; export { b } from "./base/pool.js";',
    };
    expect(found(lib)).toEqual([]);
  });
});

describe("violations", () => {
  const lib = {
    "cli/ser.ts": 'import { read } from "../audio/read.js"; export const A = read;',
    "audio/read.ts": 'import type { B } from "../base/text.js"; export const read = (text: B) => text;',
    "audio/read.worker.ts": "export const handle = 1;",
    "base/text.ts": "export type B = string;",
    "base/pool.ts": "export const pool = 1;",
  };
  const found = (changes: Record<string, string>) =>
    violations(usesOf(new Map(Object.entries({ ...lib, ...changes }))));

  test("none where all goes down", () => {
    expect(found({})).toEqual([]);
  });

  test.each([
    ["an import", 'import { A } from "../cli/ser.js";'],
    ["an import for what it does", 'import "../cli/ser.js";'],
    ["an import of a type", 'import type { A } from "../cli/ser.js";'],
    ["an import without the ending", 'import { type A } from "../cli/ser";'],
    ["a re-export", 'export { A } from "../cli/ser.js";'],
    ["a re-export of a type", 'export type { A } from "../cli/ser.js";'],
    ["a re-export of all", 'export * from "../cli/ser.js";'],
    ["a dynamic import", 'const { A } = await import("../cli/ser.js");'],
    ["a dynamic import of a template", "const a = import(`../cli/ser.js`);"],
    ["a type expression", 'export type A = import("../cli/ser.js").A;'],
    ["a type of a module", 'export type A = typeof import("../cli/ser.js");'],
    ["require", 'const { A } = require("../cli/ser.js");'],
    ["import and require", 'import ser = require("../cli/ser.js");'],
    ["a reference", '/// <reference path="../cli/ser.ts" />'],
    ["a worker", 'new Worker(new URL("../cli/ser.js", import.meta.url));'],
    ["a worker's name", 'runPool("cli/ser", tasks);'],
    ["a forked script", 'fork(join(root, "dist", "ser.cjs"));'],
  ])("%s that goes up", (_, source) => {
    expect(found({ "base/pool.ts": `\n${source}` })).toEqual([
      "base/pool.ts:2 uses cli/ser.ts, which is above it",
    ]);
  });

  test("the name of a worker, and of its bundle", () => {
    const above = ["base/pool.ts:1 uses audio/read.worker.ts, which is above it"];
    expect(found({ "base/pool.ts": 'runPool("audio/read.worker", tasks);' })).toEqual(above);
    expect(found({ "base/pool.ts": 'new Worker(join(root, "audio-read.worker.cjs"));' })).toEqual(above);
  });

  test("a circle of two files, by types only", () => {
    const circle = {
      "base/text.ts": 'import type { P } from "./pool.js"; export type B = P;',
      "base/pool.ts": 'import type { B } from "./text.js"; export type P = B;',
    };
    expect(found(circle)).toEqual(["in a circle: base/text.ts -> base/pool.ts -> base/text.ts"]);
  });

  test("a circle of three, by values", () => {
    const circle = {
      "base/text.ts": 'import { p } from "./pool.js"; export const t = p;',
      "base/pool.ts": 'import { r } from "./random.js"; export const p = r;',
      "base/random.ts": 'import { t } from "./text.js"; export const r = t;',
    };
    expect(found(circle)).toEqual([
      "in a circle: base/text.ts -> base/pool.ts -> base/random.ts -> base/text.ts",
    ]);
  });

  test("a file and its worker that use each other", () => {
    expect(
      found({
        "audio/read.ts": 'runPool("audio/read.worker", tasks);',
        "audio/read.worker.ts": 'import { read } from "./read.js";',
      }),
    ).toEqual(["in a circle: audio/read.ts -> audio/read.worker.ts -> audio/read.ts"]);
  });

  test("nothing but scripts of the build uses index.ts and build/, which use all", () => {
    const all = { "index.ts": 'export * from "./cli/ser.js";', "build/all.ts": 'import "../index.js";' };
    expect(found(all)).toEqual([]);
    const used = found({ ...all, "cli/ser.ts": 'import "../index.js"; import "../build/all.js";' });
    expect(used).toContain("cli/ser.ts:1 uses index.ts, which is above it");
    expect(used).toContain("cli/ser.ts:1 uses build/all.ts, which is above it");
  });

  test("a folder that is no room", () => {
    expect(found({ "misc/a.ts": "export {};" })).toEqual(["misc/a.ts is in no room"]);
  });

  test("comments and other words are no uses", () => {
    const source = `// import "../cli/ser.js"
      /* from "../cli/ser.js" */
      export const a = ["see cli/ser.ts", "index"];`;
    expect(found({ "index.ts": "", "base/pool.ts": source })).toEqual([]);
  });
});
