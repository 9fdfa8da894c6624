import { expect, test } from "vitest";
import { decodeWav, isWav } from "../../lib/audio/wav.js";
import { chunk, FRAMES, fmt, riff, sampleBytes } from "./fixtures.js";

const ds64 = (size: bigint) => {
  const body = Buffer.alloc(28);
  body.writeBigUInt64LE(size, 8);
  return chunk("ds64", body);
};

function wide(size: bigint): Buffer {
  const data = chunk("data", sampleBytes("s16"), { size: 0xffff_ffff });
  const file = riff(ds64(size), fmt(), data, chunk("LIST", Buffer.alloc(40)));
  file.write("BW64", 0);
  return file;
}

test("a 64-bit file takes its size from ds64", () => {
  expect(isWav(wide(3200n))).toBe(true);
  const { samples, format, warnings } = decodeWav(wide(3200n), "x");
  expect(samples.length).toBe(FRAMES);
  expect(format.container).toBe("rf64");
  expect(warnings).toEqual([]);
});

test("a 64-bit size beyond the end is a truncated file, however large", () => {
  const { samples, warnings } = decodeWav(wide(2n ** 62n), "x");
  expect(samples.length).toBe(FRAMES + 24);
  expect(warnings).toEqual(["truncated: 3248 of 4611686018427388000 bytes of samples are present"]);
});

test("the first fmt and the first data chunk count", () => {
  const data = chunk("data", sampleBytes("s16"));
  const { samples, sampleRate } = decodeWav(
    riff(fmt(), data, fmt({ rate: 8000 }), chunk("data", Buffer.alloc(2))),
    "x",
  );
  expect([samples.length, sampleRate]).toEqual([FRAMES, 16_000]);
});
