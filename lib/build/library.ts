// All that the entries of the package export, in one bundle.

export * from "../analysis/index.js";
export * from "../audio/index.js";
export * from "../corpora/index.js";
export * from "../encoders/index.js";
export * from "../engine/index.js";
export * from "../evaluation/index.js";
export * from "../features/index.js";
export * from "../figures/index.js";
export * from "../index.js";
export * from "../inference/index.js";
export * from "../models/index.js";
export * from "../notebook/index.js";
export * from "../protocols/index.js";
export * from "../report/index.js";
export * from "../training/index.js";
