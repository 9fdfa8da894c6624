// Vectors as the compiler knows them, as wide as the target's registers, and the functions that layers need of them.
// Loads may read up to VECTOR - 1 floats beyond what they are for: every array ends in SLACK floats nobody uses.
#ifndef SER_SIMD_H
#define SER_SIMD_H
#include <stddef.h>
#include <stdint.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { VECTOR = 16, ROWS = 8 };
#elif defined(__AVX2__)
enum { VECTOR = 8, ROWS = 6 };
#else
enum { VECTOR = 4, ROWS = 4 };
#endif
enum { COLUMNS = 2 * VECTOR, SLACK = 64 };

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

typedef float vf __attribute__((vector_size(VECTOR * 4), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(VECTOR * 4), aligned(4), may_alias));
typedef uint32_t vu __attribute__((vector_size(VECTOR * 4), aligned(4), may_alias));
typedef uint8_t vb __attribute__((vector_size(VECTOR), aligned(1), may_alias));

INLINE vf load(const float *p) { return *(const vf *)p; }
INLINE vf fill(float x) { return x - (vf){0}; }
INLINE vf choose(vi mask, vf yes, vf no) { return (vf)(((vi)yes & mask) | ((vi)no & ~mask)); }
// The lesser and the greater of a bound and x; NaN stays NaN.
#if defined(__AVX512F__)
INLINE vf vleast(vf bound, vf x) { return (vf)_mm512_min_ps((__m512)bound, (__m512)x); }
INLINE vf vmost(vf bound, vf x) { return (vf)_mm512_max_ps((__m512)bound, (__m512)x); }
#elif defined(__AVX2__)
INLINE vf vleast(vf bound, vf x) { return (vf)_mm256_min_ps((__m256)bound, (__m256)x); }
INLINE vf vmost(vf bound, vf x) { return (vf)_mm256_max_ps((__m256)bound, (__m256)x); }
#elif defined(__wasm__)
INLINE vf vleast(vf bound, vf x) { return __builtin_wasm_pmin_f32x4(x, bound); }
INLINE vf vmost(vf bound, vf x) { return __builtin_wasm_pmax_f32x4(x, bound); }
#else
INLINE vf vleast(vf bound, vf x) { return choose(x > bound, bound, x); }
INLINE vf vmost(vf bound, vf x) { return choose(x < bound, bound, x); }
#endif
INLINE vf either(int yes, vf a, vf b) {
  if (yes) return a;
  return b;
}

// The first n lanes (all of them when there are more).
INLINE void store(float *p, vf v, long n) {
  if (n >= VECTOR) {
    *(vf *)p = v;
    return;
  }
  for (long i = 0; i < n; i++) p[i] = v[i];
}

// The first n lanes, then zeros.
INLINE vf load_part(const float *p, long n) {
  if (n >= VECTOR) return load(p);
  vf v = fill(0);
  for (long i = 0; i < n; i++) v[i] = p[i];
  return v;
}

INLINE float sum(vf v) {
  float s = 0;
  for (int i = 0; i < VECTOR; i++) s += v[i];
  return s;
}

