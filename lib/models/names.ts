import * as v from "valibot";
import { oneOf } from "../base/schema.js";

/**
 * The baselines, which ignore the order of frames: the most frequent class, and a linear model and support vector machines with an
 * RBF kernel on each clip's statistics.
 */
export const BASELINES = ["majority", "linear", "svm"] as const;

/** The networks, each in the file of its name. */
export const NETWORKS = [
  "cnn",
  "cnn-small",
  "lstm",
  "bilstm",
  "clstm",
  "attention",
  "weighted-layers",
  "top-blocks",
] as const;

/** A model on a clip's statistics: `majority` (the most frequent class), `linear` (logistic regression) or `svm` (RBF kernel). */
export type BaselineName = (typeof BASELINES)[number];

/** A network of {@link models}. */
export type NetworkName = (typeof NETWORKS)[number];

/** A network that a script defines, under a name of its own: `own:mine`. */
export type OwnName = `own:${string}`;

/** A baseline, a network, or a network that a script defines. */
export type ModelName = BaselineName | NetworkName | OwnName;

/** The baselines, then the networks. */
export const MODEL_NAMES = [...BASELINES, ...NETWORKS] as const;

/** Whether a model is a baseline, which sees the statistics of a clip instead of its frames. */
export function isBaseline(name: ModelName): name is BaselineName {
  return (BASELINES as readonly string[]).includes(name);
}

/** Whether a model is a network that a script gives. */
export function isOwn(name: ModelName): name is OwnName {
  return name.startsWith("own:");
}

/** A baseline, a network, or one that a script gives. */
export function modelSchema(description: string) {
  const own = v.pipe(v.string(), v.regex(/^own:[\w-]+$/), v.metadata({ takes: "own:NAME in a script" }));
  return v.pipe(
    v.union([oneOf("A baseline or a network.", MODEL_NAMES), own as v.GenericSchema<OwnName>]),
    v.description(description),
  );
}
