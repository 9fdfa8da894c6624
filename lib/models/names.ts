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

/** A baseline or a network. */
export type ModelName = BaselineName | NetworkName;

/** The baselines, then the networks. */
export const MODEL_NAMES: readonly ModelName[] = [...BASELINES, ...NETWORKS];

/** Whether a model is a baseline, which sees the statistics of a clip instead of its frames. */
export function isBaseline(name: ModelName): name is BaselineName {
  return (BASELINES as readonly string[]).includes(name);
}
