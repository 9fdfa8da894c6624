import * as v from "valibot";
import { UserError } from "../base/errors.js";
import { concatenated } from "../base/matrix.js";
import { problemsOf } from "../base/schema.js";
import type { TensorFile } from "./tensor-file.js";
import type { EncoderInfo, Tensor } from "./types.js";

/** The files of a model: its tensors and, in Hugging Face's format, its config.json. */
export interface ModelFiles {
  tensors: TensorFile;
  config?: { path: string; values: Record<string, unknown> };
}

/** The part of {@link EncoderInfo} that a model's files determine: family and sizes. */
export type Shape = Pick<
  EncoderInfo,
  "family" | "blocks" | "width" | "heads" | "hidden" | "bands" | "positions"
>;

/** One weight of our network, and the tensors of the file that it is made from. */
export interface Recipe {
  /** Name of the weight in the tf.layers model: `block0.qkv/kernel`. */
  name: string;
  shape: number[];
  parts: { name: string; shape: readonly number[] }[];
  /** In the order of `parts`; the result is in C order. */
  make(parts: Float32Array[]): Float32Array;
}

/** A recognised encoder, and how its tensors are made. */
export interface Recognised {
  shape: Shape;
  /** Name of the published model of this shape; `undefined` where there is none. */
  name?: string;
  recipes: Recipe[];
}

/** A family of encoders: one entry of {@link FAMILIES}. */
export interface Family {
  name: EncoderInfo["family"];
  /** Its supported models: "Whisper tiny, base and small". */
  title: string;
  /**
   * @returns `undefined` for a model of another family
   * @throws {UserError} for an unsupported model of this family
   */
  recognise(files: ModelFiles): Promise<Recognised | undefined>;
}

/**
 * Validates a model's config.json and fills in defaults.
 *
 * @throws {UserError} naming the file and all its problems
 */
export function checkedConfig<S extends v.GenericSchema<unknown, unknown>>(
  schema: S,
  { path, values }: NonNullable<ModelFiles["config"]>,
): v.InferOutput<S> {
  const problems = problemsOf(schema, values, "the configuration");
  if (problems.length > 0) throw new UserError(`${path}: ${problems.join("; ")}`);
  return v.parse(schema, values);
}

/** A dense layer's kernel [inputs, outputs] from matrices [outputs, inputs], side by side. */
export function denseKernel(inputs: number, ...outputs: number[]): Recipe["make"] {
  const columns = outputs.reduce((sum, n) => sum + n, 0);
  return (parts) => {
    const kernel = new Float32Array(inputs * columns);
    let first = 0;
    for (const [i, part] of parts.entries()) {
      for (let row = 0; row < outputs[i]!; row++)
        for (let col = 0; col < inputs; col++)
          kernel[col * columns + first + row] = part[row * inputs + col]!;
      first += outputs[i]!;
    }
    return kernel;
  };
}

/** A 1-d convolution's kernel [size, inputs, outputs] from PyTorch's [outputs, inputs, size]. */
export function convKernel(size: number, inputs: number, outputs: number): Recipe["make"] {
  return ([part]) => {
    const kernel = new Float32Array(size * inputs * outputs);
    for (let out = 0; out < outputs; out++)
      for (let input = 0; input < inputs; input++)
        for (let at = 0; at < size; at++)
          kernel[(at * inputs + input) * outputs + out] = part![(out * inputs + input) * size + at]!;
    return kernel;
  };
}

/**
 * Kernel of a 1-d convolution.
 *
 * @param part PyTorch's name
 */
export function convolution(
  name: string,
  part: string,
  size: number,
  inputs: number,
  outputs: number,
): Recipe {
  return {
    name: `${name}/kernel`,
    shape: [size, inputs, outputs],
    parts: [{ name: part, shape: [outputs, inputs, size] }],
    make: convKernel(size, inputs, outputs),
  };
}

/** A file's names of the two tensors of a normalisation. */
export interface NormNames {
  gamma: string;
  beta: string;
}

/** PyTorch's names. */
export function torchNorm(name: string): NormNames {
  return { gamma: `${name}.weight`, beta: `${name}.bias` };
}

/** Both tensors of a normalisation. */
export function norm(name: string, { gamma, beta }: NormNames, width: number): Recipe[] {
  return [same(`${name}/gamma`, [width], gamma), same(`${name}/beta`, [width], beta)];
}

/** A tensor that is used unchanged. */
export function same(name: string, shape: number[], part: string): Recipe {
  return { name, shape, parts: [{ name: part, shape }], make: ([values]) => values! };
}

/**
 * Kernel and bias of a dense layer, or of several with the same input, side by side.
 *
 * @param parts prefix of `weight` and `bias` in the names of each
 * @param outputs of each
 */
export function dense(name: string, parts: readonly string[], inputs: number, outputs: number): Recipe[] {
  return [
    {
      name: `${name}/kernel`,
      shape: [inputs, parts.length * outputs],
      parts: parts.map((part) => ({ name: `${part}weight`, shape: [outputs, inputs] })),
      make: denseKernel(inputs, ...parts.map(() => outputs)),
    },
    {
      name: `${name}/bias`,
      shape: [parts.length * outputs],
      parts: parts.map((part) => ({ name: `${part}bias`, shape: [outputs] })),
      make: concatenated,
    },
  ];
}

/** Reads the parts of one weight and makes it. */
export async function make(recipe: Recipe, file: TensorFile): Promise<Tensor> {
  const parts: Float32Array[] = [];
  for (const { name } of recipe.parts) parts.push(await file.read(name));
  return { shape: recipe.shape, data: recipe.make(parts) };
}

/** @throws {UserError} naming the first tensor that is missing or has the wrong shape */
export function checkShapes(recipes: readonly Recipe[], file: TensorFile): void {
  for (const { name, shape } of recipes.flatMap(({ parts }) => parts)) {
    const found = file.shapes.get(name);
    if (!found) throw new UserError(`${file.path} has no tensor ${name}`);
    if (found.length === shape.length && found.every((n, i) => n === shape[i])) continue;
    throw new UserError(`${file.path}: ${name} has the shape [${found}] and should have [${shape}]`);
  }
}
