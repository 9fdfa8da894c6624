/**
 * The core's gradients against TensorFlow.js's automatic differentiation on plain JavaScript, for what is too slow
 * for every test run: each layer in all combinations of batch 1, 2, 31, frames 1, 7, 128 and width 1, 13, 40, and the
 * networks at full size. Prints a line each; exit code 1 when an error reaches 1e-4 of a tensor's largest entry.
 *
 *   npx tsx test/gradients/full.ts [name ...]
 */
import type { LayersModel } from "@tensorflow/tfjs";
import type { Batch } from "../../lib/engine/trainer.js";
import { models } from "../../lib/models/models.js";
import {
  batchFor,
  coreDerivatives,
  cores,
  gradientError,
  LAYERS,
  tfjsCan,
  tfjsDerivatives,
} from "../engine/gradients.js";
import { narrowed, network, randomBatch } from "../engine/networks.js";
import { referenceDerivatives } from "../engine/reference.js";

const TOLERANCE = 1e-4;
const asked = process.argv.slice(2);
const wanted = (name: string) => asked.length === 0 || asked.includes(name);
let failed = false;

async function compare(
  name: string,
  model: LayersModel,
  batch: Batch,
  able: boolean,
): Promise<Map<string, number>> {
  const { count } = batch;
  const [frames] = model.inputs[0]!.shape.slice(1) as [number, number];
  const expected = able ? await tfjsDerivatives(model, batch) : referenceDerivatives(model, batch, 10);
  // One value is 0 and two are +1 and -1 when normalised, whatever made them: the gradient before is rounding.
  const values = name.endsWith("columns") ? count : count * frames;
  const share = /^batch normalisation/.test(name) && values <= 2 ? 1 : undefined;
  const errors = new Map<string, number>();
  for (const core of cores()) {
    const found = await coreDerivatives(core, model, batch);
    const statistics = "statistics" in expected ? gradientError(found.statistics, expected.statistics) : 0;
    const error = Math.max(gradientError(found.gradients, expected.gradients, share), statistics);
    errors.set(core.engine, error);
    if (error < TOLERANCE) continue;
    failed = true;
    console.error(
      `FAILED: ${name} on ${core.engine}, ${count} x ${model.inputs[0]!.shape.slice(1).join(" x ")}: ${error}`,
    );
  }
  return errors;
}

function report(name: string, worst: ReadonlyMap<string, number>): void {
  const text = Array.from(worst, ([engine, error]) => `${engine} ${error.toExponential(1)}`);
  console.log(`${name.padEnd(34)} ${text.join("   ")}`);
}

async function main(): Promise<void> {
  for (const [name, body] of Object.entries(LAYERS).filter(([name]) => wanted(name))) {
    const worst = new Map<string, number>();
    for (const frames of [1, 7, 128])
      for (const width of [1, 13, 40])
        for (const count of [1, 2, 31]) {
          const model = await network(body, [frames, width]);
          for (const [engine, error] of await compare(
            name,
            model,
            batchFor(name, count, frames, width),
            tfjsCan(name, count, frames),
          ))
            worst.set(engine, Math.max(error, worst.get(engine) ?? 0));
          model.dispose();
        }
    report(name, worst);
  }
  for (const name of (Object.keys(models) as (keyof typeof models)[]).filter(wanted)) {
    const model = await narrowed(await models[name]({ frames: 128, bands: 40, classes: 7, seed: 1 }), 1);
    report(
      `${name}, ${model.countParams()} parameters`,
      await compare(name, model, randomBatch(4, 128 * 40, 7), true),
    );
    model.dispose();
  }
  if (failed) process.exitCode = 1;
}

main();
