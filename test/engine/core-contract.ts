import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import {
  ACTIVATION,
  CORE_FORWARD,
  CORE_MAGIC,
  type Core,
  floatBits,
  NONE,
  OP,
  RNN,
} from "../../lib/engine/core.js";

const CLIPS = 5;
const [IN, HIDDEN, OUT] = [6, 4, 3];
const OPTIONS = { maxBatch: 8, seed: 7, threads: 2 };

/** Numbers in (-0.5, 0.5) from a linear congruential generator. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff - 0.5;
  });
}

/** Dense(4), ReLU, Dense(3), softmax: w1 at 0, b1 at 24, w2 at 28, b2 at 40. */
const PROGRAM = Int32Array.from([
  ...[CORE_MAGIC, 5, 4, 4, 0, 4],
  ...[IN, HIDDEN, HIDDEN, OUT, OUT],
  ...[0, 24, 3, 24, 4, 1, 28, 12, 3, 40, 3, 1],
  ...[OP.dense, 9, 0, 1, 1, IN, HIDDEN, 0, 24],
  ...[OP.activation, 8, 1, 2, 1, HIDDEN, ACTIVATION.relu, 0],
  ...[OP.dense, 9, 2, 3, 1, HIDDEN, OUT, 28, 40],
  ...[OP.activation, 8, 3, 4, 1, OUT, ACTIVATION.softmax, 0],
]);

/** The same network, forward only, on rows of one clip. */
function forwardProgram(rows: number): Int32Array {
  const program = Int32Array.from(PROGRAM);
  program[0] = CORE_FORWARD;
  for (let i = 6; i < 11; i++) program[i] *= rows;
  for (let at = 23; at < program.length; at += program[at + 1]) program[at + 4] = rows;
  return program;
}

const PARAMETERS = numbers(43, 3).map((value) => 2 * value);
const BATCH = {
  x: numbers(CLIPS * IN, 5).map((value) => 4 * value),
  y: numbers(CLIPS * OUT, 11).map(Math.abs),
  weights: numbers(CLIPS, 13).map((value) => 1 + value),
  count: CLIPS,
};

/** Dense, batch normalisation, ReLU, pooling, dropout, LSTM both ways, dense: all that depends on order and threads. */
function recurrentProgram(): {
  program: Int32Array;
  parameters: Float32Array;
  frames: number;
  bands: number;
} {
  const [frames, bands, width, units] = [10, 5, 6, 7];
  const table: number[] = [];
  let end = 0;
  const weight = (size: number, trainable = 1) => {
    table.push(end, size, trainable);
    end += size;
    return end - size;
  };
  const lstm = (back: number) => [
    frames / 2,
    width,
    units,
    back,
    weight(width * 28),
    weight(units * 28),
    weight(28),
  ];
  const ops = [
    [OP.dense, 9, 0, 1, frames, bands, width, weight(bands * width), weight(width)],
    [OP.batchNorm, 12, 1, 2, frames, width, weight(width), weight(width), weight(width, 0), weight(width, 0)],
    [OP.activation, 8, 2, 3, frames, width, ACTIVATION.relu, 0],
    [OP.maxPool, 15, 3, 4, 1, frames, width, 1, 2, 1, 2, 0, 0, 1, frames / 2],
    [OP.dropout, 9, 4, 5, frames / 2, width, floatBits(0.3), 1, 0],
    [OP.lstm, 16, 5, 6, ...lstm(0), ACTIVATION.sigmoid, ACTIVATION.tanh, 0, 2 * units, NONE],
    [OP.lstm, 16, 5, 6, ...lstm(RNN.backwards), ACTIVATION.sigmoid, ACTIVATION.tanh, units, 2 * units, NONE],
    [OP.dense, 9, 6, 7, 1, 2 * units, OUT, weight(2 * units * OUT), weight(OUT)],
    [OP.activation, 8, 7, 8, 1, OUT, ACTIVATION.softmax, 0],
  ];
  ops[1].push(floatBits(1e-3), floatBits(0.99));
  const half = (frames / 2) * width;
  const buffers = [
    frames * bands,
    frames * width,
    frames * width,
    frames * width,
    half,
    half,
    2 * units,
    OUT,
    OUT,
  ];
  const parameters = numbers(end, 17);
  return {
    program: Int32Array.from([CORE_MAGIC, 9, table.length / 3, 9, 0, 8, ...buffers, ...table, ...ops.flat()]),
    parameters,
    frames,
    bands,
  };
}

