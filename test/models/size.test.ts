import { describe, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { problemsBy } from "../../lib/base/schema.js";
import { models } from "../../lib/models/models.js";
import { NETWORKS } from "../../lib/models/names.js";
import { ownSize, SIZES, type Size, sizeRules } from "../../lib/models/size.js";

const OPTIONS = { frames: 32, bands: 16, classes: 7, seed: 1 };

/** Parameters by the layers' formulas, as in models.test.ts. */
const lstm = (c: number, u: number) => 4 * u * (c + u + 1);
const head = (c: number, u: number) => (c + 1) * u + (u + 1) * 7;

test.each<[(typeof NETWORKS)[number], Size, number]>([
  ["cnn", { filters: [8, 4], units: 10 }, 9 * (8 + 8 * 4) + 4 * (8 + 4) + head((16 / 4) * 4, 10)],
  ["cnn", { filters: [6] }, 9 * 6 + 4 * 6 + head(8 * 6, 128)],
  ["cnn", { filters: [2, 2, 2, 2, 2] }, 9 * (2 + 4 * 4) + 5 * 8 + head(2, 128)],
  ["cnn-small", { filters: [8] }, 5 * 16 * 8 + 4 * 8 + 9 * 7],
  ["cnn-small", { filters: [8, 4] }, 5 * 16 * 8 + 3 * 8 * 4 + 4 * 12 + 5 * 7],
  ["lstm", { units: 6, layers: 3 }, lstm(16, 6) + 2 * lstm(6, 6) + head(6, 3)],
  ["lstm", { layers: 1 }, lstm(16, 128) + head(128, 64)],
  ["bilstm", { units: 5, layers: 1 }, 2 * lstm(16, 5) + head(10, 3)],
  ["clstm", { filters: [8], units: 6, layers: 2 }, 5 * 16 * 8 + 4 * 8 + lstm(8, 6) + lstm(6, 6) + head(6, 3)],
  ["weighted-layers", { dropout: 0 }, 4 * 32 * 16 + 32 * 32 + 17 * 7],
  ["top-blocks", { blocks: 1 }, 17 * 48 + 17 * 16 + 17 * 64 + 65 * 16 + 4 * 16 + 2 * 16 + 17 * 7],
  ["attention", { units: 6 }, 17 * 6 + 6 + head(12, 6)],
])("%s of size %j has %d parameters", async (name, size, parameters) => {
  const model = await models[name]({ ...OPTIONS, size });
  expect(model.countParams()).toBe(parameters);
  model.dispose();
});

describe.each(NETWORKS)("%s", (name) => {
  const made = async (size?: Size) => {
    const model = await models[name]({ ...OPTIONS, size });
    const own = {
      layers: JSON.stringify(model.toJSON(null, false))
        .replace(/"name":"[^"]*"/g, "")
        // Layers of a graph are told apart by counting.
        .replace(/"(input|\w+_[A-Z]\w*?)\d+"/g, '"$1"'),
      weights: model.weights.map((weight) => Float32Array.from(weight.read().dataSync())),
    };
    model.dispose();
    return own;
  };

  test("with its own size, told or not, it is the same to the bit", async () => {
    expect(await made(SIZES[name])).toEqual(await made());
    expect(ownSize(name, SIZES[name])).toBeUndefined();
  });

  test("dropout of its own changes every dropout, and no weight", async () => {
    const rates = ({ layers }: { layers: string }) =>
      [...layers.matchAll(/"rate":([\d.e-]+)/g)].map(([, rate]) => Number(rate));
    const [usual, doubled] = [await made(), await made({ dropout: 2 * SIZES[name].dropout })];
    expect(rates(usual).length).toBeGreaterThan(0);
    expect(rates(doubled)).toEqual(rates(usual).map((rate) => 2 * rate));
    expect(doubled.weights).toEqual(usual.weights);
  });

  test("what it does not have is refused by name", async () => {
    for (const key of ["filters", "units", "layers", "dropout"].filter((one) => !(one in SIZES[name]))) {
      const made = models[name]({ ...OPTIONS, size: { [key]: key === "filters" ? [3] : 3 } });
      await expect(made).rejects.toThrow(UsageError);
      await expect(made).rejects.toThrow(
        `size.${key}: ${name} has no ${key}: it takes ${Object.keys(SIZES[name])[0]}`,
      );
    }
  });
});

test.each<[keyof typeof SIZES, number, number]>([
  ["cnn", 5, 6],
  ["cnn-small", 6, 7],
  ["clstm", 5, 6],
])("%s has room for %d blocks in 32 frames of 16 bands, not for %d", async (name, most, more) => {
  const size = (blocks: number) => ({ filters: new Array<number>(blocks).fill(3) });
  const model = await models[name]({ ...OPTIONS, size: size(most) });
  expect(model.outputs[0]!.shape).toEqual([null, 7]);
  model.dispose();
  await expect(models[name]({ ...OPTIONS, size: size(more) })).rejects.toThrow(
    `size.filters: ${more} blocks are too many: an input of 32 frames and 16 bands is exhausted after ${most}`,
  );
});

test("a baseline has no size", () => {
  const problems = problemsBy((say) => sizeRules("linear", { units: 3 }, say));
  expect(problems).toEqual(["units: linear has no units: it takes no size, being no network"]);
  expect(ownSize("majority", {})).toBeUndefined();
});
