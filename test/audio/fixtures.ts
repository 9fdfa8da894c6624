import codes from "../fixtures/audio/g711.json";

/** Makes WAV and AIFF files of every kind the reader must cope with, from one tone. */

export const RATE = 16_000;
export const FRAMES = 1600;

/** 0.8 sin(2 pi 440 t); a second channel is its negative halved, so that the mix-down is a quarter of the first. */
export const TONE = Float64Array.from(
  { length: FRAMES },
  (_, i) => 0.8 * Math.sin((2 * Math.PI * 440 * i) / RATE),
);

export type Coding = "u8" | "s8" | "s16" | "s24" | "s32" | "f32" | "f64" | "mulaw" | "alaw";

/** Quantisation error of each coding: half a step, or what the logarithmic ones and single precision leave. */
export const TOLERANCE: Record<Coding, number> = {
  u8: 0.6 / 128,
  s8: 0.6 / 128,
  s16: 0.6 / 32768,
  s24: 0.6 / 2 ** 23,
  s32: 2 ** -24,
  f32: 2 ** -24,
  f64: 2 ** -24,
  mulaw: 0.02,
  alaw: 0.02,
};

const WIDTH: Record<Coding, number> = {
  u8: 1,
  s8: 1,
  s16: 2,
  s24: 3,
  s32: 4,
  f32: 4,
  f64: 8,
  mulaw: 1,
  alaw: 1,
};

/** The tone's samples as bytes. */
export function sampleBytes(coding: Coding, channels = 1, littleEndian = true, frames = FRAMES): Buffer {
  const width = WIDTH[coding];
  const out = Buffer.alloc(frames * channels * width);
  for (let i = 0; i < frames * channels; i++) {
    const tone = TONE[Math.floor(i / channels) % FRAMES]!;
    const value = i % channels === 0 ? tone : -tone / 2;
    const one = Buffer.alloc(width);
    if (coding === "f32") one.writeFloatLE(value);
    else if (coding === "f64") one.writeDoubleLE(value);
    else if (coding === "u8") one.writeUInt8(Math.round(value * 128) + 128);
    else if (coding === "mulaw") one.writeUInt8(g711(codes.mulaw, value));
    else if (coding === "alaw") one.writeUInt8(g711(codes.alaw, value));
    else one.writeIntLE(Math.round(value * 2 ** (8 * width - 1)), 0, width);
    (littleEndian ? one : one.reverse()).copy(out, i * width);
  }
  return out;
}

/** The code whose value, decoded by SoX, is nearest. */
function g711(table: readonly number[], value: number): number {
  let best = 0;
  for (let code = 1; code < 256; code++)
    if (Math.abs(table[code]! / 32768 - value) < Math.abs(table[best]! / 32768 - value)) best = code;
  return best;
}

/** A chunk with its header. */
export function chunk(
  id: string,
  body: Uint8Array,
  { pad = true, little = true, size = body.length } = {},
): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  if (little) head.writeUInt32LE(size >>> 0, 4);
  else head.writeUInt32BE(size >>> 0, 4);
  return Buffer.concat([head, body, Buffer.alloc(pad && body.length % 2 ? 1 : 0)]);
}

export interface FmtOptions {
  code?: number;
  channels?: number;
  bits?: number;
  rate?: number;
  /** 16, 18 or 40 (extensible) bytes. */
  length?: 16 | 18 | 40;
}

/** A fmt chunk. */
export function fmt({
  code = 1,
  channels = 1,
  bits = 16,
  rate = RATE,
  length = 16,
}: FmtOptions = {}): Buffer {
  const body = Buffer.alloc(length);
  const frame = channels * Math.ceil(bits / 8);
  body.writeUInt16LE(length === 40 ? 0xfffe : code, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * frame) >>> 0, 8);
  body.writeUInt16LE(frame & 0xffff, 12);
  body.writeUInt16LE(bits, 14);
  if (length === 40) {
    body.writeUInt16LE(22, 16);
    body.writeUInt16LE(bits, 18);
    body.writeUInt16LE(code, 24);
    Buffer.from("000000001000800000aa00389b71", "hex").copy(body, 26);
  }
  return chunk("fmt ", body);
}

