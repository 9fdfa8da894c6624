import { describe, expect, test } from "vitest";
import { bytesPerSample, decodeLayout, type Encoding, type Layout } from "../../lib/audio/pcm.js";
import codes from "../fixtures/audio/g711.json";

function layout(encoding: Encoding, size: number, more: Partial<Layout> = {}): Layout {
  const bitsPerSample = 8 * bytesPerSample(encoding);
  const plain = {
    path: "x",
    container: "wav",
    littleEndian: true,
    channels: 1,
    sampleRate: 8000,
    offset: 0,
  } as const;
  return { ...plain, encoding, bitsPerSample, size, ...more };
}

const decode = (encoding: Encoding, bytes: number[], more: Partial<Layout> = {}) => [
  ...decodeLayout(Uint8Array.from(bytes), layout(encoding, bytes.length, more), []).samples,
];

describe("decodeLayout", () => {
  test.each(["mulaw", "alaw"] as const)("decodes all 256 codes of %s as SoX does", (encoding) => {
    const all = Array.from({ length: 256 }, (_, i) => i);
    expect(decode(encoding, all).map((value) => value * 32768 + 0)).toEqual(codes[encoding]);
  });

  test.each([1, 5, 8192, 30_001])("takes %i samples of 16 bits at an odd place in the bytes", (count) => {
    const bytes = new Uint8Array(2 * count + 4).map((_, i) => (i * i * 31 + 17 * i) % 251);
    const { samples } = decodeLayout(bytes, layout("pcm_s16", 2 * count, { offset: 3 }), []);
    const view = new DataView(bytes.buffer);
    expect(samples).toEqual(
      Float32Array.from({ length: count }, (_, i) => view.getInt16(3 + 2 * i, true) / 32768),
    );
  });

  test("takes whole numbers from their least to their greatest value", () => {
    expect(decode("pcm_u8", [0, 128, 255])).toEqual([-1, 0, 127 / 128]);
    expect(decode("pcm_s8", [128, 0, 127])).toEqual([-1, 0, 127 / 128]);
    expect(decode("pcm_s16", [0, 128, 255, 255, 255, 127])).toEqual([-1, -1 / 32768, 32767 / 32768]);
    expect(decode("pcm_s16", [128, 0, 127, 255], { littleEndian: false })).toEqual([-1, 32767 / 32768]);
    expect(decode("pcm_s24", [0, 0, 128, 255, 255, 127])).toEqual([-1, 1 - 2 ** -23]);
    expect(decode("pcm_s24", [128, 0, 0, 255, 255, 255], { littleEndian: false })).toEqual([-1, -(2 ** -23)]);
    expect(decode("pcm_s32", [0, 0, 0, 128, 0, 0, 0, 64])).toEqual([-1, 0.5]);
  });

  test("mixes channels down to their mean", () => {
    expect(
      decode(
        "pcm_s8",
        [64, 32, 0, -64, 0, 64].map((v) => v & 255),
        { channels: 3 },
      ),
    ).toEqual([0.25, 0]);
  });

  test("two channels at the greatest float do not overflow, one beyond it is refused", () => {
    const bytes = Buffer.alloc(8);
    bytes.writeFloatLE(3.4e38, 0);
    bytes.writeFloatLE(3.4e38, 4);
    expect(decode("float32", [...bytes], { channels: 2 })[0]).toBeCloseTo(3.4e38, -33);
    bytes.writeDoubleLE(1e300, 0);
    expect(() => decode("float64", [...bytes])).toThrow("x: sample 0 is infinite");
  });
});
