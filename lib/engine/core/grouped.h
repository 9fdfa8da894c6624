// Layers that take groups of channels by themselves: normalisation of each channel over time, and grouped convolution.
#ifndef SER_GROUPED_H
#define SER_GROUPED_H
#include "network.h"

// Group normalisation with one channel a group: every column by its own mean and variance over the rows of the clip.
enum { GN_ROWS, GN_C, GN_GAMMA, GN_BETA, GN_EPSILON };
enum { GN_MEAN, GN_INVERSE, GN_LEVEL, GN_SLOPE };  // of each clip
enum { GN_BLOCK = 64 };  // rows whose sums are taken before they are added up

static void gn_setup(Core *c, Op *o) {
  for (int i = GN_MEAN; i <= (c->solitary ? GN_INVERSE : GN_SLOPE); i++) o->own[i] = floats(c, (double)c->max_batch * o->f[GN_C]);
}

static float *gn_line(Op *o, int line, int b) { return o->own[line] + (long)b * o->f[GN_C]; }

// Moments of a block of rows around its first row, put together with those before (Chan et al. 1979). The mean is less the
// clip's first row, so that it loses nothing to numbers far from zero.
static void gn_moments(const float *clip, int before, int rows, long n, float *mean, float *square, long j0, long j1) {
  const float *x = clip + before * n;
  float each = 1.f / (float)rows, all = 1.f / (float)(before + rows);
  vf share = fill((float)rows * all), spread = fill((float)before * (float)rows * all);
  for (long j = j0; j < j1; j += VECTOR) {
    vf first = load(x + j), s = fill(0), q = fill(0), m = either(before, load(mean + j), fill(0));
    for (int i = 1; i < rows; i++) {
      vf d = load(x + i * n + j) - first;
      s += d;
      q += d * d;
    }
    vf away = first - load(clip + j) + s * fill(each) - m;
    q = q - s * s * fill(each) + away * away * spread;
    store(square + j, either(before, load(square + j) + q, q), j1 - j);
    store(mean + j, m + away * share, j1 - j);
  }
}

static void gn_statistics(Core *c, Op *o, int tid, int b, long j0, long j1) {
  (void)tid;
  long n = o->f[GN_C];
  int rows = o->f[GN_ROWS];
  const float *x = value(c, o->in, b);
  float *mean = gn_line(o, GN_MEAN, b), *inverse = gn_line(o, GN_INVERSE, b);
  for (int i = 0; i < rows; i += GN_BLOCK)
    gn_moments(x, i, rows - i < GN_BLOCK ? rows - i : GN_BLOCK, n, mean, inverse, j0, j1);
  for (long j = j0; j < j1; j++) {
    mean[j] += x[j];
    inverse[j] = 1.f / __builtin_sqrtf(inverse[j] / (float)rows + bits(o->f[GN_EPSILON]));
  }
}
static long gn_columns(const Op *o) { return o->f[GN_C]; }

static void gn_apply(Core *c, Op *o, int tid, int b, long first, long last) {
  (void)tid;
  long n = o->f[GN_C];
  const float *x = value(c, o->in, b) + first * n, *gamma = weight(c, o->f[GN_GAMMA]), *beta = weight(c, o->f[GN_BETA]);
  const float *mean = gn_line(o, GN_MEAN, b), *inverse = gn_line(o, GN_INVERSE, b);
  float *out = value(c, o->out, b) + first * n;
  for (long i = first; i < last; i++, x += n, out += n)
    for (long j = 0; j < n; j += VECTOR)
      store(out + j, (load(x + j) - load(mean + j)) * (load(inverse + j) * load(gamma + j)) + load(beta + j), n - j);
}

