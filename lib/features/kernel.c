// Spectra, mel bands, decibels and cosine transform on WebAssembly SIMD. Four frames of a signal
// travel in the four lanes of every vector, so that no transform has to be written for one frame's own layout.
// The caller (kernel.ts) lays out all memory; nothing here allocates. Built without -ffast-math: the same input
// gives the same bits on every machine.
#include <wasm_simd128.h>

typedef float f4 __attribute__((vector_size(16)));
typedef unsigned u4 __attribute__((vector_size(16)));

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

typedef struct {
  int n;              // FFT length
  int m;              // length of the complex transform: n / 2 when n is even, else n
  int bins;           // n / 2 + 1
  int window_start;   // first sample of the FFT buffer under the window
  int window_length;  // samples under the window
  const float* window; // window_length values, padded with zeros to a multiple of four
  const float* roots; // m complex exp(-2 pi i k / m)
  const float* split; // m / 2 + 1 complex exp(-2 pi i k / n), for even n
  f4* a;              // two buffers of 2 (m + 1) + 4 vectors
  f4* b;
  f4* power;          // bins vectors
  int factor_count;
  int factors[32];    // their product is m
} Plan;

INLINE f4 splat(float x) { return (f4){x, x, x, x}; }
INLINE f4 load(const float* p) { return (f4)wasm_v128_load(p); }

// Four frames, windowed, one sample of each in a vector.
INLINE void load_frames(const Plan* plan, const float* x0, const float* x1, const float* x2, const float* x3) {
  f4* out = plan->a;
  const int even = plan->m != plan->n, step = even ? 1 : 2;
  const int from = plan->window_start, to = from + plan->window_length;
  for (int i = 0; i < from * step; i++) out[i] = splat(0);
  for (int i = from; i < to; i += 4) {
    const f4 p = load(x0 + i), q = load(x1 + i), r = load(x2 + i), s = load(x3 + i);
    const f4 w = load(plan->window + i - from);
    const f4 pq0 = __builtin_shufflevector(p, q, 0, 4, 1, 5), pq1 = __builtin_shufflevector(p, q, 2, 6, 3, 7);
    const f4 rs0 = __builtin_shufflevector(r, s, 0, 4, 1, 5), rs1 = __builtin_shufflevector(r, s, 2, 6, 3, 7);
    out[(i + 0) * step] = __builtin_shufflevector(pq0, rs0, 0, 1, 4, 5) * splat(w[0]);
    out[(i + 1) * step] = __builtin_shufflevector(pq0, rs0, 2, 3, 6, 7) * splat(w[1]);
    out[(i + 2) * step] = __builtin_shufflevector(pq1, rs1, 0, 1, 4, 5) * splat(w[2]);
    out[(i + 3) * step] = __builtin_shufflevector(pq1, rs1, 2, 3, 6, 7) * splat(w[3]);
  }
  for (int i = to; i < plan->n; i++) out[i * step] = splat(0);
  if (!even)
    for (int i = 0; i < plan->n; i++) out[2 * i + 1] = splat(0);
}

// (re + i im) times the complex number at w, stored at `at`.
INLINE void turn(f4 re, f4 im, const float* w, f4* at) {
  const f4 c = splat(w[0]), s = splat(w[1]);
  at[0] = re * c - im * s;
  at[1] = re * s + im * c;
}

// One pass of Stockham's self-sorting FFT (decimation in frequency), radix 4.
INLINE void pass4(const f4* x, f4* y, const float* roots, int q, int s) {
  for (int p = 0; p < q; p++) {
    const float *w1 = roots + 2 * p * s, *w2 = roots + 4 * p * s, *w3 = roots + 6 * p * s;
    for (int j = 0; j < s; j++) {
      const f4* in = x + 2 * (j + s * p);
      f4* out = y + 2 * (j + 4 * s * p);
      const int d = 2 * s * q, e = 2 * s;
      const f4 ar = in[0] + in[2 * d], ai = in[1] + in[2 * d + 1];
      const f4 br = in[0] - in[2 * d], bi = in[1] - in[2 * d + 1];
      const f4 cr = in[d] + in[3 * d], ci = in[d + 1] + in[3 * d + 1];
      const f4 dr = in[d] - in[3 * d], di = in[d + 1] - in[3 * d + 1];
      out[0] = ar + cr;
      out[1] = ai + ci;
      turn(br + di, bi - dr, w1, out + e);
      turn(ar - cr, ai - ci, w2, out + 2 * e);
      turn(br - di, bi + dr, w3, out + 3 * e);
    }
  }
}

