import { expect, test } from "vitest";
import { ACTIVATION, CORE_MAGIC, NONE, OP } from "../../../lib/engine/core.js";
import { readProgram } from "../../../lib/engine/webgpu/program.js";

/** A residual block: dense, dense, their sum, softmax; the first layer is frozen. */
const WORDS = Int32Array.from([
  ...[CORE_MAGIC, 5, 2, 4, 0, 4, 3, 3, 3, 3, 3, 0, 9, 0, 9, 9, 3],
  ...[OP.dense, 9, 0, 1, 1, 3, 3, 0, NONE],
  ...[OP.dense, 9, 1, 2, 1, 3, 3, 9, NONE],
  ...[OP.add, 7, 1, 3, 2, 1, 3],
  ...[OP.activation, 8, 3, 4, 1, 3, ACTIVATION.softmax, 0],
]);

test("what an op reads and gives back", () => {
  const { ops, needs, parameters, size } = readProgram(WORDS);
  expect(size).toBe(18);
  expect(parameters[1]).toEqual({ offset: 9, size: 9, trainable: true, decay: true });
  expect(needs).toEqual([false, false, true, true, true]);
  expect(ops[2]).toMatchObject({ inputs: [1, 2], want: [false, true], add: [false, false] });
  expect(ops[1]!.want).toEqual([false]);
});

test("a buffer that two ops read gets the sum of their gradients", () => {
  const trained = Int32Array.from(WORDS);
  trained[13] = 1; // the first layer learns
  const { ops } = readProgram(trained);
  expect(ops[2]).toMatchObject({ want: [true, true], add: [false, false] });
  expect(ops[1]).toMatchObject({ want: [true], add: [true] });
});

test.each([
  ["no program", (words: Int32Array) => words.fill(0, 0, 1)],
  ["cut short", (words: Int32Array) => words.subarray(0, 40)],
  ["a buffer of another size", (words: Int32Array) => words.fill(4, 7, 8)],
  ["a weight that is none", (words: Int32Array) => words.fill(5, 24, 25)],
  ["an op that does not exist", (words: Int32Array) => words.fill(99, 17, 18)],
  ["an end without softmax", (words: Int32Array) => words.fill(ACTIVATION.relu, 48, 49)],
])("%s is not valid", (_, spoil) => {
  expect(() => readProgram(spoil(Int32Array.from(WORDS)))).toThrow("not valid");
});
