import { expect, test } from "vitest";
import { afterId3 } from "../../lib/audio/id3.js";
import { id3 } from "./fixtures.js";

const rest = Buffer.from("fLaC");

test("no tag, nothing to skip", () => {
  expect(afterId3(rest)).toBe(0);
  expect(afterId3(Buffer.alloc(20))).toBe(0);
});

test("a tag, several, and the zeros behind them", () => {
  expect(afterId3(Buffer.concat([id3(300), rest]))).toBe(310);
  expect(afterId3(Buffer.concat([id3(300), Buffer.alloc(7), id3(20), rest]))).toBe(347);
  expect(afterId3(Buffer.concat([rest, id3(30)]), 4)).toBe(44);
});

test("a footer has ten bytes", () => {
  const tag = id3(30);
  tag[5] = 16;
  expect(afterId3(Buffer.concat([tag, Buffer.from("3DI\u0004\0\u0010\0\0\0\u001e"), rest]))).toBe(50);
});

test("a tag that states more than there is ends behind the file", () => {
  expect(afterId3(id3(300).subarray(0, 100))).toBe(310);
});