/** A RIFF WAVE file of these chunks. */
export function riff(...parts: Uint8Array[]): Buffer {
  return chunk("RIFF", Buffer.concat([Buffer.from("WAVE"), ...parts]), { pad: false });
}

/** An AIFF or AIFF-C file of these chunks. */
export function form(type: "AIFF" | "AIFC", ...parts: Uint8Array[]): Buffer {
  return chunk("FORM", Buffer.concat([Buffer.from(type), ...parts]), { pad: false, little: false });
}

/** An ID3v2.4 tag with this many bytes of content. */
export function id3(size: number): Buffer {
  const tag = Buffer.alloc(10 + size);
  tag.write("ID3\u0004", "latin1");
  for (let i = 0; i < 4; i++) tag[6 + i] = (size >> (7 * (3 - i))) & 127;
  tag.fill("TIT2", 10);
  return tag;
}

/** A WAV file whose header states this many bytes a frame. */
export function misaligned(align: number, options: FmtOptions, coding: Coding): Buffer {
  const file = riff(fmt(options), chunk("data", sampleBytes(coding, options.channels)));
  file.writeUInt16LE(align, 32);
  return file;
}

export interface CommOptions {
  channels?: number;
  frames?: number;
  bits?: number;
  rate?: number;
  /** AIFF-C's compression type; absent in AIFF. */
  compression?: string;
}

/** A COMM chunk. */
export function comm({
  channels = 1,
  frames = FRAMES,
  bits = 16,
  rate = RATE,
  compression,
}: CommOptions): Buffer {
  const body = Buffer.alloc(compression ? 24 : 18);
  body.writeInt16BE(channels, 0);
  body.writeUInt32BE(frames, 2);
  body.writeInt16BE(bits, 6);
  const exponent = Math.floor(Math.log2(rate));
  body.writeUInt16BE(16383 + exponent, 8);
  body.writeBigUInt64BE(BigInt(Math.round(rate * 2 ** (31 - exponent))) << 32n, 10);
  if (compression) body.write(compression, 18, "latin1");
  return chunk("COMM", body, { little: false });
}

/** An SSND chunk whose samples begin after `skip` bytes. */
export function ssnd(samples: Uint8Array, skip = 0): Buffer {
  const head = Buffer.alloc(8 + skip);
  head.writeUInt32BE(skip, 0);
  return chunk("SSND", Buffer.concat([head, samples]), { little: false });
}

const info = (text: string) => Buffer.from(`INFO${text}`, "latin1");
const patched = (file: Buffer, at: number, value: number) => {
  const copy = Buffer.from(file);
  copy.writeUInt32LE(value, at);
  return copy;
};

/** What a file should decode to: the tone with this tolerance, the first `frames` of it, a warning or not. */
export interface Good {
  bytes: Buffer;
  coding: Coding;
  container?: string;
  channels?: number;
  frames?: number;
  warning?: RegExp;
}

