import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { expandGrid, parseGrid, readGrid } from "../../lib/experiments/grid.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { SMALL_TRAINING, TRAINING } from "../../lib/training/train.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const block = { protocols: ["savee/loso"], models: ["cnn"] };
const grid = (...runs: object[]) => parseGrid({ name: "g", runs });

test("what is left out is set as `ser train` sets it", () => {
  expect(expandGrid(grid(block))).toEqual([
    {
      ...{ protocol: "savee/loso", folds: "all", target: "intended" },
      ...{ features: RUN_FEATURES.logmel, training: TRAINING },
    },
  ]);
  expect(expandGrid(grid({ ...block, models: ["cnn-small"] }))[0]!.training).toEqual(SMALL_TRAINING);
  expect(grid(block).score).toBe("validation");
});

test("a block is a full product, and the grid the union of its blocks", () => {
  const product = {
    ...{ protocols: ["savee/loso", "tess/cross-speaker"], models: ["cnn", "lstm"], seeds: [1, 2, 3] },
    ...{ features: ["mfcc", { kind: "logmel", nMels: 40 }], augment: [[], ["masks", "gain"]] },
    training: { epochs: 7 },
  };
  const cells = expandGrid(grid(product));
  expect(cells.length).toBe(2 * 2 * 3 * 2 * 2);
  expect(cells.every(({ training }) => training.epochs === 7)).toBe(true);
  expect(
    new Set(cells.map(({ features }) => `${features.kind} ${"nMels" in features ? features.nMels : ""}`)),
  ).toEqual(new Set(["mfcc 64", "logmel 40"]));
  const augmented = cells.filter(({ training }) => training.augmentation.gain === 6);
  expect(augmented.length).toBe(cells.length / 2);
  expect(expandGrid(grid(product, product, { ...product, seeds: [3, 4] })).length).toBe(48 + 16);
});

test.each([
  [{ ...block, models: ["cnn", "cnm"] }, 'runs[0].models[1] is "cnm": it takes majority, linear, svm, cnn'],
  [
    { ...block, modles: [] },
    'runs[0].modles is unknown: there are protocols, folds, models, sizes, features, training, augment, normalisation, targets, seeds; did you mean "models"?',
  ],
  [{ models: ["cnn"] }, "runs[0].protocols is missing: it takes a list"],
  [{ ...block, seeds: [1.5] }, "runs[0].seeds[0] is 1.5: it takes a whole number"],
  [{ ...block, training: { epochs: 0 } }, "runs[0].training.epochs is 0: it takes a whole number from 1"],
  [{ ...block, training: { seed: 3 } }, 'runs[0].training.seed: give it as "seeds"'],
  [{ ...block, training: { optimizer: null } }, "runs[0].training.optimizer is null: it takes an object"],
  [
    { ...block, training: { optimizer: { name: "adamw", weight_decay: 0.1 } } },
    "runs[0].training.optimizer.weight_decay is unknown: there are name, beta1",
  ],
  [
    { ...block, training: { schedule: { name: "cosine", warmUp: 3 } } },
    "runs[0].training.schedule.warmUp is unknown",
  ],
  [
    { ...block, training: { optimizer: { name: "sgd" } } },
    'runs[0].training.optimizer.name is "sgd": it takes adam, adamw',
  ],
  [
    { ...block, features: [{ nMels: 0 }] },
    "runs[0].features[0].nMels is 0: it takes a whole number from 1 to 4096 bands",
  ],
  [{ ...block, augment: ["masks"] }, 'runs[0].augment[0] is "masks": it takes a list'],
  [
    { ...block, models: ["linear"], normalisation: ["clip"] },
    'runs[0].normalisation is "clip": the linear model takes global',
  ],
  [{ ...block, sizes: [{}, { filter: [8] }] }, "runs[0].sizes[1].filter is unknown"],
  [
    { ...block, sizes: [{ layers: 1 }] },
    "runs[0].sizes: cnn has no layers: it takes filters, units, dropout",
  ],
  [
    { ...block, sizes: [{ filters: [1, 2, 3, 4, 5, 6, 7] }] },
    "7 blocks are too many: an input of 100 frames",
  ],
  [{ ...block, features: ["mfcc"], augment: [[], ["warp"]] }, "runs[0].augment: warp moves mel bands"],
  [
    { ...block, models: ["cnn", "weighted-layers"] },
    "runs[0].models: weighted-layers adds up all layers of an encoder: take its features",
  ],
  [{ ...block, training: { from: "results/model" } }, "runs[0].training.from"],
  [
    { ...block, models: ["linear"], training: { from: "0123456789abcdef".repeat(4) } },
    "runs[0].training.from: only a network can begin with trained weights",
  ],
  [{ ...block, features: ["logmell"] }, 'did you mean "logmel"?'],
  [
    { ...block, features: [{ kind: "mfcc", nMels: 20 }] },
    "runs[0].features[0].nMfcc is 40: it takes at most nMels",
  ],
  [{ ...block, protocols: ["savee/lso"] }, 'no protocol "savee/lso"; did you mean "savee/loso"?'],
  [
    { ...block, models: ["majority"], training: { refit: true } },
    "runs[0].training.refit: majority has nothing to train anew",
  ],
  [[], "runs[0] is []: it takes an object"],
])("%j is refused with its place", (wrong, message) => {
  expect(() => grid(wrong)).toThrow(UsageError);
  expect(() => grid(wrong)).toThrow(message);
});

