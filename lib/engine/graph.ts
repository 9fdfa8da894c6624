import type { LayersModel, layers, SymbolicTensor } from "@tensorflow/tfjs";
import { UserError } from "../base/errors.js";

export type Layer = layers.Layer;

/** One use of a layer: its inputs, its output shape, and its settings as tf.layers serialises them. */
export interface GraphNode {
  layer: Layer;
  /** Class name of the layer in tf.layers, for example "Conv1D". */
  kind: string;
  /** The layer's inputs, as indices into {@link Graph.nodes}; none for the model's input. */
  inputs: number[];
  /** Shape of the output, without the batch. */
  shape: number[];
  config: Readonly<Record<string, unknown>>;
}

/** A model with one input and one output as a list of layers, each after its inputs. */
export interface Graph {
  nodes: GraphNode[];
  /** The shape of one input. */
  inputShape: number[];
}

/** A model that is used as a layer. */
type NestedModel = Layer & { inputs: SymbolicTensor[]; outputs: SymbolicTensor[] };

/**
 * Reads a tf.layers model, sequential or functional, into a flat list; nested models are expanded. Values have the indices of
 * their nodes; the last node is the model's output.
 *
 * @param model one input, one output
 * @param inputShape of one input, where the model leaves a dimension open; default: the model's own
 * @throws {UserError} when the model has several inputs or outputs, or a dimension stays open
 * @example readGraph(model).nodes.map((node) => node.kind) // ["InputLayer", "Conv1D", ...]
 */
export function readGraph(model: LayersModel, inputShape?: readonly number[]): Graph {
  const [input] = model.inputs;
  const [output] = model.outputs;
  if (model.inputs.length !== 1 || model.outputs.length !== 1 || !input || !output) {
    throw new UserError(
      `the model "${model.name}" has ${model.inputs.length} inputs and ${model.outputs.length} outputs; supported is one of each`,
    );
  }
  const shape = [...(inputShape ?? input.shape.slice(1))].map((size) => size ?? 0);
  if (shape.some((size) => !(size > 0))) {
    throw new UserError(`the model "${model.name}" leaves its input shape open: [${input.shape.join(", ")}]`);
  }
  const nodes: GraphNode[] = [
    { layer: input.sourceLayer, kind: "InputLayer", inputs: [], shape, config: {} },
  ];
  visit(output, new Map([[input.id, 0]]));
  return { nodes, inputShape: shape };

  /** The index of a tensor's value; `known` are the values of the current model by the tensor's id. */
  function visit(tensor: SymbolicTensor, known: Map<number, number>): number {
    const found = known.get(tensor.id);
    if (found !== undefined) return found;
    const layer = tensor.sourceLayer;
    const inputs = tensor.inputs.map((part) => visit(part, known));
    const index = isModel(layer) ? visitModel(layer, inputs, tensor.tensorIndex) : add(layer, inputs);
    known.set(tensor.id, index);
    return index;
  }

  function visitModel(nested: NestedModel, inputs: number[], which: number): number {
    const known = new Map(nested.inputs.map((tensor, i) => [tensor.id, inputs[i]!]));
    return visit(nested.outputs[which]!, known);
  }

  function add(layer: Layer, inputs: number[]): number {
    const shapes = inputs.map((index) => [1, ...nodes[index]!.shape]);
    const output = layer.computeOutputShape(shapes.length === 1 ? shapes[0]! : shapes) as number[];
    return (
      nodes.push({
        layer,
        kind: layer.getClassName(),
        inputs,
        shape: output.slice(1),
        config: layer.getConfig() as Readonly<Record<string, unknown>>,
      }) - 1
    );
  }
}

function isModel(layer: Layer): layer is NestedModel {
  return "outputs" in layer && Array.isArray(layer.outputs);
}

/**
 * The trainers apply no regularizers and constraints, so models that have them are rejected instead of trained without them.
 *
 * @throws {UserError} naming the layer and its setting
 */
export function refuseRegularizers(model: LayersModel): void {
  for (const layer of model.layers) {
    const asked = penalty(layer.getConfig());
    if (!asked) continue;
    throw new UserError(
      `layer "${layer.name}" has a ${asked}, which no engine applies: remove it and use adamw with weightDecay`,
    );
  }
}

/** The first regularizer or constraint in a layer's settings, including nested layers. */
function penalty(config: object): string | undefined {
  for (const [key, value] of Object.entries(config)) {
    if (value === null || typeof value !== "object") continue;
    if (/(Regularizer|Constraint)$/.test(key)) return key;
    const inner = penalty(value);
    if (inner) return inner;
  }
  return undefined;
}
