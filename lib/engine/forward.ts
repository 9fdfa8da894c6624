import type { LayersModel } from "@tensorflow/tfjs";
import { messageOf, UserError } from "../base/errors.js";
import { type CompiledForward, compileForward, UnknownLayer } from "./compile.js";
import type { Core, CoreForward } from "./core.js";
import { chooseEngine, type EngineLoaders } from "./detect.js";
import { readGraph } from "./graph.js";
import { startTfjs } from "./tfjs.js";
import type { EngineName } from "./trainer.js";

/** A network for inference only, on inputs of any length. Concurrent calls run one after the other. */
export interface Forward {
  readonly engine: EngineName;
  readonly threads: number;
  /**
   * Runs one input on all threads.
   *
   * @param x one input, `frames * columns` numbers, row by row
   * @returns the output of the last layer, a copy
   * @throws {UserError} when `x` has another length, the input is too short or too long for the model, or memory runs out
   */
  run(x: Float32Array, frames: number): Promise<ForwardOutput>;
  /** Ends the threads and frees the memory. */
  dispose(): Promise<void>;
}

/** The output of a network for one input: `rows * cols` numbers, row by row. */
export interface ForwardOutput {
  data: Float32Array;
  rows: number;
  cols: number;
}

/** Options of {@link createForward}. */
export interface ForwardOptions {
  /** Default: the best available. */
  engine?: EngineName;
  /** Default: all cores. The result does not depend on it. */
  threads?: number;
}

/**
 * Prepares a tf.layers model for inference only: it may end in any layer and takes inputs `[frames, columns]` of any number of
 * frames. It needs memory for two copies of the weights and for the activations of the longest input so far. If the C core does
 * not support a layer, one line on standard error names it, and TensorFlow.js runs the model.
 *
 * @param model its own weights are not used; it may be disposed afterwards
 * @param weights in the order of `model.weights`; not kept
 * @param loaders for tests
 * @throws {UserError} when the requested engine is not available, or the weights do not fit the model
 * @example
 * const sizes = { blocks: 1, width: 16, heads: 2, hidden: 32, bands: 80, positions: 1500 };
 * const model = await whisper(sizes, { seed: 1 });
 * const forward = await createForward(model, model.weights.map((weight) => weight.read().dataSync() as Float32Array));
 * const { rows, cols } = await forward.run(new Float32Array(300 * 80), 300);
 * [rows, cols]; // => [150, 32]
 * await forward.dispose();
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
    process.stderr.write(`ser: ${error.message}: using tfjs, which is slow\n`);
    return tfjsForward(model, weights, "tfjs");
  }
}

function checkWeights(model: LayersModel, weights: readonly Float32Array[]): void {
  const sizes = model.weights.map(({ shape }) => (shape as number[]).reduce((a, b) => a * b, 1));
  if (sizes.length === weights.length && sizes.every((size, i) => weights[i]!.length === size)) return;
  throw new UserError(`the weights do not fit the model "${model.name}": it has other shapes`);
}

/**
 * Frames that a network is compiled for first, to find unsupported layers; doubled where they are too few, halved where the
 * network has too few positions.
 */
const TRIED = 64;
/** More frames than useful convolutions need. */
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
  let turn: Promise<unknown> = Promise.resolve();
  return {
    engine: core.engine,
    threads: network.threads,
    async run(x, frames) {
      const wanted = programs.of(frames);
      checkInput(x, frames, wanted.inputSize);
      const before = turn;
      const work = named(async () => {
        // Another call could reshape the network to its own length meanwhile.
        await before;
        if (wanted !== current) await network.reshape(wanted.program);
        current = wanted;
        return network.run(x);
      });
      turn = work.catch(() => {});
      const data = await work;
      await new Promise(setImmediate); // lets a Ctrl-C through
      const cols = wanted.outputShape.at(-1)!;
      return { data, rows: data.length / cols, cols };
    },
    dispose: () => network.destroy(),
  };
}

/** A function of its own, so that no closure of the network keeps the weights alive. */
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

/** The programs of a network by number of frames. */
class Programs {
  readonly #known = new Map<number, CompiledForward>();

  constructor(
    private readonly model: LayersModel,
    private readonly columns: readonly number[],
  ) {}

  /** A number of frames that the network accepts. */
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

  /** Whether every layer still has at least one frame. */
  reaches(frames: number): boolean {
    return readGraph(this.model, [frames, ...this.columns]).nodes.every(({ shape }) =>
      shape.every((size) => size >= 1),
    );
  }

  of(frames: number): CompiledForward {
    if (!(Number.isInteger(frames) && frames >= 1))
      throw new UserError(`an input cannot have ${frames} frames`);
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

/** Turns errors of the core about memory into messages for users. */
async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!/memory/.test(messageOf(error))) throw error;
    throw new UserError("not enough memory for an input of this length: cut it into shorter ones");
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
