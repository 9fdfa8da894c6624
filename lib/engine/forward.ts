import type { LayersModel } from "@tensorflow/tfjs";
import { messageOf, UserError } from "../base/errors.js";
import { type CompiledForward, compileForward, UnknownLayer } from "./compile.js";
import type { Core, CoreForward } from "./core.js";
import { chooseEngine, type EngineLoaders } from "./detect.js";
import { readGraph } from "./graph.js";
import { startTfjs } from "./tfjs.js";
import type { EngineName } from "./trainer.js";

/** A network that is only run forward, on inputs of any length; calls at once are answered one after the other. */
export interface Forward {
  readonly engine: EngineName;
  readonly threads: number;
  /**
   * All threads work on the one input.
   *
   * @param x one input, `frames * columns` numbers
   * @returns `rows * cols` numbers, a copy
   * @throws {UserError} when the numbers are not as many as the frames have, or memory lacks
   */
  run(x: Float32Array, frames: number): Promise<ForwardOutput>;
  dispose(): Promise<void>;
}

export interface ForwardOutput {
  data: Float32Array;
  rows: number;
  cols: number;
}

export interface ForwardOptions {
  /** Default: the best there is. */
  engine?: EngineName;
  /** Default: all cores. The result does not depend on it. */
  threads?: number;
}

/**
 * Makes a tf.layers model ready to be run forward: it may end in any layer, takes inputs `[frames, columns]`
 * of any number of frames, and keeps nothing for training. The memory is that of the weights, twice, and of what the longest
 * input so far needed at a time. Where the core lacks a layer, one line on standard error names it, and TensorFlow.js runs.
 *
 * @param model its own weights are not looked at; it may be disposed afterwards
 * @param weights in the order of `model.weights`; not kept
 * @param loaders where the engines come from; tests give their own
 * @throws {UserError} when the engine asked for is not available, or the weights are not those of the model
 * @example
 * const encoder = await createForward(model, weights);
 * const { data, rows, cols } = await encoder.run(mel, 450);
 * await encoder.dispose();
 */
export async function createForward(
  model: LayersModel,
  weights: readonly Float32Array[],
  options: ForwardOptions = {},
  loaders: EngineLoaders = {},
): Promise<Forward> {
  checkWeights(model, weights);
  const { engine, core } = await chooseEngine(options.engine, loaders);
  if (!core) return tfjsForward(model, weights, engine);
  try {
    return await coreForward(core, model, weights, options.threads);
  } catch (error) {
    if (!(error instanceof UnknownLayer)) throw error;
    process.stderr.write(`ser: ${error.message}: it runs on tfjs, which is slow\n`);
    return tfjsForward(model, weights, "tfjs");
  }
}

function checkWeights(model: LayersModel, weights: readonly Float32Array[]): void {
  const sizes = model.weights.map(({ shape }) => (shape as number[]).reduce((a, b) => a * b, 1));
  if (sizes.length === weights.length && sizes.every((size, i) => weights[i]!.length === size)) return;
  throw new UserError(`these are not the weights of the model "${model.name}": it has others`);
}

/**
 * Frames that a network is tried with first, to hear of layers that the core lacks; twice as many where they are too few,
 * half as many where it has no positions for them.
 */
const TRIED = 64;
/** More than convolutions of any use eat. */
const MOST_TRIED = 65_536;

async function coreForward(
  core: Core,
  model: LayersModel,
  weights: readonly Float32Array[],
  threads?: number,
): Promise<Forward> {
  const [, ...columns] = model.inputs[0]!.shape.slice(1) as (number | null)[];
  const programs = new Programs(model, columns as number[]);
  const fixed = model.inputs[0]!.shape[1];
  const first = programs.of(fixed ?? programs.tried());
  const network = await started(core, first, weights, threads);
  let current = first;
  return {
    engine: core.engine,
    threads: network.threads,
    async run(x, frames) {
      const wanted = programs.of(frames);
      checkInput(x, frames, wanted.inputSize);
      const data = await named(async () => {
        // Nothing is awaited in between, where another call would reshape the network to its own length.
        if (wanted !== current) network.reshape(wanted.program);
        current = wanted;
        return network.run(x);
      });
      await new Promise(setImmediate); // lets a Ctrl-C through
      const cols = wanted.outputShape.at(-1)!;
      return { data, rows: data.length / cols, cols };
    },
    dispose: () => network.destroy(),
  };
}

