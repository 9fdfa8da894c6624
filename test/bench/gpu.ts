// A training step of four reference networks on a GPU: the engine webgpu against PyTorch with CUDA and against the native core.
import { parseArgs } from "node:util";
import { random } from "../../lib/base/random.js";
import { formatTable } from "../../lib/base/table.js";
import { compile } from "../../lib/engine/compile.js";
import type { Core, CoreBatch } from "../../lib/engine/core.js";
import { loadNative } from "../../lib/engine/native.js";
import { findAdapter } from "../../lib/engine/webgpu/device.js";
import { createNetwork, type StepCost } from "../../lib/engine/webgpu/network.js";
import { loadWebgpu } from "../../lib/engine/webgpu.js";
import { BANDS, build, CLASSES, FRAMES, MODELS, median, round3, Torch } from "./training.js";

const HELP = `npm run -s bench -- gpu [--json] [--models cnn,lstm,bilstm,clstm] [--batches 32,256,1024] [--seconds 2] [--python PYTHON]
  [--count]

Clips of 128 frames x 40 bands. PyTorch runs with CUDA in single precision (TF32 off), where a Python has it. --count starts no
step: it counts the kernels and bytes of one, on any adapter. Takes at most five minutes.
`;

interface Row extends StepCost {
  model: string;
  batch: number;
  webgpuMs: number | null;
  torchMs: number | null;
  nativeMs: number | null;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      count: { type: "boolean" },
      models: { type: "string", default: MODELS.join() },
      batches: { type: "string", default: "32,256,1024" },
      seconds: { type: "string", default: "2" },
      python: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [found, gpu, native] = [await findAdapter(), await loadWebgpu(), loadNative()];
  if (!("core" in gpu) || "reason" in found || (found.info.software && !values.count)) {
    const reason = "reason" in found ? found.reason : "only a software adapter is here";
    process.stdout.write(`no GPU to measure: ${reason}\n`);
    return;
  }
  const torch = values.count ? undefined : await Torch.start("training_torch.py", values.python, "cuda");
  const seconds = Number(values.seconds);
  const rows: Row[] = [];
  for (const model of MODELS.filter((name) => values.models.split(",").includes(name))) {
    const network = await build(model);
    const { program, parameters } = compile(network);
    network.dispose();
    for (const batch of values.batches.split(",").map(Number)) {
      const time = (core: Core) => timeOf(core, program, parameters, batch, seconds);
      const costs = await createNetwork(await found.start(), program, new Float32Array(parameters), {
        maxBatch: batch,
        seed: 1,
      });
      const cost = costs.cost(batch);
      await costs.destroy();
      rows.push({
        ...{ model, batch, ...cost },
        webgpuMs: values.count ? null : await time(gpu.core),
        torchMs: torch ? median((await torch.ask(`${model} 1 ${seconds} ${batch}`)).slice(1)) : null,
        nativeMs: values.count || !("core" in native) || batch > 32 ? null : await time(native.core),
      });
    }
  }
  torch?.stop();
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else process.stdout.write(`${table(rows)}\n${found.info.name}; ${torch?.about ?? "no Python with CUDA"}\n`);
}

/** The median of steps that fit into some seconds; the first prepares. */
async function timeOf(
  core: Core,
  program: Int32Array,
  size: number,
  count: number,
  seconds: number,
): Promise<number> {
  const rng = random("bench/gpu");
  const parameters = Float32Array.from({ length: size }, () => rng.normal(0, 0.05));
  const network = await core.create(program, parameters, { maxBatch: count, seed: 1 });
  const y = new Float32Array(count * CLASSES);
  for (let clip = 0; clip < count; clip++) y[clip * CLASSES + (clip % CLASSES)] = 1;
  const x = Float32Array.from({ length: count * FRAMES * BANDS }, () => rng.normal());
  const batch: CoreBatch = { x, y, count };
  const times: number[] = [];
  await network.step(batch, 1e-4);
  const end = performance.now() + 1e3 * seconds;
  while (times.length === 0 || performance.now() < end) {
    const start = performance.now();
    await network.step(batch, 1e-4);
    times.push(performance.now() - start);
  }
  await network.destroy();
  return median(times);
}

function table(rows: readonly Row[]): string {
  const head = [
    "model",
    "batch",
    "webgpu ms",
    "/ PyTorch",
    "/ native",
    "kernels",
    "KiB up",
    "bytes down",
    "MiB held",
  ];
  const ratio = (a: number | null, b: number | null) => (a && b ? String(round3(a / b)) : "-");
  const cells = rows.map((row) => [
    row.model,
    row.batch,
    row.webgpuMs?.toFixed(2) ?? "-",
    ratio(row.webgpuMs, row.torchMs),
    ratio(row.webgpuMs, row.nativeMs),
    row.dispatches,
    Math.round(row.up / 1024),
    row.down,
    Math.round(row.held / 2 ** 20),
  ]);
  return formatTable(head, cells);
}
