import { expect, test } from "vitest";
import { startGpu } from "../../lib/engine/gpu.js";
import { startTfjs } from "../../lib/engine/tfjs.js";

const tf = await startTfjs();

/** As tfjs-node-gpu does when it loads: its backend becomes the current one. */
function load(isUsingGpuDevice: boolean) {
  return () => {
    tf.setBackend("cpu");
    return { backend: () => ({ isUsingGpuDevice }) };
  };
}

test("with a CUDA device there is nothing to complain of, and its backend stays", async () => {
  expect(await startGpu(load(true))).toBeUndefined();
  expect(tf.getBackend()).toBe("cpu");
  await tf.setBackend("wasm");
});

test("without one the reason says what is wanted, and the backend is the old one", async () => {
  expect(await startGpu(load(false))).toMatch(/no CUDA device.*CUDA 11\.2 and cuDNN 8\.1/);
  expect(tf.getBackend()).toBe("wasm");
});

test.each([
  [
    Object.assign(new Error("Cannot find module '@tensorflow/tfjs-node-gpu'\nRequire stack:"), {
      code: "MODULE_NOT_FOUND",
    }),
    /^tfjs-node-gpu is not installed: its install script/,
  ],
  [
    new Error(
      "The Node.js native addon module (tfjs_binding.node) can not be found at path: /x. \nPlease run",
    ),
    /^tfjs-node-gpu is not installed whole: its install script/,
  ],
  [
    new Error("libcudart.so.11.0: cannot open shared object file \nmore"),
    /^tfjs-node-gpu does not load: libcudart.so.11.0: cannot open shared object file$/,
  ],
])("a package that cannot be had says why in one line: %s", async (error, reason) => {
  const load = () => {
    tf.setBackend("cpu");
    throw error;
  };
  expect(await startGpu(load)).toMatch(reason);
  expect(tf.getBackend()).toBe("wasm");
});

test("whatever is installed here, asking does no harm", async () => {
  await startGpu();
  expect(["wasm", "tensorflow"]).toContain(tf.getBackend());
  await tf.setBackend("wasm");
});
