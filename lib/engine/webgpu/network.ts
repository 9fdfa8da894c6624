import {
  type CoreBatch,
  type CoreForward,
  type CoreNetwork,
  type CoreOptions,
  checkBatch,
  optimizerOf,
} from "../core.js";
import { Builder, type Dispatch, STATE_WORDS } from "./builder.js";
import { type Gear, type GpuBuffer, MAP_READ, USAGE, waitFor } from "./device.js";
import { LAYERS } from "./layers.js";
import { type Program, readProgram } from "./program.js";

/** What a step costs beside the arithmetic. */
export interface StepCost {
  /** Kernels that are started. */
  dispatches: number;
  /** Bytes that go to the device, and come from it. */
  up: number;
  down: number;
  /** Bytes of all arrays on the device. */
  held: number;
}

/** A network that says what its steps cost. */
export interface GpuNetwork extends CoreNetwork {
  cost(count: number): StepCost;
}

/** Builds the kernels; what the device refuses meanwhile is an error. */
async function built<T>(gear: Gear, work: () => T): Promise<T> {
  const { device } = gear;
  for (const kind of ["validation", "internal", "out-of-memory"] as const) device.pushErrorScope(kind);
  let result: T | undefined;
  let thrown: unknown;
  try {
    result = work();
  } catch (error) {
    thrown = error;
  }
  const errors = [await device.popErrorScope(), await device.popErrorScope(), await device.popErrorScope()];
  if (thrown) throw thrown;
  if (errors[0]) throw new Error(`not enough memory on the GPU "${gear.info.name}"`);
  const failure = errors[1] ?? errors[2];
  if (failure) throw new Error(`the GPU "${gear.info.name}" refuses a kernel: ${failure.message}`);
  return result!;
}

/** The dispatches of a program; of the backward pass only where it trains. */
function layers(b: Builder, program: Program): { forth: Dispatch[]; back: Dispatch[] } {
  const backs = program.ops.map((op) => {
    const back = LAYERS[op.code]!(b, op);
    return program.needs[op.out] ? back : undefined;
  });
  const forth = b.take();
  if (program.forward) return { forth, back: [] };
  loss(b, program);
  // The softmax at the end is part of the loss.
  for (const back of backs.slice(0, -1).reverse()) back?.();
  return { forth, back: b.take() };
}

/** Cross-entropy of the softmax against the targets, from the logits, and the gradient of the mean over the batch. */
function loss(b: Builder, program: Program): void {
  const last = program.ops.at(-1)!;
  const n = program.sizes[program.output]!;
  const logits = last.in;
  const each = (body: string) => `for (var j = 0u; j < ${n}u; j++) { let at = i * ${n}u + j; ${body} }`;
  const wanted = program.needs[logits]!;
  b.map(
    { each: 1 },
    `var top = x[i * ${n}u]; var mass = 0.0; var total = 0.0; var v = 0.0;
     ${each("top = select(x[at], top, x[at] <= top); mass += targets[at];")}
     ${each("total += exp_(x[at] - top);")}
     let level = log_(total);
     ${each("v += targets[at] * (level - (x[at] - top));")}
     losses[i] = v * weights[i];
     let each_clip = weights[i] / f32(s.count);
     ${wanted ? each("d[at] = each_clip * (y[at] * mass - targets[at]);") : ""}`,
    {
      reads: {
        x: b.value(logits),
        y: b.value(program.output),
        targets: b.named("targets", n),
        weights: b.named("weights", 1),
      },
      writes: { losses: b.named("losses", 1), ...(wanted && { d: b.gradient(logits) }) },
    },
  );
  b.rows(
    1,
    `var v = 0.0;
     for (var j = li; j < s.count; j += ACROSS) { v += losses[j]; }
     let all = sum(v, li);
     if (li == 0u && row == 0u) { result[0] = all / f32(s.count); }`,
    { reads: { losses: b.named("losses", 1) }, writes: { result: b.result } },
  );
}

