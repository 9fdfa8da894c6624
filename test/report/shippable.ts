import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { publishedClips } from "../../lib/corpora/registry.js";
import { classificationReport } from "../../lib/evaluation/classification-report.js";
import { argmax } from "../../lib/evaluation/metrics.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { type RunRecord, type RunSettings, runName, writeRecord } from "../../lib/runs/record.js";
import type { PartResult } from "../../lib/training/train.js";
import { saveExample } from "../inference/example.js";
import { recordExample, SETTINGS } from "../runs/examples.js";

/** Every published clip, without its sound. */
const CLIPS: readonly Clip[] = publishedClips().map((name) => ({ ...name, path: "", synthetic: false }));

/**
 * Writes a run of a protocol on all published clips, such as `ser ablate` leaves, with made-up predictions that are right
 * about half of the time, and a model of random weights. Seeded.
 *
 * @param store its folder is made in it, and an `experiment.json` of the name "ours"
 * @param changes of the record
 * @returns the record
 */
export async function shippableRun(
  store: string,
  protocol = "combined/speaker-independent",
  changes: Partial<RunRecord> = {},
): Promise<RunRecord> {
  const plan = protocolNamed(protocol).plan(CLIPS);
  const fold = plan.folds[0]!;
  const settings: RunSettings = { ...SETTINGS, protocol: plan.protocol, fold: fold.name };
  const { name, clips } = runName(settings, fold, plan.clips);
  const [validation, test] = [fold.validation, fold.test].map((ids) => madeUp(ids, plan.clips, plan.classes));
  const evaluated = ({ probabilities, truth }: PartResult) =>
    classificationReport(probabilities, truth, plan.classes, { temperature: 1.5 });
  const record: RunRecord = {
    ...recordExample(),
    ...{ name, settings, clips, classes: plan.classes, parameters: 21_063 },
    corpora: [...new Set(plan.clips.map(({ corpus }) => corpus))],
    split: {
      ...{ name: plan.protocol, fold: fold.name, description: fold.description },
      ...{ apart: plan.apart, validationApart: plan.validationApart },
      ...{ train: fold.train.length, validation: fold.validation.length, test: fold.test.length },
    },
    validation: evaluated(validation!),
    test: evaluated(test!),
    threshold: 0.4,
    ...changes,
  };
  const folder = join(store, name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(store, "experiment.json"),
    JSON.stringify({ schema: 1, grid: { name: "ours" }, runs: [name] }),
  );
  await writeRecord(
    folder,
    record,
    { validation: validation!, ...(record.test && { test: test! }) },
    plan.clips,
  );
  const { features, training } = settings;
  await saveExample(join(folder, "model"), {
    ...{ run: name, classes: plan.classes, corpora: record.corpora, features, frames: training.frames },
    ...{ temperature: 1.5, threshold: 0.4 },
  });
  return record;
}

function madeUp(ids: readonly string[], clips: readonly Clip[], classes: readonly string[]): PartResult {
  const emotionOf = new Map<string, string>(clips.map(({ id, emotion }) => [id, emotion]));
  const truth = ids.map((id) => classes.indexOf(emotionOf.get(id)!));
  const rng = random("made up");
  const probabilities = new Float32Array(ids.length * classes.length);
  truth.forEach((own, i) => {
    const weights = classes.map((_, c) => Math.exp(1.2 * rng.normal() + (c === own ? 1.6 : 0)));
    const total = weights.reduce((a, b) => a + b, 0);
    probabilities.set(
      weights.map((weight) => weight / total),
      i * classes.length,
    );
  });
  const predicted = argmax(probabilities, classes.length);
  return {
    ids: [...ids],
    ...{ truth, predicted, probabilities },
    metrics: classificationReport(probabilities, truth, classes),
  };
}