/** Files that decode. */
export function goodFiles(): Record<string, Good> {
  const data = (coding: Coding, channels = 1) => chunk("data", sampleBytes(coding, channels));
  const plain = riff(fmt(), data("s16"));
  const s16 = (bytes: Buffer, more: Partial<Good> = {}): Good => ({ bytes, coding: "s16", ...more });
  const files: Record<string, Good> = {
    pcm16: s16(plain),
    pcm8: { bytes: riff(fmt({ bits: 8 }), data("u8")), coding: "u8" },
    pcm24: { bytes: riff(fmt({ bits: 24 }), data("s24")), coding: "s24" },
    pcm32: { bytes: riff(fmt({ bits: 32 }), data("s32")), coding: "s32" },
    float32: { bytes: riff(fmt({ code: 3, bits: 32 }), data("f32")), coding: "f32" },
    float64: { bytes: riff(fmt({ code: 3, bits: 64 }), data("f64")), coding: "f64" },
    mulaw: { bytes: riff(fmt({ code: 7, bits: 8 }), data("mulaw")), coding: "mulaw" },
    alaw: { bytes: riff(fmt({ code: 6, bits: 8 }), data("alaw")), coding: "alaw" },
    float32Fact: {
      bytes: riff(fmt({ code: 3, bits: 32, length: 18 }), chunk("fact", Buffer.alloc(4)), data("f32")),
      coding: "f32",
    },
    fmt18: s16(riff(fmt({ length: 18 }), data("s16"))),
    twelveBits: s16(riff(fmt({ bits: 12 }), data("s16"))),
    extensible16: s16(riff(fmt({ length: 40 }), data("s16"))),
    extensible24: { bytes: riff(fmt({ bits: 24, length: 40 }), data("s24")), coding: "s24" },
    extensibleFloat: { bytes: riff(fmt({ code: 3, bits: 32, length: 40 }), data("f32")), coding: "f32" },
    listBefore: s16(riff(fmt(), chunk("LIST", info("ISFT\x0e\0\0\0Lavf58.29.100\0")), data("s16"))),
    listBeforeOddPadded: s16(riff(fmt(), chunk("LIST", info("abcde")), data("s16"))),
    listBeforeOddUnpadded: s16(riff(fmt(), chunk("LIST", info("abcde"), { pad: false }), data("s16"))),
    strangeOddUnpadded: s16(riff(fmt(), chunk("zzzz", info("abcde"), { pad: false }), data("s16"))),
    listAfter: s16(riff(fmt(), data("s16"), chunk("LIST", info("abcd")))),
    listAfterOddUnpadded: s16(riff(fmt(), data("s16"), chunk("LIST", info("abcde"), { pad: false }))),
    fillerBefore: s16(
      riff(fmt(), chunk("FLLR", Buffer.alloc(4044)), data("s16"), chunk("bext", Buffer.alloc(602))),
    ),
    dataBeforeFmt: s16(riff(data("s16"), fmt())),
    trailingByte: s16(Buffer.concat([plain, Buffer.from([1])])),
    truncatedHalf: s16(plain.subarray(0, 44 + FRAMES), {
      frames: FRAMES / 2,
      warning: /^truncated: 1600 of 3200/,
    }),
    truncatedInFrame: s16(plain.subarray(0, 44 + FRAMES + 1), {
      frames: FRAMES / 2,
      warning: /middle of a frame/,
    }),
    sizeUnknown: s16(patched(plain, 40, 0xffff_ffff), { warning: /no size/ }),
    sizeOfSoxPipe: s16(patched(plain, 40, 0x7fff_f800), { warning: /no size/ }),
    sizeZero: s16(patched(plain, 40, 0), { warning: /no size/ }),
    riffSizeZero: s16(patched(plain, 4, 0)),
    rf64: s16(rf64(), { container: "rf64" }),
    rf64Plain: s16(Buffer.concat([Buffer.from("RF64"), plain.subarray(4)]), { container: "rf64" }),
  };
  const aligned: [align: number, options: FmtOptions, coding: Coding][] = [
    [0, {}, "s16"],
    [1, {}, "s16"],
    [3, {}, "s16"],
    [4, {}, "s16"],
    [8, {}, "s16"],
    [2, { channels: 2 }, "s16"],
    [2, { bits: 8 }, "u8"],
    [1, { bits: 24 }, "s24"],
    [3, { bits: 24, channels: 2 }, "s24"],
    [2, { bits: 32 }, "s32"],
    [2, { code: 3, bits: 32 }, "f32"],
    [4, { code: 3, bits: 64 }, "f64"],
    [2, { code: 7, bits: 8 }, "mulaw"],
    [4, { code: 6, bits: 8, channels: 2 }, "alaw"],
    [1, { length: 40 }, "s16"],
  ];
  for (const [align, options, coding] of aligned) {
    const { channels = 1 } = options;
    const warning = new RegExp(`^states frames of ${align} bytes for ${channels} channel.*: ignored`);
    files[`align ${align} ${channels} x ${coding} ${options.length ?? 16}`] = {
      ...{ bytes: misaligned(align, options, coding), coding, channels, warning },
    };
  }
  for (const coding of ["u8", "s16", "s24", "s32", "f32", "f64"] as const) {
    const bits = 8 * WIDTH[coding];
    const code = coding.startsWith("f") ? 3 : 1;
    files[`stereo ${coding}`] = {
      bytes: riff(fmt({ code, bits, channels: 2 }), data(coding, 2)),
      coding,
      channels: 2,
    };
  }
  for (const [name, container] of [
    ["pcm16", "wav"],
    ["stereo s16", "wav"],
    ["rf64", "rf64"],
    ["sizeZero", "wav"],
    ["truncatedHalf", "wav"],
  ] as const)
    files[`tagged ${name}`] = {
      ...files[name]!,
      container,
      bytes: Buffer.concat([id3(1234), files[name]!.bytes]),
    };
  return { ...files, ...aiffFiles() };
}