// e^x by 2^n * polynomial (Cephes' expf); relative error under 2e-7; NaN stays NaN.
INLINE vf vexp(vf x0) {
  vf x = choose(x0 < fill(-87.f), fill(-87.f), x0);
  x = choose(x > fill(88.f), fill(88.f), x);
  const vf magic = fill(12582912.f);
  vf r = x * fill(1.44269504f) + magic;
  vf n = r - magic;
  vf f = x - n * fill(0.693359375f);
  f = f - n * fill(-2.12194440e-4f);
  vf p = fill(1.9875691500e-4f);
  p = p * f + fill(1.3981999507e-3f);
  p = p * f + fill(8.3334519073e-3f);
  p = p * f + fill(4.1665795894e-2f);
  p = p * f + fill(1.6666665459e-1f);
  p = p * f + fill(5.0000001201e-1f);
  vf y = p * f * f + f + fill(1.f);
  y = (vf)((vu)y + ((vu)r << 23));
  return choose(x0 == x0, y, x0);
}
// erf by two polynomials, error under 1e-7: x + x P(x^2) near 0, else 1 - e^(polynomial in |x|).
INLINE vf verf(vf x) {
  vf s = x * x, t = (vf)((vi)x & 0x7fffffff);
  vf near = fill(-5.96761703e-4f);
  near = near * s + fill(4.99119423e-3f);
  near = near * s + fill(-2.67681349e-2f);
  near = near * s + fill(1.12819925e-1f);
  near = near * s + fill(-3.76125336e-1f);
  near = near * s + fill(1.28379166e-1f);
  near = near * x + x;
  vf far = fill(-1.72853470e-5f) * t + fill(3.83197126e-4f);
  far = far * s + (fill(-3.88396438e-3f) * t + fill(2.42546219e-2f));
  far = far * t + fill(-1.06777877e-1f);
  far = far * t + fill(-6.34846687e-1f);
  far = far * t + fill(-1.28717512e-1f);
  far = fill(1.f) - vexp(far * t - t);
  far = (vf)((vi)far | ((vi)x & (int32_t)0x80000000));
  return choose(t > fill(0.927734375f), far, near);
}
INLINE vf vgelu(vf x) { return fill(.5f) * x * (fill(1.f) + verf(x * fill(0.70710678f))); }
INLINE vf vgelu_slope(vf x) {
  vf density = fill(0.39894228f) * vexp(fill(-.5f) * x * x);
  return fill(.5f) * (fill(1.f) + verf(x * fill(0.70710678f))) + x * density;
}
// 2^t by 2^n times a polynomial; relative error under 2e-7 where t is between the ends, else as at them; NaN stays NaN.
INLINE vf vexp2(vf t) {
  const vf magic = fill(12582912.f);
  t = vmost(fill(-125.f), vleast(fill(125.f), t));
  vf r = t + magic, f = t - (r - magic), p = fill(1.326472727e-3f);
  p = p * f + fill(9.671512733e-3f);
  p = p * f + fill(5.550733744e-2f);
  p = p * f + fill(2.402224208e-1f);
  p = p * f + fill(6.931469776e-1f);
  p = p * f + fill(1.f);
  return p * (vf)(((vu)r << 23) + 0x3f800000);
}
INLINE vf vsigmoid(vf x) { return fill(1.f) / (fill(1.f) + vexp2(x * fill(-1.44269504f))); }
INLINE vf vtanh(vf x) { return fill(1.f) - fill(2.f) / (vexp2(x * fill(2.88539008f)) + fill(1.f)); }
INLINE vf vhard_sigmoid(vf x) {
  vf y = x * fill(0.2f) + fill(0.5f);
  y = choose(y < fill(0.f), fill(0.f), y);
  return choose(y > fill(1.f), fill(1.f), y);
}

// Natural logarithm of a positive number, by the series of artanh; WebAssembly has no libm.
static float slog(float x) {
  union { float f; int32_t i; } u = {x};
  if (!(x > 0) || (u.i >> 23) == 255) return x > 0 ? x : x == 0 ? -__builtin_inff() : __builtin_nanf("");
  int e = (u.i >> 23) - 127;
  u.i = (u.i & 0x7fffff) | 0x3f800000;
  float m = u.f;
  if (m > 1.41421356f) m *= .5f, e++;
  float s = (m - 1) / (m + 1), s2 = s * s;
  return 2 * s * (1 + s2 * (1 / 3.f + s2 * (1 / 5.f + s2 * (1 / 7.f + s2 / 9.f)))) + (float)e * 0.69314718f;
}

// The counter-based generator of the dropout masks (core.h).
INLINE uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ x >> 16;
}
INLINE vu vmix(vu x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ x >> 16;
}
// Lane i: whether the element index + i is kept.
INLINE vi kept(uint32_t index, uint32_t key, int32_t threshold) {
  vu x;
  for (int i = 0; i < VECTOR; i++) x[i] = (uint32_t)i;
  return (vi)(vmix(x + (index + key)) >> 8) >= threshold;
}
#endif