INLINE void pass2(const f4* x, f4* y, const float* roots, int q, int s) {
  for (int p = 0; p < q; p++)
    for (int j = 0; j < s; j++) {
      const f4* in = x + 2 * (j + s * p);
      f4* out = y + 2 * (j + 2 * s * p);
      const int d = 2 * s * q;
      out[0] = in[0] + in[d];
      out[1] = in[1] + in[d + 1];
      turn(in[0] - in[d], in[1] - in[d + 1], roots + 2 * p * s, out + 2 * s);
    }
}

// Any other radix, by the sum itself.
static void pass_any(const f4* x, f4* y, const float* roots, int m, int r, int q, int s) {
  for (int p = 0; p < q; p++)
    for (int j = 0; j < s; j++)
      for (int k = 0; k < r; k++) {
        f4 re = splat(0), im = splat(0);
        for (int t = 0, step = 0; t < r; t++, step = (step + k) % r) {
          const f4* in = x + 2 * (j + s * (p + q * t));
          const f4 c = splat(roots[2 * (m / r) * step]), d = splat(roots[2 * (m / r) * step + 1]);
          re += in[0] * c - in[1] * d;
          im += in[0] * d + in[1] * c;
        }
        turn(re, im, roots + 2 * p * k * s, y + 2 * (j + s * (r * p + k)));
      }
}

static f4* transform(const Plan* plan) {
  f4 *x = plan->a, *y = plan->b;
  int s = 1, q = plan->m;
  for (int i = 0; i < plan->factor_count; i++) {
    const int r = plan->factors[i];
    q /= r;
    if (r == 4) pass4(x, y, plan->roots, q, s);
    else if (r == 2) pass2(x, y, plan->roots, q, s);
    else pass_any(x, y, plan->roots, plan->m, r, q, s);
    s *= r;
    f4* other = x;
    x = y;
    y = other;
  }
  return x;
}

INLINE void emit(f4* out, int k, f4 re, f4 im, int complex) {
  if (complex) {
    out[2 * k] = re;
    out[2 * k + 1] = im;
  } else {
    out[k] = re * re + im * im;
  }
}

// From the transform of n / 2 complex numbers (even samples real, odd imaginary) to the spectrum of n real ones.
INLINE void spectrum(const Plan* plan, f4* out, int complex) {
  const f4* z = transform(plan);
  const int m = plan->m;
  if (m == plan->n) {
    for (int k = 0; k < plan->bins; k++) emit(out, k, z[2 * k], z[2 * k + 1], complex);
    return;
  }
  emit(out, 0, z[0] + z[1], splat(0), complex);
  emit(out, m, z[0] - z[1], splat(0), complex);
  const f4 half = splat(0.5f);
  for (int k = 1; k <= m / 2; k++) {
    const f4 *u = z + 2 * k, *v = z + 2 * (m - k);
    const f4 er = (u[0] + v[0]) * half, ei = (u[1] - v[1]) * half;
    const f4 or = (u[1] + v[1]) * half, oi = (v[0] - u[0]) * half;
    const f4 c = splat(plan->split[2 * k]), s = splat(plan->split[2 * k + 1]);
    const f4 tr = or * c - oi * s, ti = or * s + oi * c;
    emit(out, k, er + tr, ei + ti, complex);
    emit(out, m - k, er - tr, ti - ei, complex);
  }
}

// The frames of one group; those past the last repeat it, so that they change no maximum.
INLINE void group_frames(const Plan* plan, const float* x, int rows, int hop, int group) {
  const int last = rows - 1, i = 4 * group;
  load_frames(plan, x + (long)i * hop, x + (long)(i + 1 < last ? i + 1 : last) * hop,
              x + (long)(i + 2 < last ? i + 2 : last) * hop, x + (long)(i + 3 < last ? i + 3 : last) * hop);
}

// lanes[group][column][frame of four] -> out[frame][column]
EXPORT(unpack) void unpack(const f4* lanes, int rows, int cols, float* out) {
  for (int i = 0; i < rows; i += 4, lanes += cols) {
    const int frames = rows - i < 4 ? rows - i : 4;
    for (int f = 0; f < frames; f++) {
      const float* from = (const float*)lanes + f;
      float* to = out + (long)(i + f) * cols;
      for (int k = 0; k < cols; k++) to[k] = from[4 * k];
    }
  }
}

EXPORT(stft) void stft(const Plan* plan, const float* x, int rows, int hop, f4* lanes) {
  for (int g = 0; 4 * g < rows; g++) {
    group_frames(plan, x, rows, hop, g);
    spectrum(plan, lanes + (long)g * 2 * plan->bins, 1);
  }
}

INLINE void to_magnitude(f4* power, int bins) {
  for (int k = 0; k < bins; k++) power[k] = (f4)wasm_f32x4_sqrt((v128_t)power[k]);
}

