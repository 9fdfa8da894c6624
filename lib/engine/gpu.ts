import { createRequire } from "node:module";
import { join } from "node:path";
import { messageOf, systemCode } from "../base/errors.js";
import { projectRoot } from "../base/root.js";
import { startTfjs } from "./tfjs.js";

const PACKAGE = "@tensorflow/tfjs-node-gpu";
/** The name under which the package registers it. */
const BACKEND = "tensorflow";

/** The part of tfjs-node-gpu 4.22 that is used here; it registers its backend with this library's TensorFlow.js. */
export interface GpuModule {
  /** `isUsingGpuDevice`: whether libtensorflow listed a CUDA device. */
  backend(): { isUsingGpuDevice?: boolean };
}

/** Loads tfjs-node-gpu; tests replace this. */
export type GpuLoader = () => GpuModule;

/**
 * Starts TensorFlow on a CUDA device: afterwards tensors are computed there. Without such a device, TensorFlow.js returns to its
 * previous backend.
 *
 * tfjs-node-gpu 4.22 contains libtensorflow 2.9.1, which needs CUDA 11.2 and cuDNN 8.1
 * (https://www.tensorflow.org/install/source#gpu).
 *
 * @returns why no CUDA device is available; `undefined` when one is
 */
export async function startGpu(load: GpuLoader = loadPackage): Promise<string | undefined> {
  const tf = await startTfjs();
  const before = tf.getBackend();
  try {
    const gpu = load();
    // Loading makes the backend current only the first time.
    if (tf.findBackendFactory(BACKEND)) await tf.setBackend(BACKEND);
    if (gpu.backend().isUsingGpuDevice) return undefined;
    await tf.setBackend(before);
    return "tfjs-node-gpu loads, but finds no CUDA device: it needs an NVIDIA GPU with CUDA 11.2 and cuDNN 8.1";
  } catch (error) {
    await tf.setBackend(before);
    return reasonOf(error);
  }
}

function loadPackage(): GpuModule {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2"; // libtensorflow logs each library that it opens
  return createRequire(join(projectRoot(), "package.json"))(PACKAGE) as GpuModule;
}

function reasonOf(error: unknown): string {
  const [line] = messageOf(error).split("\n");
  const missing = systemCode(error) === "MODULE_NOT_FOUND" && line!.includes(PACKAGE);
  if (missing || line!.includes("native addon module")) {
    return `tfjs-node-gpu is not installed${missing ? "" : " whole"}: its install script fetches libtensorflow from storage.googleapis.com`;
  }
  return `tfjs-node-gpu does not load: ${line!.trim()}`;
}
