let table: Float32Array | undefined;

/** The float32 values of IEEE 754 float16 bit patterns. */
export function fromHalf(bits: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 65_536 }, (_, half) => halfValue(half));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!;
  return values;
}

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The float32 values of bfloat16 bit patterns, which are their upper halves. */
export function fromBrain(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (upper) => upper << 16).buffer);
}

/** The float16 bit patterns of values; `undefined` unless every one of them is exactly a finite float16. */
export function toHalf(values: Float32Array): Uint16Array | undefined {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const half = exactHalf(bits[i]!);
    if (half < 0) return undefined;
    halves[i] = half;
  }
  return halves;
}

/** The float16 bit pattern of a float32 bit pattern; -1 where it is not exact. */
function exactHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 255;
  const fraction = bits & 0x7f_ffff;
  if (exponent >= 113 && exponent <= 142)
    return fraction & 0x1fff ? -1 : sign | ((exponent - 112) << 10) | (fraction >>> 13);
  if (exponent === 0 && fraction === 0) return sign;
  if (exponent < 103 || exponent > 142) return -1;
  // Subnormal float16 numbers are multiples of 2^-24.
  const whole = fraction | 0x80_0000;
  const shift = 126 - exponent;
  return whole & ((1 << shift) - 1) ? -1 : sign | (whole >>> shift);
}