test("whatever the file holds, it is a grid or wrong usage", () => {
  const value = fc.object({ key: fc.constantFrom("name", "runs", "score", "models", "protocols", "x") });
  fc.assert(
    fc.property(value, (any) => {
      try {
        parseGrid(any);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(() => parseGrid({ name: "../x", runs: [block] })).toThrow("since it names a folder");
  for (const name of ["NUL", "aux.v1", "a."])
    expect(() => parseGrid({ name, runs: [block] })).toThrow(`"${name}" names no folder on Windows`);
});

test("a grid is read from JSON or a module, and the file named where it is wrong", async () => {
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return readGrid(join(folder, name));
  };
  const json = JSON.stringify({ name: "g", runs: [block] });
  const expected = grid(block);
  expect(await write("a.json", json)).toEqual(expected);
  expect(await write("a.mjs", `export default ${json};`)).toEqual(expected);
  expect(await write("a.ts", `const name: string = "g"; export default { ...${json}, name };`)).toEqual(
    expected,
  );
  await expect(write("b.json", '{"name": ')).rejects.toThrow(/b.json is not valid JSON/);
  await expect(write("c.json", '{"name": "c"}')).rejects.toThrow(/c.json: runs is missing/);
  await expect(write("d.mjs", "export default (")).rejects.toThrow(/cannot load .*d.mjs/);
  await expect(write("e.txt", "")).rejects.toThrow(/e.txt: a grid is a .json file/);
  await expect(readGrid(join(folder, "no.json"))).rejects.toThrow(/no.json: no such file/);
});

const FIVE = {
  name: "five",
  discription: "A key that there is not.",
  runs: [
    { protocols: ["savee/loso"], models: ["cnn"], seed: [1] },
    {
      ...{ protocols: ["savee/loso"], models: ["cnm"] },
      training: { epochs: 0, optimizer: { name: "adamw", weight_decay: 0.1 } },
    },
  ],
};

test("of five mistakes, three of them unknown keys, one message tells", async () => {
  const path = join(folder, "five.json");
  await writeFile(path, JSON.stringify(FIVE));
  const error = await readGrid(path).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UsageError);
  const [head, ...lines] = (error as UsageError).message.split("\n  ");
  expect(head).toBe(`${path} has 5 problems:`);
  expect(lines.map((line) => line.replace(/(there are ).*(; did)/, "$1...$2"))).toEqual([
    'runs[0].seed is unknown: there are ...; did you mean "seeds"?',
    'runs[1].models[0] is "cnm": it takes majority, linear, svm, cnn, cnn-small, lstm, bilstm, clstm, attention, weighted-layers, top-blocks, or own:NAME in a script; did you mean "cnn"?',
    "runs[1].training.epochs is 0: it takes a whole number from 1 to 1000000 epochs",
    'runs[1].training.optimizer.weight_decay is unknown: there are ...; did you mean "weightDecay"?',
    'discription is unknown: there are ...; did you mean "description"?',
  ]);
});

test("sizes are a dimension, and a network's own size is none", () => {
  const sizes = [
    {},
    { filters: [32, 64, 128, 128] },
    { filters: [16, 32] },
    { filters: [16, 32], units: 128 },
  ];
  const cells = expandGrid(grid({ ...block, sizes, seeds: [1, 2] }));
  expect(cells.map(({ training }) => training.size)).toEqual([
    ...[undefined, undefined, { filters: [16, 32] }, { filters: [16, 32] }],
  ]);
  expect(cells[0]).toEqual(expandGrid(grid(block))[0]);
  expect(grid(block).runs[0]).not.toHaveProperty("sizes");
});

test("the schema that a grid names for an editor is no part of it", () => {
  const value = { $schema: "./grid.schema.json", name: "g", runs: [block] };
  expect(Object.keys(parseGrid(value))).toEqual(Object.keys(grid(block)));
});

test("the grids that come with the workbench make sense", async () => {
  const files = (await readdir("results/experiments")).filter((file) => /^[^.]+\.json$/.test(file));
  expect(files).toContain("four-corpora.json");
  for (const file of files) {
    const { name, runs } = await readGrid(join("results", "experiments", file));
    expect(file.startsWith(name)).toBe(true);
    for (const { protocols } of runs) for (const protocol of protocols) protocolNamed(protocol);
  }
  const cells = expandGrid(await readGrid("results/experiments/four-corpora.json"));
  // Four networks with two seeds, and two baselines.
  expect(cells.filter(({ protocol }) => protocol === "cremad/audeering").length).toBe(10);
});

test("a table is read when the grid is: its numbers name the runs, and its place does not", async () => {
  const place = join(folder, "tables");
  await mkdir(place);
  await writeFile(join(place, "x.csv"), "id,x,y\na,1,2\nb,3,4\n");
  const features = [{ kind: "table", file: "x.csv" }];
  const file = join(place, "grid.json");
  await writeFile(file, JSON.stringify({ name: "g", runs: [{ ...block, models: ["svm"], features }] }));
  const read = await readGrid(file);
  const settings = {
    kind: "table",
    name: "x.csv",
    columns: 2,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  };
  expect(read.runs[0]!.features).toEqual([settings]);
  expect(expandGrid(read)[0]!.features).toEqual(settings);
  // What was written down is a grid, too.
  expect(parseGrid(read)).toEqual(read);

  await writeFile(join(place, "x.csv"), "id,x,y\na,1,2\nb,3,\n");
  await expect(readGrid(file)).rejects.toThrow(
    /runs\[0\]\.features\[0\]: .*x\.csv: line 3, column y is empty/,
  );
  const wrong =
    (of: object, models = ["svm"]) =>
    () =>
      grid({ ...block, models, features: [of] });
  expect(wrong({ kind: "table", file: join(place, "none.csv") })).toThrow("cannot read the table");
  expect(wrong({ kind: "table" })).toThrow('a table takes "file"');
  expect(wrong({ kind: "table", file: 3 })).toThrow("runs[0].features[0].file is 3: it takes a text");
  expect(wrong(read.runs[0]!.features[0] as object, ["cnn"])).toThrow("runs[0].models: cnn goes over frames");
});