// dx = gamma * inverse * (d - mean(d) - normalised * mean(d * normalised))
static void gn_backward(Core *c, Op *o, int tid, int b) {
  (void)tid;
  long n = o->f[GN_C];
  int rows = o->f[GN_ROWS];
  const float *x = value(c, o->in, b), *d = gradient(c, o->out, b), *gamma = weight(c, o->f[GN_GAMMA]);
  const float *mean = gn_line(o, GN_MEAN, b), *inverse = gn_line(o, GN_INVERSE, b);
  float *level = gn_line(o, GN_LEVEL, b), *slope = gn_line(o, GN_SLOPE, b);
  for (long j = 0; j < n; j++) level[j] = slope[j] = 0;
  for (int i = 0; i < rows; i += GN_BLOCK)
    for (long j = 0; j < n; j += VECTOR) {
      vf s = fill(0), q = fill(0), mid = load(mean + j);
      for (int k = i; k < rows && k < i + GN_BLOCK; k++) {
        vf v = load(d + k * n + j);
        s += v;
        q += v * (load(x + k * n + j) - mid);
      }
      store(level + j, load(level + j) + s, n - j);
      store(slope + j, load(slope + j) + q * load(inverse + j), n - j);
    }
  if (!o->want[0]) return;
  float *dx = gradient(c, o->in, b);
  vf each = fill(1.f / (float)rows);
  for (int i = 0; i < rows; i++, x += n, d += n, dx += n)
    for (long j = 0; j < n; j += VECTOR) {
      vf scale = load(inverse + j), normal = (load(x + j) - load(mean + j)) * scale;
      vf v = scale * load(gamma + j) * (load(d + j) - (load(level + j) + normal * load(slope + j)) * each);
      vput(dx + j, v, n - j, o->accumulate[0]);
    }
}
static void gn_weights(Core *c, Op *o, int tid) {
  reduce_clips(c, tid, o->own[GN_SLOPE], o->f[GN_C], o->f[GN_GAMMA]);
  reduce_clips(c, tid, o->own[GN_LEVEL], o->f[GN_C], o->f[GN_BETA]);
}

// Grouped convolution over time: group g of the output's columns sees group g of the input's only. Each group is
// gathered with its padding, so that its windows are rows of numbers side by side; then it is a product as any other.
enum { GC_ROWS, GC_CI, GC_CO, GC_K, GC_GROUPS, GC_LEFT, GC_W, GC_B };
enum { GC_INPUT, GC_SPREAD, GC_BIASES };

typedef struct { int rows, ci, co, k, groups, left; long padded, in, out; } Grouped;

static Grouped grouped_of(const Op *o) {
  const int32_t *f = o->f;
  Grouped s = {f[GC_ROWS], f[GC_CI], f[GC_CO], f[GC_K], f[GC_GROUPS], f[GC_LEFT], 0, 0, 0};
  s.padded = (long)s.rows + s.k - 1, s.in = s.ci / s.groups, s.out = s.co / s.groups;
  return s;
}

static void gc_setup(Core *c, Op *o) {
  Grouped s = grouped_of(o);
  for (int g = 0; g < s.groups; g++)
    add_packed(c, o, o->f[GC_W] + g * s.out, s.co, 1, s.k * (int)s.in, (int)s.out);
  o->own[GC_INPUT] = floats(c, (double)c->max_batch * (double)s.padded * s.ci);
  if (c->solitary) return;
  o->own[GC_BIASES] = floats(c, (double)c->max_batch * s.co);
  if (!o->want[0]) return;
  o->own[GC_SPREAD] = floats(c, (double)c->team.size * (double)(s.padded * s.out));
  for (int g = 0; g < s.groups; g++) {
    Packed *p = add_packed(c, o, o->f[GC_W] + g * s.out, 1, s.co, s.k * (int)s.out, (int)s.in);
    p->taps = s.k, p->inner = (int)s.out, p->reverse = s.in * s.co;
  }
}

static float *gc_input(Op *o, const Grouped *s, int b, int g) {
  return o->own[GC_INPUT] + ((long)b * s->groups + g) * s->padded * s->in;
}