/** The same in double precision, from the textbook: loss, gradients, probabilities. */
function reference(parameters: Float32Array) {
  const gradients = new Float64Array(parameters.length);
  const probabilities: number[] = [];
  let loss = 0;
  for (let clip = 0; clip < CLIPS; clip++) {
    const x = BATCH.x.subarray(clip * IN, (clip + 1) * IN);
    const y = BATCH.y.subarray(clip * OUT, (clip + 1) * OUT);
    const hidden = Array.from({ length: HIDDEN }, (_, j) =>
      Math.max(
        0,
        parameters[24 + j] + x.reduce((sum, value, i) => sum + value * parameters[i * HIDDEN + j], 0),
      ),
    );
    const logits = Array.from({ length: OUT }, (_, k) =>
      hidden.reduce((sum, value, j) => sum + value * parameters[28 + j * OUT + k], parameters[40 + k]),
    );
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    const p = logits.map((value) => Math.exp(value) / total);
    const mass = y.reduce((sum, value) => sum + value, 0);
    probabilities.push(...p);
    const scale = BATCH.weights[clip] / CLIPS;
    for (let k = 0; k < OUT; k++) {
      loss -= scale * y[k] * Math.log(p[k]);
      const d = scale * (p[k] * mass - y[k]);
      gradients[40 + k] += d;
      for (let j = 0; j < HIDDEN; j++) {
        gradients[28 + j * OUT + k] += d * hidden[j];
        if (hidden[j] === 0) continue;
        gradients[24 + j] += d * parameters[28 + j * OUT + k];
        for (let i = 0; i < IN; i++) gradients[i * HIDDEN + j] += d * parameters[28 + j * OUT + k] * x[i];
      }
    }
  }
  return { loss, gradients, probabilities };
}

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  const worst = Math.max(...Array.from(wanted, (value, i) => Math.abs(value - actual[i])));
  expect(worst).toBeLessThan(tolerance);
}
const sha = (values: Float32Array) =>
  createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");

