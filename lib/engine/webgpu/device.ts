import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { messageOf, systemCode, UserError } from "../../base/errors.js";
import { projectRoot } from "../../base/root.js";

// The part of WebGPU (https://www.w3.org/TR/webgpu) that is used here, as the npm package `webgpu` has it. Its own types come
// with it, and it is optional.
export interface GpuBuffer {
  readonly size: number;
  destroy(): void;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
}
export interface GpuPipeline {
  getBindGroupLayout(index: number): object;
}
export interface GpuPass {
  setPipeline(pipeline: GpuPipeline): void;
  setBindGroup(index: number, group: object): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
  end(): void;
}
export interface GpuEncoder {
  beginComputePass(): GpuPass;
  copyBufferToBuffer(from: GpuBuffer, at: number, to: GpuBuffer, start: number, bytes: number): void;
  finish(): object;
}
export interface GpuDevice {
  readonly limits: Readonly<Record<string, number>>;
  readonly lost: Promise<{ reason: string; message: string }>;
  readonly queue: {
    writeBuffer(to: GpuBuffer, at: number, from: ArrayBufferView): void;
    submit(commands: object[]): void;
  };
  addEventListener(type: "uncapturederror", listener: (event: { error: { message: string } }) => void): void;
  createBuffer(options: { size: number; usage: number }): GpuBuffer;
  createShaderModule(options: { code: string }): object;
  createComputePipeline(options: object): GpuPipeline;
  createBindGroup(options: object): object;
  createCommandEncoder(): GpuEncoder;
  pushErrorScope(kind: "validation" | "out-of-memory" | "internal"): void;
  popErrorScope(): Promise<{ message: string } | null>;
  destroy(): void;
}
interface GpuAdapter {
  readonly info: {
    vendor: string;
    architecture: string;
    device: string;
    description: string;
    isFallbackAdapter?: boolean;
  };
  readonly isFallbackAdapter?: boolean;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(options: { requiredLimits: Record<string, number> }): Promise<GpuDevice>;
}
interface Gpu {
  requestAdapter(options: object): Promise<GpuAdapter | null>;
}
/** The exports of the package. */
export interface WebgpuModule {
  create(options: string[]): Gpu;
}

/** Loads the package; tests replace this. */
export type WebgpuLoader = () => WebgpuModule;

const PACKAGE = "webgpu";

/** How to get the package. */
export const HOW_TO_GET = "the package webgpu is not installed: npm install webgpu (132 MB)";

/** GPUBufferUsage and GPUMapMode have these numbers in the standard. */
export const USAGE = { mapRead: 1, copySrc: 4, copyDst: 8, uniform: 64, storage: 128 } as const;
export const MAP_READ = 1;

/** What a GPU, or a program that stands in for one, tells of itself. */
export interface AdapterInfo {
  name: string;
  /** Vulkan, Metal or Direct3D 12. */
  backend: string;
  /** It runs on the processor's cores, and is slower than the C core. */
  software: boolean;
  /** Bytes of the largest array. */
  largestBuffer: number;
  /** Bytes of a workgroup's own memory. */
  workgroupBytes: number;
  /** Threads of a workgroup. */
  workgroupThreads: number;
}

/** A started device. All networks of the process share one. */
export interface Gear {
  device: GpuDevice;
  info: AdapterInfo;
  /** Compiled shaders by their text. */
  pipelines: Map<string, GpuPipeline>;
  /** What went wrong on the device, if anything. */
  failure?: string;
}

/** The adapter, or why there is none. */
export type FoundAdapter = { info: AdapterInfo; start: () => Promise<Gear> } | { reason: string };

function loadPackage(): WebgpuModule {
  return createRequire(join(projectRoot(), "package.json"))(PACKAGE) as WebgpuModule;
}

/**
 * Looks for the system's best adapter.
 *
 * @param load for tests
 */
