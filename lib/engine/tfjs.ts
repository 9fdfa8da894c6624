import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { projectRoot } from "../base/root.js";
// Saved models may contain these.
import "./layers/frame-padding.js";
import "./layers/frame-weights.js";
import "./layers/gelu.js";
import "./layers/positions.js";
import "./layers/self-attention.js";
import "./layers/stochastic-depth.js";

/**
 * TensorFlow.js: `tf.sequential`, `tf.layers` and the rest, the one instance that the library uses.
 *
 * @example
 * const network = tf.sequential({ layers: [tf.layers.dense({ inputShape: [3], units: 2, activation: "softmax" })] });
 * network.countParams(); // => 8
 */
export { tf };

// Silences the advice to install tfjs-node, which whoever uses `tf` first would print.
tf.enableProdMode();

let started: Promise<typeof tf> | undefined;

/**
 * Starts TensorFlow.js on its WebAssembly backend, or on plain JavaScript where WebAssembly is not available, and returns it.
 * Everything in the library uses this one instance. Further calls return it at once.
 *
 * @example
 * const tf = await startTfjs();
 * tf.getBackend(); // => "wasm"
 */
export function startTfjs(): Promise<typeof tf> {
  started ??= start();
  return started;
}

async function start(): Promise<typeof tf> {
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const load = createRequire(join(projectRoot(), "package.json"));
  setWasmPaths(`${dirname(load.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/dist/`);
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) =>
      conv2dBackpropFilter(
        inputs.x as tf.Tensor4D,
        inputs.dy as tf.Tensor4D,
        attrs as unknown as ConvolutionAttributes,
      ),
  });
  if (!(await tf.setBackend("wasm"))) await tf.setBackend("cpu");
  await tf.ready();
  return tf;
}

interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: "valid" | "same" | number;
  dataFormat: "NHWC" | "NCHW";
  filterShape: [number, number, number, number];
}

/**
 * The gradient of a 2D convolution with respect to its filter, which the wasm backend lacks: for each position in the filter, its
 * inputs times the gradient of the output, as one matrix product. NHWC, no dilation.
 *
 * dW[i, j, c, o] = sum over n, y, x of X[n, y s + i - p, x s + j - p, c] dY[n, y, x, o]
 */
function conv2dBackpropFilter(x: tf.Tensor4D, dy: tf.Tensor4D, attrs: ConvolutionAttributes): tf.Tensor4D {
  const { strides, pad, dataFormat, filterShape } = attrs;
  if (dataFormat !== "NHWC") throw new Error("Conv2DBackpropFilter on wasm: only NHWC");
  const [height, width, channels, filters] = filterShape;
  const [strideY, strideX] = typeof strides === "number" ? [strides, strides] : strides;
  const { padInfo } = tf.backend_util.computeConv2DInfo(x.shape, filterShape, [strideY, strideX], 1, pad);
  const [batch, outHeight, outWidth] = dy.shape;
  return tf.tidy(() => {
    const padded = tf.pad4d(x, [
      [0, 0],
      [padInfo.top, padInfo.bottom],
      [padInfo.left, padInfo.right],
      [0, 0],
    ]);
    const seen: tf.Tensor[] = [];
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const end = [batch, i + (outHeight - 1) * strideY + 1, j + (outWidth - 1) * strideX + 1, channels];
        const part = tf.stridedSlice(padded, [0, i, j, 0], end, [1, strideY, strideX, 1]);
        seen.push(part.reshape([-1, channels]));
      }
    }
    const columns = tf.concat(seen, 1).transpose();
    return tf.matMul(columns, dy.reshape([-1, filters])).reshape(filterShape);
  });
}
