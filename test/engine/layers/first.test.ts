import { expect, test } from "vitest";
import { firstInput, firstShape } from "../../../lib/engine/layers/first.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";

const tf = await startTfjs();

test("the first input and its shape, of one and of several", () => {
  const [one, two] = [tf.zeros([2, 3]), tf.zeros([4])];
  expect(firstInput(one)).toBe(one);
  expect(firstInput([one, two])).toBe(one);
  expect(firstShape(one.shape)).toEqual([2, 3]);
  expect(firstShape([one.shape, two.shape])).toEqual([2, 3]);
  expect(firstShape([null, 5])).toEqual([null, 5]);
  tf.dispose([one, two]);
});
