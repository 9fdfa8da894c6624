import { expect, test } from "vitest";
import { chunks, endsInChunks } from "../../lib/audio/chunks.js";
import { chunk } from "./fixtures.js";

const ids = (bytes: Uint8Array, little = true) => [...chunks(bytes, 0, little)].map(({ id }) => id);

test.each([true, false])("finds the next chunk with and without pad bytes (pad: %s)", (pad) => {
  for (const odd of ["LIST", "abcd"]) {
    const bytes = Buffer.concat([
      chunk(odd, Buffer.from("xyz"), { pad }),
      chunk("data", Buffer.alloc(64), { pad }),
      chunk("last", Buffer.alloc(2), { pad }),
    ]);
    expect(ids(bytes)).toEqual([odd, "data", "last"]);
    expect(endsInChunks(bytes, 0, true)).toBe(true);
  }
});

test("a pad byte that is not zero is still one when a known chunk follows it", () => {
  const bytes = Buffer.concat([
    chunk("abcd", Buffer.from("xyz"), { pad: false }),
    Buffer.from("!"),
    chunk("data", Buffer.alloc(4)),
  ]);
  expect(ids(bytes)).toEqual(["abcd", "data"]);
});

test("states sizes as they are written, in either byte order, and stops where no chunk can begin", () => {
  const far = chunk("data", Buffer.alloc(4), { size: 0xffff_ffff });
  expect([...chunks(far, 0, true)]).toEqual([{ id: "data", offset: 8, size: 0xffff_ffff }]);
  expect(endsInChunks(far, 0, true)).toBe(false);
  expect(
    ids(Buffer.concat([chunk("COMM", Buffer.alloc(18), { little: false }), Buffer.alloc(100)]), false),
  ).toEqual(["COMM"]);
  expect(ids(Buffer.alloc(7))).toEqual([]);
});