/** Apart from what lives on with the network, so that nothing holds the weights any longer. */
async function started(
  core: Core,
  { program, parameters: size, offsets }: CompiledForward,
  weights: readonly Float32Array[],
  threads?: number,
): Promise<CoreForward> {
  const parameters = new Float32Array(size);
  for (const [i, values] of weights.entries()) parameters.set(values, offsets[i]);
  return named(() => core.createForward(program, parameters, threads));
}

/** The programs of a network for numbers of frames. */
class Programs {
  readonly #known = new Map<number, CompiledForward>();

  constructor(
    private readonly model: LayersModel,
    private readonly columns: readonly number[],
  ) {}

  /** A number of frames that the network takes. */
  tried(): number {
    let frames = TRIED;
    while (frames > 1 && !this.#fits(frames)) frames /= 2;
    while (frames < MOST_TRIED && !this.reaches(frames)) frames *= 2;
    return frames;
  }

  #fits(frames: number): boolean {
    try {
      this.reaches(frames);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Whether anything is left of so many frames in every layer. */
  reaches(frames: number): boolean {
    return readGraph(this.model, [frames, ...this.columns]).nodes.every(({ shape }) =>
      shape.every((size) => size >= 1),
    );
  }

  of(frames: number): CompiledForward {
    if (!(Number.isInteger(frames) && frames >= 1)) throw new UserError(`${frames} frames are no input`);
    const known = this.#known.get(frames) ?? this.#compiled(frames);
    this.#known.set(frames, known);
    return known;
  }

  #compiled(frames: number): CompiledForward {
    try {
      if (this.reaches(frames)) return compileForward(this.model, [frames, ...this.columns]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(`an input of ${frames} frames is too long: ${error.message}`);
    }
    throw new UserError(`an input of ${frames} frames is too short for the model "${this.model.name}"`);
  }
}

/** What lacks memory is told in a person's words. */
async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!/memory/.test(messageOf(error))) throw error;
    throw new UserError("there is not enough memory for an input of this length: cut it into shorter ones");
  }
}

function checkInput(x: Float32Array, frames: number, size: number): void {
  if (x.length === size) return;
  throw new UserError(`an input of ${frames} frames has ${size} numbers, not ${x.length}`);
}

/** A copy of the model with the weights, run by TensorFlow.js. */
async function tfjsForward(
  model: LayersModel,
  weights: readonly Float32Array[],
  engine: EngineName,
): Promise<Forward> {
  const tf = await startTfjs();
  const copy = (await tf.models.modelFromJSON({
    modelTopology: model.toJSON(undefined, false) as never,
  })) as LayersModel;
  tf.tidy(() => {
    copy.weights.forEach((weight, i) => {
      weight.write(tf.tensor(weights[i]!, weight.shape as number[]));
    });
  });
  const columns = copy.inputs[0]!.shape.slice(2) as number[];
  return {
    engine,
    threads: 1,
    async run(x, frames) {
      checkInput(
        x,
        frames,
        columns.reduce((a, b) => a * b, frames),
      );
      const output = tf.tidy(() => copy.predict(tf.tensor(x, [1, frames, ...columns]))) as ReturnType<
        typeof tf.tensor
      >;
      const data = (await output.data()) as Float32Array;
      const cols = output.shape.at(-1)!;
      output.dispose();
      return { data, rows: data.length / cols, cols };
    },
    dispose: async () => void copy.dispose(),
  };
}
