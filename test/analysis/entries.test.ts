import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ensembleOf, entriesOf, pooled } from "../../lib/analysis/entries.js";
import { compareNames } from "../../lib/base/text.js";
import { KNOWN_ENCODERS } from "../../lib/encoders/known.js";
import { encoderSettings, type FeatureSettings, featureSettings } from "../../lib/features/settings.js";
import type { StoredRun } from "../../lib/runs/record.js";
import { madeExperiment, SEVEN } from "../experiments/experiment.js";

const made = madeExperiment({
  protocols: [{ protocol: "savee/loso@1", corpus: "savee", classes: SEVEN, speakers: 4, folds: 4 }],
  models: { cnn: 0.5, lstm: 0.4 },
  seeds: [1, 2],
});

function changed(run: StoredRun, training: Partial<StoredRun["record"]["settings"]["training"]>): StoredRun {
  const settings = { ...run.record.settings, training: { ...run.record.settings.training, ...training } };
  return { ...run, record: { ...run.record, settings } };
}

describe("entriesOf", () => {
  test("runs that differ in fold and seed alone are one entry", () => {
    const entries = entriesOf(made.runs);
    expect(entries.map(({ label }) => label)).toEqual(["cnn", "lstm"]);
    expect(entries[0]!.seeds.map(({ seed, runs }) => [seed, runs.length])).toEqual([
      [1, 4],
      [2, 4],
    ]);
    expect(entries[0]!.missing).toBeUndefined();
  });

  test("the order of the runs does not matter", () => {
    expect(entriesOf([...made.runs].reverse())).toEqual(entriesOf(made.runs));
  });

  test("settings that differ tell entries of one network apart", () => {
    const other = made.runs.map((run) => changed(run, { mixup: 0.2, augmentation: { gain: 6 } }));
    const labels = entriesOf([...made.runs, ...other]).map(({ label }) => label);
    expect(labels).toEqual([
      "cnn, gain 6, mixup 0.2",
      "cnn, mixup 0",
      "lstm, gain 6, mixup 0.2",
      "lstm, mixup 0",
    ]);
  });

  test("of two that differ in a setting that one of them lacks, that one is told", () => {
    const [run] = made.runs as [StoredRun];
    const features = { ...run.record.settings.features, reference: "max" } as FeatureSettings;
    const settings = { ...run.record.settings, features };
    const labels = entriesOf([run, { ...run, record: { ...run.record, settings } }]).map(
      ({ label }) => label,
    );
    expect(labels.sort()).toEqual(["cnn", "cnn, no reference"]);
  });

  test("features of an encoder are told by its name and layer, not by what else a spectrogram has", () => {
    const [run] = made.runs as [StoredRun];
    const base = {
      digest: KNOWN_ENCODERS["whisper-base"]!.digest!,
      width: 512,
      blocks: 6,
      family: "whisper",
    } as const;
    const on = (layer: number): StoredRun => {
      const settings = { ...run.record.settings, features: encoderSettings(base, { layer }) };
      return { ...run, record: { ...run.record, settings } };
    };
    const labels = entriesOf([run, on(3), on(6)]).map(({ label }) => label);
    expect(labels).toHaveLength(3);
    expect(labels).toEqual(
      expect.arrayContaining(["cnn, whisper-base layer 3", "cnn, whisper-base layer 6"]),
    );
  });

  test("a table and spectra in one experiment: a spectrogram's settings are not told, unless spectra differ", () => {
    const [run] = made.runs as [StoredRun];
    const on = (features: FeatureSettings): StoredRun => {
      const settings = { ...run.record.settings, features };
      return { ...run, record: { ...run.record, settings } };
    };
    const table = { kind: "table", name: "x.csv", columns: 3, digest: "0".repeat(64) } as const;
    const labels = (...all: FeatureSettings[]) => entriesOf(all.map(on)).map(({ label }) => label);
    const logmel = featureSettings();
    expect(labels(table, logmel)).toEqual(["cnn, logmel", "cnn, table x.csv"]);
    expect(labels(table, featureSettings({ nMels: 40 }), logmel)).toEqual([
      ...["cnn, mel bands 40", "cnn, mel bands 64", "cnn, table x.csv"],
    ]);
  });

  test("what most entries of a network have is not said, only what is unusual", () => {
    const [run] = made.runs as [StoredRun];
    const { augmentation } = run.record.settings.training;
    expect(augmentation).toEqual({});
    const usual = { labelSmoothing: 0.05, augmentation: { vocalTract: 0.12 } };
    const labels = entriesOf([
      changed(run, usual),
      changed(run, { ...usual, labelSmoothing: 0.2 }),
      changed(run, { ...usual, augmentation: {} }),
      changed(run, { ...usual, mixup: 0.2, refit: true }),
    ]).map(({ label }) => label);
    expect(labels).toEqual([
      "cnn, label smoothing 0.2",
      "cnn, mixup 0.2, refit",
      "cnn, no vocal tract",
      "cnn, plain",
    ]);
  });

  test("sizes tell networks apart by what differs from the network's own", () => {
    const run = made.runs.find(({ record }) => record.settings.training.model === "cnn")!;
    const sized = (size: object) => changed(run, { size });
    const labels = entriesOf([run, sized({ filters: [8, 16] }), sized({ filters: [8, 16], units: 9 })]).map(
      ({ label }) => label,
    );
    expect(labels).toEqual(["cnn, filters 32-64-128-128", "cnn, plain", "cnn, units 9"]);
  });

  test("a refit is named by its name alone", () => {
    const [run] = made.runs as [StoredRun];
    const labels = entriesOf([run, changed(run, { refit: true })]).map(({ label }) => label);
    expect(labels).toEqual(["cnn, plain", "cnn, refit"]);
  });

  test("a patience as long as the epochs is not in the label", () => {
    const labels = (...trainings: { epochs: number; patience: number }[]) =>
      entriesOf(trainings.flatMap((training) => changed(made.runs[0]!, training))).map(({ label }) => label);
    expect(labels({ epochs: 20, patience: 20 }, { epochs: 30, patience: 30 })).toEqual([
      "cnn, epochs 20",
      "cnn, epochs 30",
    ]);
    expect(labels({ epochs: 20, patience: 20 }, { epochs: 20, patience: 50 })).toEqual([
      "cnn, patience 50",
      "cnn, plain",
    ]);
  });

  test("what differs only from protocol to protocol is not in the label", () => {
    const longer = made.runs
      .map((run) => changed(run, { epochs: 77 }))
      .map((run) => ({
        ...run,
        record: { ...run.record, settings: { ...run.record.settings, protocol: "another@1" } },
      }));
    const entries = entriesOf([...made.runs, ...longer]);
    expect(entries.map(({ protocol, label }) => [protocol === "another@1", label])).toEqual([
      [true, "cnn"],
      [true, "lstm"],
      [false, "cnn"],
      [false, "lstm"],
    ]);
  });

  test("a seed without a fold is left out, and said to be", () => {
    const without = made.runs.filter(
      ({ record: { settings } }) => !(settings.fold === "3" && settings.training.seed === 2),
    );
    const [cnn] = entriesOf(without);
    expect(cnn!.seeds.map(({ seed }) => seed)).toEqual([1]);
    expect(cnn!.missing).toBe("1 seed with other folds left out");
  });

  test("where no seed has a fold, the rest is pooled, and said to be", () => {
    const without = made.runs.filter(
      ({ record: { settings } }) => !(settings.fold === "3" && settings.training.model === "cnn"),
    );
    const [cnn, lstm] = entriesOf(without);
    expect(cnn!.missing).toBe("only folds 1, 2, 4 of 1, 2, 3, 4");
    expect(lstm!.missing).toBeUndefined();
  });
});

