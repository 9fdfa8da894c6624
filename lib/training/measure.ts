import { messageOf, UsageError } from "../base/errors.js";
import { random } from "../base/random.js";
import { detectEngines } from "../engine/detect.js";
import { createTrainer } from "../engine/engine.js";
import type { Batch, EngineName } from "../engine/trainer.js";
import { models } from "../models/models.js";

/** How fast an engine trains a network, or why it could not be measured. */
export interface EngineSpeed {
  engine: EngineName;
  /** Milliseconds of a step, the median. */
  milliseconds?: number;
  /** Steps that were timed. */
  steps?: number;
  reason?: string;
}

const SIZES = { frames: 128, bands: 40, classes: 7 };
const BATCH = 32;
const STEPS = 10;
/** After so long no further step is begun: stock TensorFlow.js takes minutes for ten. */
const MILLISECONDS = 10_000;

/**
 * Times steps of training on each available engine, on random clips: batches of 32, 128 frames of 40 bands.
 *
 * @param name of a network of the workbench
 * @param engine one to measure alone; a software adapter is measured only so
 * @throws {UsageError} when no network has that name
 */
export async function measureEngines(name: string, engine?: EngineName): Promise<EngineSpeed[]> {
  if (!Object.hasOwn(models, name))
    throw new UsageError(`no network is called "${name}": there are ${Object.keys(models).join(", ")}`);
  const build = models[name as keyof typeof models];
  const speeds: EngineSpeed[] = [];
  for (const status of await detectEngines(engine)) {
    const software = status.adapter?.software === true && engine !== status.engine;
    if (!status.available || software || (engine !== undefined && engine !== status.engine)) continue;
    speeds.push({ engine: status.engine, ...(await speedOf(build, status.engine)) });
  }
  return speeds;
}

async function speedOf(
  build: (typeof models)[keyof typeof models],
  engine: EngineName,
): Promise<Omit<EngineSpeed, "engine">> {
  const model = await build({ ...SIZES, seed: 1 });
  try {
    const trainer = await createTrainer(model, {
      engine,
      optimizer: { name: "adam" },
      seed: 1,
      maxBatch: BATCH,
    });
    const batch = randomBatch();
    const times: number[] = [];
    const begin = performance.now();
    try {
      // The first step also prepares what the others use.
      for (let i = 0; i <= STEPS && (i < 2 || performance.now() - begin < MILLISECONDS); i++) {
        const start = performance.now();
        await trainer.step(batch, 1e-3);
        if (i > 0) times.push(performance.now() - start);
      }
    } finally {
      await trainer.dispose();
    }
    times.sort((a, b) => a - b);
    return { milliseconds: times[Math.floor(times.length / 2)]!, steps: times.length };
  } catch (error) {
    return { reason: messageOf(error) };
  } finally {
    model.dispose();
  }
}

function randomBatch(): Batch {
  const rng = random("measure");
  const { frames, bands, classes } = SIZES;
  const y = new Float32Array(BATCH * classes);
  for (let clip = 0; clip < BATCH; clip++) y[clip * classes + (clip % classes)] = 1;
  return { x: Float32Array.from({ length: BATCH * frames * bands }, () => rng.normal()), y, count: BATCH };
}