EXPORT(power) void power(const Plan* plan, const float* x, int rows, int hop, int exponent, f4* lanes) {
  for (int g = 0; 4 * g < rows; g++) {
    f4* out = lanes + (long)g * plan->bins;
    group_frames(plan, x, rows, hop, g);
    spectrum(plan, out, 0);
    if (exponent == 1) to_magnitude(out, plan->bins);
  }
}

// A bank of bands: band i sums count[i] bins from start[i] on; the weights follow one another.
EXPORT(mel) void mel(const Plan* plan, const float* x, int rows, int hop, int exponent, int bands,
                     const int* start, const int* count, const float* weights, f4* lanes) {
  for (int g = 0; 4 * g < rows; g++) {
    group_frames(plan, x, rows, hop, g);
    spectrum(plan, plan->power, 0);
    if (exponent == 1) to_magnitude(plan->power, plan->bins);
    const float* w = weights;
    for (int i = 0; i < bands; i++) {
      const f4* p = plan->power + start[i];
      f4 sum = splat(0);
      for (int k = 0; k < count[i]; k++) sum += p[k] * splat(w[k]);
      w += count[i];
      *lanes++ = sum;
    }
  }
}

// 10 log10(max(x, amin)): the logarithm is Cephes' logf, within two units in the last place.
INLINE f4 decibel(f4 x, f4 amin) {
  x = (f4)wasm_f32x4_pmax((v128_t)amin, (v128_t)x);
  u4 bits = (u4)x;
  const u4 small = (bits & 0x7fffffu) < 0x3504f3u; // mantissa below the square root of two
  f4 e = (f4)wasm_f32x4_convert_i32x4((v128_t)((bits >> 23) - 126u + (u4)small)); // a true lane is -1
  const f4 f = (f4)((bits & 0x7fffffu) | (0x3f000000u + (small & 0x800000u))) - splat(1.0f);
  const f4 z = f * f;
  f4 y = splat(7.0376836292e-2f);
  y = y * f - splat(1.1514610310e-1f);
  y = y * f + splat(1.1676998740e-1f);
  y = y * f - splat(1.2420140846e-1f);
  y = y * f + splat(1.4249322787e-1f);
  y = y * f - splat(1.6668057665e-1f);
  y = y * f + splat(2.0000714765e-1f);
  y = y * f - splat(2.4999993993e-1f);
  y = y * f + splat(3.3333331174e-1f);
  y = y * f * z;
  y = y + e * splat(-2.12194440e-4f) - splat(0.5f) * z;
  return (f + y + e * splat(0.693359375f)) * splat(4.34294481903f);
}

// Turns count vectors into decibels in place; nothing stays more than top_db under the largest.
EXPORT(decibels) void decibels(f4* lanes, long count, float amin, float top_db) {
  f4 top = splat(-3.4e38f);
  for (long i = 0; i < count; i++) {
    const f4 value = decibel(lanes[i], splat(amin));
    lanes[i] = value;
    top = (f4)wasm_f32x4_pmax((v128_t)top, (v128_t)value);
  }
  float largest = top[0];
  for (int i = 1; i < 4; i++) largest = top[i] > largest ? top[i] : largest;
  const f4 floor = splat(largest - top_db);
  for (long i = 0; i < count; i++) lanes[i] = (f4)wasm_f32x4_pmax((v128_t)floor, (v128_t)lanes[i]);
}

// The first coefficients of a cosine transform. Its basis is even about the middle band for even coefficients and odd
// for odd ones, so that half of every row is enough (half = (bands + 1) / 2 columns): the sums and differences of
// mirrored bands are taken first, which also halves the rounding. Four rows of the basis at a time; it is padded.
EXPORT(dct) void dct(const f4* lanes, int rows, int bands, int coefficients, const float* basis, f4* scratch, f4* out) {
  const int half = (bands + 1) / 2;
  f4 *even = scratch, *odd = scratch + half;
  for (int i = 0; i < rows; i += 4, lanes += bands, out += coefficients) {
    for (int j = 0; j < half; j++) {
      const f4 low = lanes[j], high = 2 * j + 1 == bands ? splat(0) : lanes[bands - 1 - j];
      even[j] = low + high;
      odd[j] = low - high;
    }
    for (int k = 0; k < coefficients; k += 4) {
      const float* row = basis + (long)k * half;
      f4 s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
      for (int j = 0; j < half; j++) {
        s0 += even[j] * splat(row[j]);
        s1 += odd[j] * splat(row[j + half]);
        s2 += even[j] * splat(row[j + 2 * half]);
        s3 += odd[j] * splat(row[j + 3 * half]);
      }
      out[k] = s0;
      if (k + 1 < coefficients) out[k + 1] = s1;
      if (k + 2 < coefficients) out[k + 2] = s2;
      if (k + 3 < coefficients) out[k + 3] = s3;
    }
  }
}
