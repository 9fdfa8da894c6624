import { messageOf } from "../base/errors.js";
import type { Core } from "./core.js";
import { type AdapterInfo, type FoundAdapter, findAdapter, type WebgpuLoader } from "./webgpu/device.js";
import { createForward, createNetwork } from "./webgpu/network.js";

/** The core on a GPU, with what the GPU says of itself, or the reason why it is not available. */
export type FoundWebgpu = { core: Core; adapter: AdapterInfo } | { reason: string };

/**
 * The core as WebGPU kernels on the system's best adapter, if the package `webgpu` is installed. A software adapter is found
 * too: whether it may be used is the caller's choice.
 *
 * @param load for tests
 */
export async function loadWebgpu(load?: WebgpuLoader): Promise<FoundWebgpu> {
  const found: FoundAdapter = await findAdapter(load);
  if ("reason" in found) return found;
  const { info, start } = found;
  const started = async () => {
    try {
      return await start();
    } catch (error) {
      throw new Error(`the GPU "${info.name}" does not start: ${messageOf(error)}`);
    }
  };
  const core: Core = {
    engine: "webgpu",
    instructionSet: `${info.backend}, ${info.name}`,
    create: async (program, parameters, options) =>
      createNetwork(await started(), program, parameters, options),
    createForward: async (program, parameters) => createForward(await started(), program, parameters),
  };
  return { core, adapter: info };
}
