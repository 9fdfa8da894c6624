import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { schemaFiles } from "../../lib/build/schema.js";
import { parseGrid } from "../../lib/experiments/grid.js";

const FOLDER = join("results", "experiments");
const files = schemaFiles();
const schema = JSON.parse(files[join(FOLDER, "grid.schema.json")]!);
const validate = new Ajv({ strict: true, strictTypes: false, allErrors: true }).compile(schema);

test.each(Object.keys(files))("%s is what `npm run schema` makes of the code", async (path) => {
  expect(await readFile(path, "utf8")).toBe(files[path]);
});

test("every grid that comes with the workbench names the schema first, and is valid by it", async () => {
  const grids = (await readdir(FOLDER)).filter((file) => /^[^.]+\.json$/.test(file));
  expect(grids.length).toBeGreaterThan(4);
  for (const file of grids) {
    const grid = JSON.parse(await readFile(join(FOLDER, file), "utf8"));
    expect([file, Object.entries(grid)[0]]).toEqual([file, ["$schema", "./grid.schema.json"]]);
    validate(grid);
    expect([file, validate.errors]).toEqual([file, null]);
  }
});

test("the page tells every key that the schema has", () => {
  const page = files[join(FOLDER, "README.md")]!;
  const keys: string[] = [];
  JSON.stringify(schema, (key, value) => {
    if (key === "properties") keys.push(...Object.keys(value));
    return value;
  });
  expect(keys.length).toBeGreaterThan(50);
  for (const key of keys) expect(page).toContain(`| \`${key}\` |`);
});

/** A grid of which nothing is wrong, with every key that it may have. */
const FULL = {
  $schema: "./grid.schema.json",
  name: "full",
  description: "",
  score: "test",
  engine: "wasm",
  runs: [
    {
      protocols: ["savee/loso"],
      folds: ["1", 2],
      models: ["cnn"],
      sizes: [{}, { filters: [8, 16], units: 9, dropout: 0.5 }],
      features: [
        "logmel",
        { kind: "logmel", sampleRate: 16000, nMels: 40, topDb: null, reference: "max", htk: true },
      ],
      training: {
        frames: 90,
        learningRate: 0.01,
        schedule: { name: "cosine", warmup: 1, floor: 0.1, patience: 2 },
        optimizer: { name: "adamw", beta1: 0.5, beta2: 0.5, epsilon: 1, weightDecay: 1, clipNorm: 1 },
        curriculum: { places: 1, share: 1, until: 1 },
        refit: true,
      },
      augment: [[], ["masks", "noise"]],
      normalisation: ["clip"],
      targets: ["perceived"],
      seeds: [1, 2],
    },
  ],
};

/** The paths of all members of a value, its own first. */
function pathsOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== "object") return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => pathsOf((value as never)[key], [...path, key]))];
}

/** A copy in which one member is another, or gone. */
function changed(value: unknown, [key, ...rest]: readonly (string | number)[], change: Change): unknown {
  if (key === undefined) {
    if (change.kind === "put") return change.value;
    // A further key, where there can be one.
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? { ...value, [change.key]: change.value }
      : value;
  }
  const copy = structuredClone(value) as Record<string | number, unknown>;
  if (rest.length === 0 && change.kind === "put" && change.value === undefined) {
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else delete copy[key];
  } else copy[key] = changed(copy[key], rest, change);
  return copy;
}

type Change = { kind: "put"; value: unknown } | { kind: "add"; key: string; value: unknown };

const value = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, "", " ", "cnn", "logmel", "all", [], {}, [[]], [{}]),
  fc.constantFrom(-1, 0, 0.5, 1, 2, 1e9),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), value }),
  fc.record({
    kind: fc.constant("add" as const),
    key: fc.constantFrom("x", "name", "kind", "seed", "nMels"),
    value,
  }),
);

test("the reader of grids and the JSON Schema agree on what is a grid, but for rules across keys", () => {
  const paths = pathsOf(FULL);
  expect(validate(FULL)).toBe(true);
  expect(() => parseGrid(FULL)).not.toThrow();
  let [right, wrong] = [0, 0];
  fc.assert(
    fc.property(fc.constantFrom(...paths), change, (path, one) => {
      // As it is in a file.
      const text = JSON.stringify(changed(FULL, path, one));
      fc.pre(text !== undefined);
      const grid = JSON.parse(text);
      const valid = validate(grid);
      let message = "";
      try {
        parseGrid(grid);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        message = (error as Error).message;
      }
      // Which protocols there are, and what goes with what, is not in the schema.
      fc.pre(!(valid && /protocol|at most|decibels|exhausted|sizes: /.test(message)));
      expect([valid, message === ""], `${text}\n${message}`).toEqual([valid, valid]);
      if (valid) right++;
      else wrong++;
    }),
    { numRuns: 2000, seed: 1 },
  );
  expect(Math.min(right, wrong)).toBeGreaterThan(100);
});
