/** The closed-form signals librosa's reference values were computed on, in single precision. */
export const SIGNALS: Record<string, (rate: number, n: number) => Float32Array> = {
  sine440: (rate, n) => make(n, (i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate)),
  chirp: (rate, n) =>
    make(n, (i) => {
      const [t, total] = [i / rate, n / rate];
      return 0.5 * Math.sin(2 * Math.PI * (100 * t + (3900 / (2 * total)) * t * t));
    }),
  lcgnoise: (_rate, n) => {
    let state = 12345;
    return make(n, () => {
      state = Number((1664525n * BigInt(state) + 1013904223n) % 4294967296n);
      return 0.3 * (state / 2 ** 31 - 1);
    });
  },
  harmonic: (rate, n) =>
    make(n, (i) => {
      let sum = 0;
      for (let k = 1; k <= 10; k++) sum += Math.sin((2 * Math.PI * 180 * k * i) / rate) / k;
      return 0.2 * sum * (0.6 + 0.4 * Math.sin((2 * Math.PI * 3 * i) / rate));
    }),
  zeros: (_rate, n) => new Float32Array(n),
};

function make(n: number, value: (i: number) => number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => value(i));
}

/** A wavering tone, then a whistle beside it, then silence: 12,345 samples at 16 kHz, of which fixtures were made. */
export function whistle(): Float32Array {
  const turn = (2 * Math.PI) / 16000;
  return Float32Array.from({ length: 12345 }, (_, n) => {
    if (n >= 9000) return 0;
    const high = n > 4000 ? 0.1 * Math.sin(3100 * turn * n) : 0;
    return 0.5 * Math.sin(220 * turn * n + 3 * Math.sin(3 * turn * n)) + high;
  });
}