/** Clips the gradient, and moves the parameters by Adam (Kingma & Ba 2015) with decoupled decay (Loshchilov & Hutter 2019). */
function optimizer(
  b: Builder,
  program: Program,
  options: CoreOptions,
  m: GpuBuffer,
  v: GpuBuffer,
): Dispatch[] {
  const [beta1, beta2, epsilon, , clip] = optimizerOf(options);
  const flags = b.floats(program.size);
  const marks = new Float32Array(program.size);
  for (const { offset, size, trainable, decay } of program.parameters)
    marks.fill(trainable ? (decay ? 2 : 1) : 0, offset, offset + size);
  b.gear.device.queue.writeBuffer(flags, 0, marks);
  if (clip > 0) {
    const parts = Math.max(1, Math.min(1024, Math.ceil(program.size / 256)));
    const squares = b.floats(parts);
    b.rows(
      parts,
      `let chunk = ${Math.ceil(program.size / parts)}u;
       var t = 0.0;
       for (var i = row * chunk + li; i < min(${program.size}u, (row + 1u) * chunk); i += ACROSS) {
         if (flags[i] > 0.0) { t += g[i] * g[i]; }
       }
       let all = sum(t, li);
       if (li == 0u) { squares[row] = all; }`,
      { reads: { flags, g: b.g }, writes: { squares } },
    );
    b.rows(
      1,
      `var t = 0.0;
       for (var i = li; i < ${parts}u; i += ACROSS) { t += squares[i]; }
       let norm = sqrt(sum(t, li));
       if (li == 0u && row == 0u) { result[1] = select(1.0, f32(${clip}) / norm, norm > f32(${clip})); }`,
      { reads: { squares }, writes: { result: b.result } },
    );
  }
  b.map(
    program.size,
    `let flag = flags[i];
     if (flag > 0.0) {
       let e = g[i]${clip > 0 ? " * result[1]" : ""};
       let m1 = f32(${Math.fround(beta1)}) * m[i] + f32(${1 - Math.fround(beta1)}) * e;
       let v1 = f32(${Math.fround(beta2)}) * v[i] + f32(${1 - Math.fround(beta2)}) * e * e;
       m[i] = m1;
       v[i] = v1;
       p[i] = p[i] * select(1.0, s.shrink, flag > 1.0) - s.rate * (m1 * s.c1) / (sqrt(v1 * s.c2) + f32(${Math.fround(epsilon)}));
     }`,
    { reads: { flags, g: b.g, result: b.result }, writes: { m, v, p: b.p } },
  );
  return b.take();
}

function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

/** Starts kernels, then copies a part of an array to the host. */
class Runner {
  readonly #gear: Gear;
  readonly #b: Builder;
  readonly #staging = new Map<number, GpuBuffer>();
  #destroyed = false;

  constructor(gear: Gear, b: Builder) {
    this.#gear = gear;
    this.#b = b;
  }

  write(to: GpuBuffer, values: Float32Array): void {
    this.#alive();
    if (values.length > 0) this.#gear.device.queue.writeBuffer(to, 0, values);
  }

  state(
    count: number,
    numbers: { training: boolean; moving: boolean; key: number; floats: readonly number[] },
  ): void {
    this.#alive();
    const words = new Uint32Array(STATE_WORDS);
    words.set([count, Number(numbers.training), Number(numbers.moving), numbers.key]);
    new Float32Array(words.buffer).set(numbers.floats, 4);
    this.#gear.device.queue.writeBuffer(this.#b.state, 0, words);
  }

  /** Returns `floats` numbers of an array after the kernels have run. */
  async run(
    dispatches: readonly Dispatch[],
    count: number,
    from: GpuBuffer,
    floats: number,
  ): Promise<Float32Array> {
    this.#alive();
    const { device } = this.#gear;
    const bytes = Math.max(16, floats * 4);
    const staging = this.#staging.get(bytes) ?? this.#b.buffer(bytes, USAGE.mapRead | USAGE.copyDst);
    this.#staging.set(bytes, staging);
    const encoder = device.createCommandEncoder();
    if (dispatches.length > 0) {
      const pass = encoder.beginComputePass();
      for (const { pipeline, group, groups } of dispatches) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...groups(count));
      }
      pass.end();
    }
    encoder.copyBufferToBuffer(from, 0, staging, 0, floats * 4);
    device.queue.submit([encoder.finish()]);
    await waitFor(this.#gear, staging.mapAsync(MAP_READ));
    const result = new Float32Array(staging.getMappedRange().slice(0, floats * 4));
    staging.unmap();
    return result;
  }

  destroy(): void {
    if (!this.#destroyed) this.#b.destroy();
    this.#destroyed = true;
  }

  #alive(): void {
    if (this.#destroyed) throw new Error("the network has been destroyed");
  }
}