export async function findAdapter(load: WebgpuLoader = loadPackage): Promise<FoundAdapter> {
  try {
    const { create } = load();
    // Dawn would warn on standard error of a system without any driver, which is the usual case on a server.
    if (load === loadPackage && process.platform === "linux" && !hasVulkanDriver())
      return { reason: "no graphics driver: Vulkan finds none" };
    // One for the process: Dawn ends the process if it is collected while a device of it lives.
    const gpu = (load === loadPackage && instance) || create([]);
    if (load === loadPackage) instance = gpu;
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return { reason: "no graphics driver is found" };
    const info = infoOf(adapter);
    return { info, start: () => startOnce(gpu, info) };
  } catch (error) {
    const [line] = messageOf(error).split("\n");
    if (systemCode(error) === "MODULE_NOT_FOUND" && line!.includes(PACKAGE)) return { reason: HOW_TO_GET };
    return { reason: `the package webgpu does not load: ${line!.trim()}` };
  }
}

/** Whether any manifest of a Vulkan driver lies where the loader looks for it. */
function hasVulkanDriver(): boolean {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES, XDG_DATA_DIRS, XDG_DATA_HOME } =
    process.env;
  const named = [VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES].flatMap(
    (list) => list?.split(delimiter).filter(Boolean) ?? [],
  );
  if (named.length > 0) return named.some((path) => existsSync(path));
  const shared = (XDG_DATA_DIRS || "/usr/local/share:/usr/share").split(delimiter);
  const folders = ["/etc", "/usr/local/etc", XDG_DATA_HOME || join(homedir(), ".local/share"), ...shared];
  return folders.some((folder) => {
    try {
      return readdirSync(join(folder, "vulkan/icd.d")).some((name) => name.endsWith(".json"));
    } catch {
      return false;
    }
  });
}

function infoOf({ info, limits, isFallbackAdapter }: GpuAdapter): AdapterInfo {
  const backend =
    { darwin: "Metal", win32: "Direct3D 12" }[process.platform as "darwin" | "win32"] ?? "Vulkan";
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return {
    name: info.device || info.architecture || info.vendor || info.description || "unnamed",
    backend,
    software: Boolean(
      (info.isFallbackAdapter ?? isFallbackAdapter) ||
        /swiftshader|llvmpipe|lavapipe|basic render/i.test(text),
    ),
    largestBuffer: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    workgroupThreads: limits.maxComputeInvocationsPerWorkgroup,
  };
}

let instance: Gpu | undefined;
let started: Promise<Gear> | undefined;

/** The process's device; a new one after the last was lost. */
function startOnce(gpu: Gpu, info: AdapterInfo): Promise<Gear> {
  if (gpu !== instance) return start(gpu, info);
  started ??= start(gpu, info).then(
    (gear) => {
      void gear.device.lost.then(() => {
        started = undefined;
      });
      return gear;
    },
    (error) => {
      started = undefined;
      throw error;
    },
  );
  return started;
}

async function start(gpu: Gpu, info: AdapterInfo): Promise<Gear> {
  // An adapter gives one device only.
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new UserError("the graphics driver is gone");
  const wanted = [
    "maxBufferSize",
    "maxStorageBufferBindingSize",
    "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup",
    "maxComputeWorkgroupSizeX",
  ];
  const requiredLimits = Object.fromEntries(wanted.map((name) => [name, adapter.limits[name]!]));
  const device = await adapter.requestDevice({ requiredLimits });
  const gear: Gear = { device, info, pipelines: new Map() };
  device.addEventListener("uncapturederror", ({ error }) => {
    gear.failure ??= error.message;
  });
  void device.lost.then(({ reason, message }) => {
    if (reason !== "destroyed") gear.failure = `the device was lost (${message})`;
  });
  return gear;
}

/** Seconds that a step may take before the driver is taken for hung. */
const PATIENCE = { hardware: 60, software: 1800 };

/**
 * Waits for the device.
 *
 * @throws {UserError} when it fails, is lost, or does not answer in time
 */
export async function waitFor<T>(gear: Gear, work: Promise<T>): Promise<T> {
  const seconds = gear.info.software ? PATIENCE.software : PATIENCE.hardware;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new UserError(`it did not answer within ${seconds} s`)), seconds * 1000);
  });
  try {
    const result = await Promise.race([work, late]);
    if (gear.failure) throw new Error(gear.failure);
    return result;
  } catch (error) {
    const reason = gear.failure ?? messageOf(error);
    if (/memory/i.test(reason)) throw new Error(`not enough memory on the GPU: ${reason}`);
    throw new UserError(
      `the GPU "${gear.info.name}" failed: ${reason}; run it again (it resumes at the last checkpoint), or with --engine native`,
    );
  } finally {
    clearTimeout(timer);
  }
}
