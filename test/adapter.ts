import { existsSync } from "node:fs";
import { constants } from "node:os";
import type { Core } from "../lib/engine/core.js";
import { loadWebgpu } from "../lib/engine/webgpu.js";

/** Where Debian's Chromium has a software adapter and a Vulkan loader. */
const CHROMIUM = "/usr/lib/chromium";

/** What a process needs to find that adapter; nothing where the machine names drivers of its own, or has none. */
export function adapterEnvironment(): Record<string, string> | undefined {
  if (process.env.VK_DRIVER_FILES) return {};
  const driver = `${CHROMIUM}/vk_swiftshader_icd.json`;
  return existsSync(driver) ? { VK_DRIVER_FILES: driver, LD_LIBRARY_PATH: CHROMIUM } : undefined;
}

/** Makes this process find the adapter. */
export function useAdapter(): void {
  const found = adapterEnvironment()?.VK_DRIVER_FILES;
  if (!found) return;
  process.env.VK_DRIVER_FILES = found;
  const KEPT = 0x1000; // RTLD_NODELETE
  try {
    // A process reads LD_LIBRARY_PATH only when it starts; a library that is loaded is found by its name. This one is no addon,
    // so that Node throws when it has loaded it.
    process.dlopen({ exports: {} }, `${CHROMIUM}/libvulkan.so.1`, constants.dlopen.RTLD_NOW | KEPT);
  } catch {}
}

/** The core on that adapter, which is started at the first call: a test may ask for it where there is none, and not use it. */
export function onAdapter(): Core {
  const found = async () => {
    useAdapter();
    const core = await loadWebgpu();
    if ("core" in core) return core.core;
    throw new Error(core.reason);
  };
  return {
    engine: "webgpu",
    instructionSet: "any",
    create: async (...given) => (await found()).create(...given),
    createForward: async (...given) => (await found()).createForward(...given),
  };
}