// Rows first .. last - 1, `width` columns of n, side by side at their places behind `before` rows of zeros; with the first
// of `rows` rows come those zeros, with the last what stands behind.
static void gather(const float *from, long n, long width, long first, long last, long rows, long before, long after, float *to) {
  if (first == 0) __builtin_memset(to, 0, sizeof(float) * (size_t)(before * width));
  to += (before + first) * width;
  from += first * n;
  for (long i = first; i < last; i++, from += n, to += width) __builtin_memcpy(to, from, sizeof(float) * (size_t)width);
  if (last == rows) __builtin_memset(to, 0, sizeof(float) * (size_t)(after * width));
}

// c[rows][n] = (accumulate ? c : bias) + windows of `depth` floats at a, a + step, ... times the packed matrix.
static void windows(const float *a, int rows, long step, int depth, const Packed *p, float *to, long stride, const float *bias,
                    int accumulate) {
  product(&(Product){.ny = 1, .nx = rows, .a = a, .ax = step, .taps = 1, .subtaps = 1, .k = depth, .b = p->data, .n = p->n,
                     .c = to, .cx = stride, .bias = bias, .accumulate = accumulate});
}

static void gc_gather(Core *c, Op *o, int tid, int b, long first, long last) {
  (void)tid;
  Grouped s = grouped_of(o);
  for (int g = 0; g < s.groups; g++)
    gather(value(c, o->in, b) + g * s.in, s.ci, s.in, first, last, s.rows, s.left, s.k - 1 - s.left, gc_input(o, &s, b, g));
}
static void gc_forward(Core *c, Op *o, int tid, int b, long first, long last) {
  (void)tid;
  Grouped s = grouped_of(o);
  const float *bias = weight(c, o->f[GC_B]);
  float *to = value(c, o->out, b) + first * s.co;
  for (int g = 0; g < s.groups; g++)
    windows(gc_input(o, &s, b, g) + first * s.in, (int)(last - first), s.in, s.k * (int)s.in, &o->packed[g], to + g * s.out, s.co,
            bias ? bias + g * s.out : 0, 0);
}

// The gradient of the input is the convolution of the output's gradient with the kernel turned.
static void gc_backward(Core *c, Op *o, int tid, int b) {
  Grouped s = grouped_of(o);
  const float *dz = gradient(c, o->out, b);
  column_sums(dz, s.rows, s.co, o->own[GC_BIASES] + (long)b * s.co);
  if (!o->want[0]) return;
  float *spread = o->own[GC_SPREAD] + tid * s.padded * s.out;
  for (int g = 0; g < s.groups; g++) {
    gather(dz + g * s.out, s.co, s.out, 0, s.rows, s.rows, s.k - 1 - s.left, s.left, spread);
    windows(spread, s.rows, s.out, s.k * (int)s.out, &o->packed[s.groups + g], gradient(c, o->in, b) + g * s.in, s.ci, 0,
            o->accumulate[0]);
  }
}

static void gc_weights(Core *c, Op *o, int tid) {
  Grouped s = grouped_of(o);
  long first, last, each = outer_tiles(s.k * (int)s.in, (int)s.out);
  share(c, tid, s.groups * each, &first, &last);
  for (int g = 0; g < s.groups; g++) {
    long from = first - g * each, until = last - g * each;
    if (until <= 0 || from >= each) continue;
    Outer part = {.nz = c->count, .ny = 1, .nx = s.rows, .m = s.k * (int)s.in, .n = (int)s.out, .a = gc_input(o, &s, 0, g),
                  .az = s.padded * s.ci, .ax = s.in, .b = gradient(c, o->out, 0) + g * s.out,
                  .bz = c->buffers[o->out].stride, .bx = s.co, .c = c->g + o->f[GC_W] + g * s.out, .row = s.co};
    outer(&part, from < 0 ? 0 : (int)from, until > each ? (int)each : (int)until);
  }
  reduce_clips(c, tid, o->own[GC_BIASES], s.co, o->f[GC_B]);
}
#endif
