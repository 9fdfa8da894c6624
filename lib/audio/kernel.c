/* The inner loops of resample.ts, in single precision, four lanes at a time. lib/build/kernels.mjs compiles it. */

#define EXPORT(name) __attribute__((export_name(#name)))

typedef float f4 __attribute__((vector_size(16), aligned(4)));

static inline float sum(f4 v) { return (v[0] + v[1]) + (v[2] + v[3]); }

/*
 * out[m] = the signal from x[at] on times the row of the output's phase; a step moves the time by down / up samples.
 * taps is a multiple of 8, phase the first output's.
 */
EXPORT(phases) void phases(const float *x, const float *rows, int taps, int up, int down, int phase, float *out, int count) {
  int whole = down / up, rest = down % up;
  for (int m = 0; m < count; m++) {
    const float *row = rows + phase * taps;
    f4 a = {0, 0, 0, 0}, b = {0, 0, 0, 0};
    for (int i = 0; i < taps; i += 8) {
      a += *(const f4 *)(x + i) * *(const f4 *)(row + i);
      b += *(const f4 *)(x + i + 4) * *(const f4 *)(row + i + 4);
    }
    out[m] = sum(a + b);
    x += whole;
    phase += rest;
    if (phase >= up) {
      phase -= up;
      x++;
    }
  }
}

/* The same between the two nearest of `stored` rows (and one more): some ratios have too many phases to store. */
EXPORT(between) void between(const float *x, const float *rows, int stored, int taps, int up, int down, int phase, float *out,
             int count) {
  int whole = down / up, rest = down % up;
  float scale = (float)stored / (float)up;
  for (int m = 0; m < count; m++) {
    float place = (float)phase * scale;
    int lower = (int)place;
    if (lower >= stored) lower = stored - 1;
    const float *row = rows + lower * taps, *next = row + taps;
    f4 a = {0, 0, 0, 0}, b = {0, 0, 0, 0};
    for (int i = 0; i < taps; i += 4) {
      f4 v = *(const f4 *)(x + i);
      a += v * *(const f4 *)(row + i);
      b += v * *(const f4 *)(next + i);
    }
    out[m] = sum(a + (place - (float)lower) * (b - a));
    x += whole;
    phase += rest;
    if (phase >= up) {
      phase -= up;
      x++;
    }
  }
}

/*
 * Every second sample under a half-band filter: out[m] = x[2m] / 2 + the sum over i < taps of
 * kernel[i] * (x[2m - 2i - 1] + x[2m + 2i + 1]). x reaches 2 taps before the first output's sample and after the
 * last one's; odd holds count + 2 taps values of work space. count is a multiple of 4.
 */
EXPORT(halve) void halve(const float *x, const float *kernel, int taps, float *odd, float *out, int count) {
  for (int m = 0; m < count + 2 * taps; m++) odd[m] = x[2 * (m - taps) + 1];
  for (int m = 0; m < count; m += 4) {
    const float *right = odd + taps + m, *left = right - 1;
    f4 a = {x[2 * m] / 2, x[2 * m + 2] / 2, x[2 * m + 4] / 2, x[2 * m + 6] / 2};
    for (int i = 0; i < taps; i++) a += kernel[i] * (*(const f4 *)(left - i) + *(const f4 *)(right + i));
    *(f4 *)(out + m) = a;
  }
}
