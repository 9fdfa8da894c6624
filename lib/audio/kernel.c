/* The inner loops of resample.ts and pcm.ts, in single precision, four lanes at a time. lib/build/kernels.mjs compiles it. */

#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))

typedef float f4 __attribute__((vector_size(16), aligned(4)));

static inline float sum(f4 v) { return (v[0] + v[1]) + (v[2] + v[3]); }

/*
 * The vectors of outputs that share every load of a tap. Of the sixteen registers of SSE, seven hold sums, seven samples and one
 * the tap; with an eighth, V8 keeps a sum in memory, which takes a fifth longer.
 */
#define GROUP 7

/*
 * out[step * i] for i < 4 vectors = the sum over t < taps of row[t] * x[places[t] + i]. Each is added up as eight sums, of
 * every eighth tap, so that little is lost to rounding.
 */
static inline __attribute__((always_inline)) void filter(const float *x, const int *places, const float *row, int taps, float *out,
                                                         int step, int vectors) {
  f4 sums[8][GROUP];
  for (int k = 0; k < 8; k++) {
    f4 part[GROUP];
    for (int v = 0; v < vectors; v++) part[v] = (f4){0, 0, 0, 0};
    for (int t = k; t < taps; t += 8) {
      const float *from = x + places[t];
      for (int v = 0; v < vectors; v++) part[v] += *(const f4 *)(from + 4 * v) * row[t];
    }
    for (int v = 0; v < vectors; v++) sums[k][v] = part[v];
  }
  for (int v = 0; v < vectors; v++) {
    f4 a = sums[0][v] + sums[4][v], b = sums[1][v] + sums[5][v];
    f4 c = sums[2][v] + sums[6][v], d = sums[3][v] + sums[7][v];
    f4 all = (a + b) + (c + d);
    float *to = out + 4 * step * v;
    to[0] = all[0], to[step] = all[1], to[2 * step] = all[2], to[3 * step] = all[3];
  }
}

/* From an output to the next, in whole samples and in phases. */
typedef struct {
  int up, whole, rest;
} Step;

static inline void advance(Step step, int *at, int *phase) {
  *at += step.whole;
  *phase += step.rest;
  if (*phase >= step.up) {
    *phase -= step.up;
    ++*at;
  }
}

/*
 * out[m] = the signal from x[floor(m * down / up)] on times the row of the output's phase. Outputs that are `up` apart have one
 * phase, and their samples are `down` apart: with every down-th sample side by side (work space `streams`, down * length
 * values), a lane is an output. count is a multiple of 4 * up, taps of 8; sample i of the signal is at places[i] in streams.
 */
EXPORT(phases) void phases(const float *x, float *streams, int length, const int *places, const float *rows, int taps, int up,
                           int down, float *out, int count) {
  for (int i = 0; i < length; i++)
    for (int c = 0; c < down; c++) streams[c * length + i] = *x++;
  const Step step = {up, down / up, down % up};
  int turns = count / up, phase = 0, at = 0;
  for (int m = 0; m < up; m++, advance(step, &at, &phase)) {
    const float *row = rows + phase * taps;
    int i = 0;
    for (; i + 4 * GROUP <= turns; i += 4 * GROUP) filter(streams + i, places + at, row, taps, out + m + up * i, up, GROUP);
    for (; i < turns; i += 4) filter(streams + i, places + at, row, taps, out + m + up * i, up, 1);
  }
}

/*
 * Outputs one after the other, between the two nearest of `stored` rows (and one more): some ratios have too many phases to
 * store. Two outputs at a time, so that neither waits for its own sums.
 */
EXPORT(between) void between(const float *x, const float *rows, int stored, int taps, int up, int down, int phase, float *out,
                             int count) {
  const Step step = {up, down / up, down % up};
  float scale = (float)stored / (float)up;
  int at = 0;
  for (int m = 0; m < count; m += 2) {
    const float *from[2], *row[2];
    float share[2];
    f4 a[2], b[2];
    for (int v = 0; v < 2; v++) {
      float place = (float)phase * scale;
      int lower = (int)place;
      if (lower >= stored) lower = stored - 1;
      from[v] = x + at;
      row[v] = rows + lower * taps;
      share[v] = place - (float)lower;
      a[v] = b[v] = (f4){0, 0, 0, 0};
      advance(step, &at, &phase);
    }
    for (int i = 0; i < taps; i += 4)
      for (int v = 0; v < 2; v++) {
        f4 samples = *(const f4 *)(from[v] + i);
        a[v] += samples * *(const f4 *)(row[v] + i);
        b[v] += samples * *(const f4 *)(row[v] + taps + i);
      }
    for (int v = 0; v < 2; v++) out[m + v] = sum(a[v] + share[v] * (b[v] - a[v]));
  }
}

/*
 * Every second sample under a half-band filter: out[m] = x[2m] / 2 + the sum over i < taps of
 * kernel[i] * (x[2m - 2i - 1] + x[2m + 2i + 1]). x reaches 2 taps before the first output's sample and after the
 * last one's; odd holds count + 2 taps + 4 values of work space. count is a multiple of 8.
 */
EXPORT(halve) void halve(const float *x, const float *kernel, int taps, float *odd, float *out, int count) {
  const float *first = x - 2 * taps;
  for (int m = 0; m < count + 2 * taps; m += 4) {
    f4 low = *(const f4 *)(first + 2 * m), high = *(const f4 *)(first + 2 * m + 4);
    *(f4 *)(odd + m) = __builtin_shufflevector(low, high, 1, 3, 5, 7);
  }
  for (int m = 0; m < count; m += 8) {
    const float *right = odd + taps + m, *left = right - 1, *even = x + 2 * m;
    f4 a = __builtin_shufflevector(*(const f4 *)even, *(const f4 *)(even + 4), 0, 2, 4, 6) / 2;
    f4 b = __builtin_shufflevector(*(const f4 *)(even + 8), *(const f4 *)(even + 12), 0, 2, 4, 6) / 2;
    for (int i = 0; i < taps; i++) {
      a += kernel[i] * (*(const f4 *)(left - i) + *(const f4 *)(right + i));
      b += kernel[i] * (*(const f4 *)(left - i + 4) + *(const f4 *)(right + i + 4));
    }
    *(f4 *)(out + m) = a;
    *(f4 *)(out + m + 4) = b;
  }
}

/* out[i] = in[i] / 32768. count is a multiple of 4. */
EXPORT(scale16) void scale16(const short *in, float *out, int count) {
  for (int i = 0; i < count; i += 4)
    *(f4 *)(out + i) = (f4)wasm_f32x4_convert_i32x4(wasm_i32x4_load16x4(in + i)) * (1.0f / 32768);
}