test("folds are pooled into one row a clip, each calibrated by its own run", () => {
  const [cnn] = entriesOf(made.runs);
  const [seed] = pooled(cnn!, "test");
  expect(seed!.clips.length).toBe(4 * 7 * 4);
  expect(new Set(seed!.clips.map(({ id }) => id)).size).toBe(seed!.clips.length);
  expect(new Set(seed!.speakers).size).toBe(4);
  const row = Array.from(seed!.probabilities.subarray(0, 7));
  const powers = row.map((p) => p ** (1 / 1.3));
  const sum = powers.reduce((a, b) => a + b, 0);
  powers.forEach((p, c) => {
    expect(seed!.calibrated[c]).toBeCloseTo(p / sum, 6);
  });
});

test("names are ordered by code unit, numbers in them by value", () => {
  expect(["10", "2", "1"].sort(compareNames)).toEqual(["1", "2", "10"]);
  expect(["b", "a10", "a9", "B"].sort(compareNames)).toEqual(["B", "a9", "a10", "b"]);
  const name = fc.stringMatching(/^[ab01]{0,4}$/);
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      expect(Math.sign(compareNames(a, b))).toBe(-Math.sign(compareNames(b, a)) + 0);
      expect(compareNames(a, b) === 0).toBe(a === b);
      if (compareNames(a, b) < 0 && compareNames(b, c) < 0) expect(compareNames(a, c)).toBeLessThan(0);
    }),
    { seed: 1 },
  );
});

describe("ensembleOf", () => {
  const [entry] = entriesOf(made.runs);
  const seeds = pooled(entry!, "test");

  test("gives the mean of the seeds' calibrated probabilities", () => {
    const together = ensembleOf(seeds)!;
    const [one, two] = seeds.map(({ calibrated }) => calibrated);
    const mean = one!.map((p, i) => (p + two![i]!) / 2);
    expect(together.calibrated).toEqual(mean);
    together.predicted.forEach((label, i) => {
      const own = mean.slice(7 * i, 7 * i + 7);
      expect(own[label]).toBe(Math.max(...own));
    });
    expect([together.truth, together.speakers]).toEqual([seeds[0]!.truth, seeds[0]!.speakers]);
  });

  test("twice the same seed is that seed, and one seed is no ensemble", () => {
    const { calibrated, predicted } = seeds[0]!;
    expect(ensembleOf([seeds[0]!, seeds[0]!])).toMatchObject({ calibrated, predicted });
    expect(ensembleOf([seeds[0]!])).toBeUndefined();
    expect(ensembleOf([])).toBeUndefined();
  });

  test("refuses seeds of different clips", () => {
    const fewer = { ...seeds[1]!, clips: seeds[1]!.clips.slice(1) };
    expect(() => ensembleOf([seeds[0]!, fewer])).toThrow(RangeError);
  });
});