function rf64(): Buffer {
  const samples = sampleBytes("s16");
  const ds64 = Buffer.alloc(28);
  ds64.writeBigUInt64LE(BigInt(samples.length), 8);
  const file = riff(
    chunk("ds64", ds64),
    fmt(),
    chunk("data", samples, { size: 0xffff_ffff }),
    chunk("LIST", info("ab")),
  );
  file.write("RF64", 0);
  file.writeUInt32LE(0xffff_ffff, 4);
  return file;
}

function aiffFiles(): Record<string, Good> {
  const files: Record<string, Good> = {};
  const add = (name: string, type: "AIFF" | "AIFC", coding: Coding, options: CommOptions, little = false) => {
    const channels = options.channels ?? 1;
    const bytes = form(type, comm(options), ssnd(sampleBytes(coding, channels, little)));
    files[name] = { bytes, coding, channels, container: type.toLowerCase() };
  };
  add("aiff 8", "AIFF", "s8", { bits: 8 });
  add("aiff 16", "AIFF", "s16", {});
  add("aiff 24", "AIFF", "s24", { bits: 24 });
  add("aiff 32", "AIFF", "s32", { bits: 32 });
  add("aiff stereo", "AIFF", "s16", { channels: 2 });
  add("aifc NONE", "AIFC", "s16", { compression: "NONE" });
  add("aifc sowt", "AIFC", "s16", { compression: "sowt" }, true);
  for (const compression of ["fl32", "FL32"])
    add(`aifc ${compression}`, "AIFC", "f32", { bits: 32, compression });
  for (const compression of ["fl64", "FL64"])
    add(`aifc ${compression}`, "AIFC", "f64", { bits: 64, compression });
  add("aifc raw", "AIFC", "u8", { bits: 8, compression: "raw " });
  add("aifc ulaw", "AIFC", "mulaw", { bits: 16, compression: "ulaw" });
  add("aifc alaw", "AIFC", "alaw", { bits: 16, compression: "alaw" });
  const samples = sampleBytes("s16", 1, false);
  const aiff = (more: Partial<Good>, ...parts: Buffer[]): Good => ({
    bytes: form("AIFF", ...parts),
    coding: "s16",
    container: "aiff",
    ...more,
  });
  files["aiff sound first"] = aiff({}, ssnd(samples), comm({}));
  files["aiff odd name"] = aiff(
    {},
    chunk("NAME", Buffer.from("abc"), { little: false }),
    comm({}),
    ssnd(samples),
  );
  files["aiff offset"] = aiff({}, comm({}), ssnd(samples, 12));
  const cut = form("AIFF", comm({}), ssnd(samples));
  files["aiff truncated"] = {
    ...aiff({ frames: FRAMES / 2, warning: /^truncated: 1600 of 3200/ }),
    bytes: cut.subarray(0, cut.length - FRAMES),
  };
  for (const name of ["aiff 16", "aifc sowt", "aiff offset"]) {
    const { container } = files[name]!;
    files[`tagged ${name}`] = {
      ...files[name]!,
      container,
      bytes: Buffer.concat([id3(99), files[name]!.bytes]),
    };
  }
  return files;
}