/** A network that trains on the device; see {@link CoreNetwork}. */
export async function createNetwork(
  gear: Gear,
  words: Int32Array,
  parameters: Float32Array,
  options: CoreOptions,
): Promise<GpuNetwork> {
  const program = readProgram(words);
  const { maxBatch, seed } = options;
  const [beta1, beta2, , decay] = optimizerOf(options);
  const b = new Builder(gear, program, maxBatch);
  const made = await built(gear, () => {
    const [m, v] = [b.floats(program.size), b.floats(program.size)];
    const passes = layers(b, program);
    return { ...passes, m, v, update: optimizer(b, program, options, m, v) };
  }).catch((error) => {
    b.destroy();
    throw error;
  });
  const { forth, back, update, m, v } = made;
  const training = [...forth, ...back];
  const updating = [...training, ...update];
  const classes = program.sizes[program.output]!;
  const runner = new Runner(gear, b);
  const input = b.value(program.input);
  const [targets, weights] = [b.named("targets", classes), b.named("weights", 1)];
  let step = 0;
  runner.write(b.p, parameters);

  function put(batch: CoreBatch): void {
    checkBatch(batch, maxBatch);
    runner.write(input, batch.x.subarray(0, batch.count * program.sizes[program.input]!));
    runner.write(targets, batch.y.subarray(0, batch.count * classes));
    runner.write(weights, batch.weights ?? new Float32Array(batch.count).fill(1));
  }
  function state(count: number, how: { training: boolean; moving: boolean }, rate = 0): void {
    const [c1, c2] = [beta1, beta2].map((beta) => 1 / (1 - Math.fround(beta) ** (step + 1)));
    const key = mix(mix(seed) + step);
    runner.state(count, { ...how, key, floats: [rate, c1!, c2!, 1 - rate * decay] });
  }
  const read = (buffer: GpuBuffer) => runner.run([], 0, buffer, program.size);
  return {
    threads: 1,
    async step(batch, learningRate) {
      put(batch);
      state(batch.count, { training: true, moving: true }, learningRate);
      const [value] = await runner.run(updating, batch.count, b.result, 1);
      step++;
      return value!;
    },
    async gradients(batch) {
      put(batch);
      state(batch.count, { training: true, moving: false });
      const [value] = await runner.run(training, batch.count, b.result, 1);
      return { loss: value!, gradients: await read(b.g) };
    },
    async predict(x, count) {
      const out = new Float32Array(count * classes);
      const width = program.sizes[program.input]!;
      for (let start = 0; start < count; start += maxBatch) {
        const n = Math.min(maxBatch, count - start);
        runner.write(input, x.subarray(start * width, (start + n) * width));
        state(n, { training: false, moving: false });
        out.set(await runner.run(forth, n, b.value(program.output), n * classes), start * classes);
      }
      return out;
    },
    parameters: () => read(b.p),
    setParameters: (values) => runner.write(b.p, values),
    moments: async () => ({ m: await read(m), v: await read(v), step }),
    setMoments(moments) {
      runner.write(m, moments.m);
      runner.write(v, moments.v);
      step = moments.step;
    },
    destroy: async () => runner.destroy(),
    cost: (count) => ({
      dispatches: updating.length,
      up: 4 * (count * (program.sizes[program.input]! + classes + 1) + STATE_WORDS),
      down: 4,
      held: b.bytes,
    }),
  };
}

/** A network for inference only; see {@link CoreForward}. */
export async function createForward(
  gear: Gear,
  words: Int32Array,
  parameters: Float32Array,
): Promise<CoreForward> {
  let current = await prepare(gear, words);
  current.runner.write(current.b.p, parameters);
  return {
    threads: 1,
    async reshape(other) {
      if (other.length !== words.length || other[2] !== words[2] || other[3] !== words[3])
        throw new Error("the program is not valid");
      const next = await prepare(gear, other, current.b.p);
      current.runner.destroy();
      current = next;
    },
    async run(x) {
      const { runner, b, program, forth } = current;
      runner.write(b.value(program.input), x);
      runner.state(1, { training: false, moving: false, key: 0, floats: [0, 0, 0, 0] });
      return runner.run(forth, 1, b.value(program.output), program.sizes[program.output]!);
    },
    destroy: async () => {
      current.runner.destroy();
      current.b.p.destroy();
    },
  };
}

async function prepare(gear: Gear, words: Int32Array, weights?: GpuBuffer) {
  const program = readProgram(words);
  const b = new Builder(gear, program, 1, weights);
  const { forth } = await built(gear, () => layers(b, program)).catch((error) => {
    b.destroy();
    throw error;
  });
  return { b, program, forth, runner: new Runner(gear, b) };
}
