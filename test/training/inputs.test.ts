import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { BatchMaker, fitInput, joined, partsOf, plainInputs } from "../../lib/training/inputs.js";
import type { TrainingSettings } from "../../lib/training/train.js";
import { CLASSES, SETTINGS, speech } from "./speech.js";

const features = speech(60);
const parts = partsOf(features, heldOutSpeakers(features.clips), CLASSES);
const { train, validation } = parts;
const input = fitInput(parts, SETTINGS, features.settings);
const order = random(1).shuffle(train.clips.keys());

function maker(partial: Partial<TrainingSettings> = {}, variants = train.clips.map(() => [] as never[])) {
  return new BatchMaker(
    train,
    variants,
    input,
    features.settings,
    { ...SETTINGS, balance: "none", ...partial },
    CLASSES,
  );
}

test("without augmentation a batch is what prediction would see", () => {
  const { x, y, count, weights } = maker().batch(order, 1, 16);
  expect(count).toBe(16);
  expect(weights).toBeUndefined();
  const plain = plainInputs(train, input).x;
  const width = plain.length / train.clips.length;
  order.slice(16, 32).forEach((clip, i) => {
    expect(x.subarray(i * width, (i + 1) * width)).toEqual(plain.subarray(clip * width, (clip + 1) * width));
    expect(y[3 * i + train.labels[clip]!]).toBe(1);
  });
});

test("a refit trains on what waited for it, too; nothing else does", () => {
  const split = heldOutSpeakers(features.clips);
  const [waiting, ...rest] = split.train;
  const own = partsOf(features, { ...split, train: rest, refit: [waiting!] }, CLASSES);
  const ids = ({ clips }: { clips: readonly { id: string }[] }) => clips.map(({ id }) => id).sort();
  expect(ids(own.train)).not.toContain(waiting);
  expect(ids(own.refit!)).toEqual([waiting]);
  expect(ids(joined(own).train)).toEqual([...split.train, ...split.validation].sort());
  expect(joined(own).train.labels.length).toBe(joined(own).train.features.length);
  // Clips that could not be read leave nothing to wait.
  expect(partsOf(features, { ...split, refit: [] }, CLASSES)).not.toHaveProperty("refit");
});

test("the last batch has what is left", () => {
  expect(maker().batch(order, 1, 32).count).toBe(order.length - 32);
});

test("augmentation depends on seed, epoch and place alone", () => {
  const own = maker({ augmentation: { timeMasks: 1, timeMaskWidth: 8, shift: 5 }, mixup: 0.5 });
  const first = own.batch(order, 3, 16);
  own.batch(order, 1, 0);
  expect(own.batch(order, 3, 16)).toEqual(first);
  expect(own.batch(order, 4, 16).x).not.toEqual(first.x);
});

test("label smoothing spreads its share evenly, and no probability is lost", () => {
  const { y, count } = maker({ labelSmoothing: 0.3, mixup: 0.4 }).batch(order, 1, 0);
  for (let i = 0; i < count; i++) {
    const own = y.subarray(3 * i, 3 * i + 3);
    expect(own.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    expect(Math.min(...own)).toBeGreaterThan(0.0999);
  }
});

test("with a curriculum each class of a corpus weighs the same in it", () => {
  const corpora = train.clips.map((clip, i) => ({ ...clip, corpus: i % 7 < 3 ? "one" : "two" }));
  const settings = { ...SETTINGS, curriculum: { places: 1, share: 0.5, until: 1 } };
  const two = { ...train, clips: corpora };
  const own = new BatchMaker(
    two,
    train.clips.map(() => []),
    input,
    features.settings,
    settings,
    CLASSES,
  );
  const all = [...train.clips.keys()];
  const weights = all.flatMap((_, first) =>
    first % settings.batchSize === 0 ? [...own.batch(all, 1, first).weights!] : [],
  );
  for (const corpus of ["one", "two"]) {
    const sums = CLASSES.map((_, c) =>
      all.reduce(
        (sum, i) => sum + (corpora[i]!.corpus === corpus && train.labels[i] === c ? weights[i]! : 0),
        0,
      ),
    );
    for (const sum of sums) expect(sum).toBeCloseTo(sums[0]!, 4);
  }
});

test("a voice that is warped is another every epoch, of the same shape", () => {
  const own = maker({ augmentation: { vocalTract: 0.1, tempo: 0.1 } });
  const [first, second] = [own.batch(order, 1, 0), own.batch(order, 2, 0)];
  expect(first.x.length).toBe(second.x.length);
  expect(first.x).not.toEqual(second.x);
  expect(first).toEqual(own.batch(order, 1, 0));
});

test("each epoch hears the original or one of the variants", () => {
  const marked = train.features
    .map((matrix) => matrix())
    .map(({ rows, cols }, i) =>
      [1, 2].map((value) => ({
        parent: train.clips[i]!.id,
        features: { rows, cols, data: new Float32Array(rows * cols).fill(1e6 * value) },
      })),
    );
  const own = new BatchMaker(
    train,
    marked,
    input,
    features.settings,
    { ...SETTINGS, augmentation: { speed: 0.1 } },
    CLASSES,
  );
  const counts = [0, 0, 0];
  const width = input.frames * 3;
  for (let epoch = 1; epoch <= 40; epoch++) {
    const { x, count } = own.batch(order, epoch, 0);
    for (let i = 0; i < count; i++) {
      const value = x[i * width + 2]!;
      counts[value > 1.5e6 ? 2 : value > 5e5 ? 1 : 0]!++;
    }
  }
  for (const n of counts) expect(n / 640).toBeCloseTo(1 / 3, 1);
});

test("a part is predicted in chunks that are the whole", () => {
  const whole = plainInputs(validation, input);
  const rest = plainInputs(validation, input, 4);
  expect(rest.x).toEqual(whole.x.subarray(4 * input.frames * 3));
  expect(rest.count).toBe(validation.clips.length - 4);
});

test("a baseline's input is one frame of standardised statistics", () => {
  const statistics = fitInput(parts, { ...SETTINGS, model: "linear" }, features.settings);
  const { x, shape, count } = plainInputs(train, statistics);
  expect(shape).toEqual([1, 21]);
  for (let col = 0; col < 21; col++) {
    const mean = Array.from({ length: count }, (_, i) => x[i * 21 + col]!).reduce((a, b) => a + b) / count;
    expect(mean).toBeCloseTo(0, 4);
  }
});
