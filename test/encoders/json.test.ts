import { expect, test } from "vitest";
import { objectOf } from "../../lib/encoders/json.js";

test("an object, and nothing else", () => {
  expect(objectOf('{"a":1}')).toEqual({ a: 1 });
  for (const text of ["", "{", "[]", "null", "1", '"a"']) expect(objectOf(text)).toBeUndefined();
});