/** What every build of the core has to do. */
export function coreContract(core: Core): void {
  test("loss, gradients and probabilities are the textbook's", async () => {
    const network = await core.create(PROGRAM, PARAMETERS, OPTIONS);
    const wanted = reference(PARAMETERS);
    const { loss, gradients } = await network.gradients(BATCH);
    expect(loss).toBeCloseTo(wanted.loss, 6);
    expectClose(gradients, wanted.gradients, 1e-6);
    expect(await network.parameters()).toEqual(PARAMETERS);
    expectClose(await network.predict(BATCH.x, CLIPS), wanted.probabilities, 1e-6);
    await network.destroy();
  });

  test("a step is AdamW's, with the gradient clipped and decay on weights alone", async () => {
    const network = await core.create(PROGRAM, PARAMETERS, { ...OPTIONS, weightDecay: 0.1, clipNorm: 0.05 });
    const { gradients } = reference(PARAMETERS);
    const norm = Math.hypot(...gradients);
    expect(norm).toBeGreaterThan(0.05);
    const rate = 0.01;
    const wanted = Array.from(PARAMETERS, (value, i) => {
      const g = (gradients[i] * 0.05) / norm;
      const decay = i < 24 || (i >= 28 && i < 40) ? 0.1 : 0;
      return value - rate * (g / (Math.abs(g) + 1e-7) + decay * value);
    });
    await network.step(BATCH, rate);
    expectClose(await network.parameters(), wanted, 2e-5);
    expect((await network.moments()).step).toBe(1);
    await network.destroy();
  });

  test("more clips than a batch are predicted in parts, each as if alone", async () => {
    const { program, parameters, frames, bands } = recurrentProgram();
    const network = await core.create(program, parameters.map(Math.abs), { ...OPTIONS, maxBatch: 4 });
    const x = numbers(11 * frames * bands, 19);
    const all = await network.predict(x, 11);
    const alone = await network.predict(x.subarray(9 * frames * bands, 10 * frames * bands), 1);
    expect(all.length).toBe(11 * OUT);
    expect(all.slice(9 * OUT, 10 * OUT)).toEqual(alone);
    expect((await network.predict(new Float32Array(0), 0)).length).toBe(0);
    await network.destroy();
  });

  test("the number of threads changes no bit, and a state taken back goes on to the bit", async () => {
    const { program, parameters, frames, bands } = recurrentProgram();
    const count = 7;
    const x = numbers(count * frames * bands, 23);
    const y = Float32Array.from({ length: count * OUT }, (_, i) => (i % OUT === i % 2 ? 1 : 0));
    const train = async (threads: number) => {
      const network = await core.create(program, parameters, { ...OPTIONS, threads, clipNorm: 1 });
      for (let i = 0; i < 4; i++) await network.step({ x, y, count }, 0.01);
      const state = { moments: await network.moments(), parameters: await network.parameters() };
      for (let i = 0; i < 4; i++) await network.step({ x, y, count: count - i }, 0.01);
      const first = sha(await network.parameters());
      network.setParameters(state.parameters);
      network.setMoments(state.moments);
      for (let i = 0; i < 4; i++) await network.step({ x, y, count: count - i }, 0.01);
      const second = sha(await network.parameters());
      await network.destroy();
      return [first, second];
    };
    const hashes = [...(await train(1)), ...(await train(2)), ...(await train(3))];
    expect(new Set(hashes).size).toBe(1);
  });

  test("a number that is none reaches the loss", async () => {
    const network = await core.create(PROGRAM, PARAMETERS, OPTIONS);
    const x = Float32Array.from(BATCH.x);
    x[3] = Number.NaN;
    expect((await network.gradients({ ...BATCH, x })).loss).toBeNaN();
    await network.destroy();
  });

  test("a forward program gives the textbook's numbers, for sizes that change, and the same for any threads", async () => {
    const outputs = await Promise.all(
      [1, 2, 3].map(async (threads) => {
        const network = await core.createForward(forwardProgram(1), PARAMETERS, threads);
        expect(network.threads).toBeLessThanOrEqual(threads);
        const outputs = [await network.run(BATCH.x.subarray(0, IN))];
        for (const rows of [CLIPS, 40, 2]) {
          await network.reshape(forwardProgram(rows));
          outputs.push(
            await network.run(rows === 40 ? numbers(40 * IN, 29) : BATCH.x.subarray(0, rows * IN)),
          );
        }
        await network.destroy();
        return outputs;
      }),
    );
    for (const other of outputs) expect(other).toEqual(outputs[0]);
    const [one, all, many, two] = outputs[0];
    expectClose(all, reference(PARAMETERS).probabilities, 1e-6);
    expect(one).toEqual(all.subarray(0, OUT));
    expect(two).toEqual(all.subarray(0, 2 * OUT));
    expect(many.length).toBe(40 * OUT);
  });

  test("a forward program takes sizes of the same network only", async () => {
    const network = await core.createForward(forwardProgram(2), PARAMETERS, 2);
    const other = forwardProgram(3);
    other[6] = IN; // the input's size is not that of three rows
    await expect((async () => network.reshape(other))()).rejects.toThrow("not valid");
    await network.destroy();
    const shorter = await core.createForward(forwardProgram(2), PARAMETERS, 1);
    await expect((async () => shorter.reshape(forwardProgram(2).subarray(0, 30)))()).rejects.toThrow(
      "not valid",
    );
    await shorter.destroy();
    await expect(core.createForward(other, PARAMETERS)).rejects.toThrow("not valid");
  });

  test("a program that contradicts itself and a batch too large are refused", async () => {
    const wrong = Int32Array.from(PROGRAM);
    wrong[7] = HIDDEN + 1;
    await expect(core.create(wrong, PARAMETERS, OPTIONS)).rejects.toThrow("not valid");
    await expect(core.create(PROGRAM.subarray(0, 40), PARAMETERS, OPTIONS)).rejects.toThrow("not valid");
    const network = await core.create(PROGRAM, PARAMETERS, { ...OPTIONS, maxBatch: 4 });
    await expect((async () => network.step(BATCH, 0.01))()).rejects.toThrow(RangeError);
    await network.destroy();
  });
}