/** Files that are refused, with the reason. */
export function badFiles(): Record<string, { bytes: Buffer; reason: RegExp; offset?: number }> {
  const data = chunk("data", sampleBytes("s16"));
  const plain = riff(fmt(), data);
  const floats = (value: number) => {
    const samples = sampleBytes("f32");
    samples.writeFloatLE(value, 400);
    return riff(fmt({ code: 3, bits: 32 }), chunk("data", samples));
  };
  const aiffSamples = ssnd(sampleBytes("s16", 1, false));
  const farSound = ssnd(Buffer.alloc(8));
  farSound.writeUInt32BE(0xffff_fff0, 8);
  const badGuid = riff(fmt({ length: 40 }), data);
  badGuid[50] = 7;
  return {
    empty: { bytes: Buffer.alloc(0), reason: /is empty/, offset: 0 },
    short: { bytes: plain.subarray(0, 20), reason: /fmt chunk/ },
    garbage: {
      bytes: Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 256)),
      reason: /not a known/,
    },
    html: { bytes: Buffer.from("<!doctype html><html>not found</html>".repeat(10)), reason: /text/ },
    avi: {
      bytes: Buffer.concat([Buffer.from("RIFF\0\0\0\0AVI "), data]),
      reason: /is an AVI file.*ffmpeg -i/,
    },
    cursor: { bytes: Buffer.concat([Buffer.from("RIFF\0\0\0\0ACON"), data]), reason: /"ACON"/ },
    headerOnly: { bytes: plain.subarray(0, 44), reason: /truncated|no samples/, offset: 44 },
    noSamples: { bytes: riff(fmt(), chunk("data", Buffer.alloc(0))), reason: /no samples/, offset: 44 },
    noSamplesButList: {
      bytes: riff(fmt(), chunk("data", Buffer.alloc(0)), chunk("LIST", info("abcd"))),
      reason: /no samples/,
    },
    noData: { bytes: riff(fmt()), reason: /without a data chunk/, offset: 36 },
    noFmt: { bytes: riff(data), reason: /without a readable fmt/ },
    noChannels: { bytes: riff(fmt({ channels: 0 }), data), reason: /0 channels/ },
    manyChannels: { bytes: riff(fmt({ channels: 2000 }), data), reason: /2000 channels/ },
    noRate: { bytes: riff(fmt({ rate: 0 }), data), reason: /0 Hz/ },
    absurdRate: { bytes: riff(fmt({ rate: 4e9 }), data), reason: /4000000000 Hz/ },
    padded24: {
      bytes: misaligned(4, { bits: 24 }, "s24"),
      reason: /frames of 4 bytes for 1 channel of 24 bits.*save it again/,
      offset: 32,
    },
    noBits: { bytes: riff(fmt({ bits: 0 }), data), reason: /0 bits/ },
    float16: { bytes: riff(fmt({ code: 3, bits: 16 }), data), reason: /of 16 bits: install ffmpeg/ },
    adpcm: { bytes: riff(fmt({ code: 2, bits: 4 }), data), reason: /Microsoft ADPCM.*ffmpeg -i/ },
    unknownGuid: { bytes: badGuid, reason: /unknown extensible/ },
    notANumber: { bytes: floats(Number.NaN), reason: /sample 100 is not a number/, offset: 444 },
    infinite: { bytes: floats(Number.NEGATIVE_INFINITY), reason: /sample 100 is infinite/, offset: 444 },
    aiffNoComm: { bytes: form("AIFF", aiffSamples), reason: /COMM/ },
    aiffNoSound: { bytes: form("AIFF", comm({})), reason: /SSND/ },
    aiffEmptySound: { bytes: form("AIFF", comm({}), ssnd(Buffer.alloc(0))), reason: /no samples/ },
    aiffIma4: { bytes: form("AIFC", comm({ compression: "ima4" }), aiffSamples), reason: /ima4/ },
    aiffNegativeChannels: { bytes: form("AIFF", comm({ channels: -1 }), aiffSamples), reason: /-1 channels/ },
    aiffFarSound: { bytes: form("AIFF", comm({}), farSound), reason: /after the end of the file/ },
    aiffCut: { bytes: form("AIFF", comm({})).subarray(0, 24), reason: /COMM/ },
  };
}
