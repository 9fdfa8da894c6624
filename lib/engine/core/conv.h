// Convolutions without im2col: the product reads its windows straight from the (padded) input.
#ifndef SER_CONV_H
#define SER_CONV_H
#include "winograd.h"

enum { CONV_H, CONV_W, CONV_CI, CONV_CO, CONV_KH, CONV_KW, CONV_SH, CONV_SW, CONV_DH, CONV_DW, CONV_TOP, CONV_BOTTOM,
       CONV_LEFT, CONV_RIGHT, CONV_WEIGHT, CONV_BIAS };
enum { CONV_INPUT, CONV_SPREAD, CONV_BIASES, CONV_CHUNKS, CONV_SCRATCH };

typedef struct { int h, w, ci, co, kh, kw, sh, sw, dh, dw, top, left, hp, wp, oh, ow, hs, ws, padded, tiled; } Shape;

enum { TILED = 24 };  // channels from which on tiles are faster than windows

static Shape shape_of(const Op *o) {
  const int32_t *f = o->f;
  Shape s = {f[CONV_H], f[CONV_W], f[CONV_CI], f[CONV_CO], f[CONV_KH], f[CONV_KW], f[CONV_SH], f[CONV_SW], f[CONV_DH],
             f[CONV_DW], f[CONV_TOP], f[CONV_LEFT], 0, 0, 0, 0, 0, 0, 0, 0};
  s.hp = s.h + s.top + f[CONV_BOTTOM], s.wp = s.w + s.left + f[CONV_RIGHT];
  s.oh = (s.hp - (s.kh - 1) * s.dh - 1) / s.sh + 1, s.ow = (s.wp - (s.kw - 1) * s.dw - 1) / s.sw + 1;
  s.hs = s.h + (s.kh - 1) * s.dh, s.ws = s.w + (s.kw - 1) * s.dw;  // the output, spread for the backward pass
  s.padded = s.hp != s.h || s.wp != s.w;
  return s;
}

// The same, with what tiles need: an even number of output lines and columns. One clip at a time is not worth their packing.
static Shape conv_shape(const Core *c, const Op *o) {
  Shape s = shape_of(o);
  int plain = s.sh == 1 && s.sw == 1 && s.dh == 1 && s.dw == 1;
  s.tiled = !c->solitary && s.kh == 3 && s.kw == 3 && plain && s.ci >= TILED && s.co >= TILED;
  if (!s.tiled) return s;
  s.hp += s.oh % 2, s.wp += s.ow % 2, s.hs += s.h % 2, s.ws += s.w % 2;
  s.padded = s.hp != s.h || s.wp != s.w;
  return s;
}

// One tile of the weight gradient is the work of one clip group and one kernel row; few tiles -> the clips are cut
// into CHUNKS groups, which are then added up in order.
static int conv_tiles(const Shape *s) {
  return s->dw == 1 ? s->kh * outer_tiles(s->kw * s->ci, s->co) : s->kh * s->kw * outer_tiles(s->ci, s->co);
}
static int conv_chunks(const Shape *s) { return conv_tiles(s) < 48 ? CHUNKS : 1; }
static long conv_size(const Shape *s) { return (long)s->kh * s->kw * s->ci * s->co; }

static void conv_setup(Core *c, Op *o) {
  Shape s = conv_shape(c, o);
  int taps = s.kh * s.kw;
  Packed *there = add_packed(c, o, o->f[CONV_WEIGHT], s.co, 1, (s.tiled ? SPOTS : taps) * s.ci, s.co);
  if (s.tiled) there->tap = (long)s.ci * s.co, there->inner = s.ci;
  if (s.padded) o->own[CONV_INPUT] = floats(c, (double)c->max_batch * s.hp * s.wp * s.ci);
  if (o->want[0]) {
    Packed *p = add_packed(c, o, o->f[CONV_WEIGHT], 1, s.co, (s.tiled ? SPOTS : taps) * s.co, s.ci);
    p->inner = s.co, p->reverse = (long)s.ci * s.co;
    if (s.tiled) p->tap = p->reverse;
    else p->taps = taps;
    o->own[CONV_SPREAD] = floats(c, (double)c->team.size * s.hs * s.ws * s.co);
  }
  if (c->solitary) return;
  o->own[CONV_BIASES] = floats(c, (double)c->max_batch * s.co);
  if (s.tiled) {
    o->own[CONV_CHUNKS] = floats(c, (double)SPOTS * s.ci * s.co);
    o->own[CONV_SCRATCH] = floats(c, (double)c->team.size * (double)wino_scratch(s.ci, s.co));
  } else if (conv_chunks(&s) > 1) o->own[CONV_CHUNKS] = floats(c, (double)CHUNKS * conv_size(&s));
}

static const float *conv_input(Core *c, Op *o, const Shape *s, int b) {
  return s->padded ? o->own[CONV_INPUT] + (long)b * s->hp * s->wp * s->ci : value(c, o->in, b);
}
static long conv_input_stride(Core *c, Op *o, const Shape *s) {
  return s->padded ? (long)s->hp * s->wp * s->ci : c->buffers[o->in].stride;
}

// Rows of a convolution are lines of its image, or, where that has but one line, its columns.
static long conv_lines(const Op *o) { return o->f[CONV_H] > 1 ? o->f[CONV_H] : o->f[CONV_W]; }
static long conv_places(const Op *o) {
  Shape s = shape_of(o);
  return s.oh > 1 ? s.oh : s.ow;
}

// Copies lines of the input between the zeros of the padding.
static void conv_pad(Core *c, Op *o, int tid, int b, long first, long last) {
  (void)tid;
  Shape s = conv_shape(c, o);
  if (!s.padded) return;
  float *to = o->own[CONV_INPUT] + (long)b * s.hp * s.wp * s.ci;
  // In forward mode others have used this memory.
  if (c->solitary && first == 0) __builtin_memset(to, 0, (size_t)(s.top * s.wp + s.left) * (size_t)s.ci * sizeof(float));
  int lines = s.h > 1, from = lines ? 0 : (int)first, until = lines ? s.w : (int)last;
  const float *x = value(c, o->in, b);
  for (long y = lines ? first : 0; y < (lines ? last : 1); y++) {
    float *line = to + ((y + s.top) * s.wp + s.left) * s.ci;
    __builtin_memcpy(line + (long)from * s.ci, x + (y * s.w + from) * s.ci, (size_t)(until - from) * (size_t)s.ci * sizeof(float));
    // What lies between this line's end and the next one's beginning.
    long gap = y + 1 < s.h ? s.wp - s.w : (long)(s.hp - s.top - s.h) * s.wp + s.wp - s.left - s.w;
    if (c->solitary && until == s.w) __builtin_memset(line + (long)s.w * s.ci, 0, (size_t)gap * (size_t)s.ci * sizeof(float));
  }
}

static float *conv_scratch(Op *o, const Shape *s, int tid) { return o->own[CONV_SCRATCH] + tid * wino_scratch(s->ci, s->co); }

static void conv_rows(Core *c, Op *o, int tid, int b, long first, long last) {
  Shape s = conv_shape(c, o);
  if (s.tiled) {
    wino_filter(&(Filter){conv_input(c, o, &s, b), (long)s.wp * s.ci, s.oh, s.ow, s.ci, s.co, o->packed[0].data, value(c, o->out, b),
                          weight(c, o->f[CONV_BIAS]), 0, conv_scratch(o, &s, tid)});
    return;
  }
  int dense = s.dw == 1, lines = s.oh > 1;
  long ay = (long)s.sh * s.wp * s.ci, ax = (long)s.sw * s.ci, cy = (long)s.ow * s.co;
  (c->solitary ? product_deep : product)(&(Product){.ny = lines ? (int)(last - first) : 1, .nx = lines ? s.ow : (int)(last - first),
                     .a = conv_input(c, o, &s, b) + first * (lines ? ay : ax), .ay = ay, .ax = ax, .taps = s.kh,
                     .subtaps = dense ? 1 : s.kw, .k = dense ? s.kw * s.ci : s.ci, .tap = (long)s.dh * s.wp * s.ci,
                     .subtap = (long)s.dw * s.ci, .b = o->packed[0].data, .n = s.co,
                     .c = value(c, o->out, b) + first * (lines ? cy : s.co), .cy = cy, .cx = s.co,
                     .bias = weight(c, o->f[CONV_BIAS])});
}

// The gradient of the input is the convolution of the output's gradient, spread by the strides, with the kernel turned.
static void conv_backward(Core *c, Op *o, int tid, int b) {
  Shape s = conv_shape(c, o);
  const float *dz = gradient(c, o->out, b);
  column_sums(dz, (long)s.oh * s.ow, s.co, o->own[CONV_BIASES] + (long)b * s.co);
  if (!o->want[0]) return;
  float *spread = o->own[CONV_SPREAD] + (long)tid * s.hs * s.ws * s.co;
  int top = (s.kh - 1) * s.dh - s.top, left = (s.kw - 1) * s.dw - s.left;
  for (int y = 0; y < s.oh; y++) {
    float *to = spread + ((long)(y * s.sh + top) * s.ws + left) * s.co;
    const float *from = dz + (long)y * s.ow * s.co;
    if (s.sw == 1) __builtin_memcpy(to, from, (size_t)s.ow * (size_t)s.co * sizeof(float));
    else
      for (int x = 0; x < s.ow; x++)
        __builtin_memcpy(to + (long)x * s.sw * s.co, from + (long)x * s.co, (size_t)s.co * sizeof(float));
  }
  if (s.tiled) {
    wino_filter(&(Filter){spread, (long)s.ws * s.co, s.h, s.w, s.co, s.ci, o->packed[1].data, gradient(c, o->in, b), 0,
                          o->accumulate[0], conv_scratch(o, &s, tid)});
    return;
  }
  int dense = s.dw == 1;
  product(&(Product){.ny = s.h, .nx = s.w, .a = spread, .ay = (long)s.ws * s.co, .ax = s.co, .taps = s.kh,
                     .subtaps = dense ? 1 : s.kw, .k = dense ? s.kw * s.co : s.co, .tap = (long)s.dh * s.ws * s.co,
                     .subtap = (long)s.dw * s.co, .b = o->packed[1].data, .n = s.ci, .c = gradient(c, o->in, b),
                     .cy = (long)s.w * s.ci, .cx = s.ci, .accumulate = o->accumulate[0]});
}

// Tiles first..last of the weight gradient over clips b0..b1.
static void conv_outer(Core *c, Op *o, const Shape *s, float *to, int b0, int b1, long first, long last) {
  int subtaps = s->dw == 1 ? 1 : s->kw, m = s->dw == 1 ? s->kw * s->ci : s->ci, each = outer_tiles(m, s->co);
  long stride = conv_input_stride(c, o, s), per_clip = stride + (long)s->oh * s->ow * s->co;
  int block = per_clip > 65536 ? 1 : (int)(131072 / per_clip);
  for (int b = b0; b < b1; b += block)
    for (int tap = 0; tap < s->kh * subtaps; tap++) {
      long from = first - tap * each, until = last - tap * each;
      if (until <= 0 || from >= each) continue;
      Outer g = {.nz = b1 - b < block ? b1 - b : block, .ny = s->oh, .nx = s->ow, .m = m, .n = s->co,
                 .a = conv_input(c, o, s, b) + ((long)(tap / subtaps) * s->dh * s->wp + (long)(tap % subtaps) * s->dw) * s->ci,
                 .az = stride, .ay = (long)s->sh * s->wp * s->ci, .ax = (long)s->sw * s->ci, .b = gradient(c, o->out, b),
                 .bz = c->buffers[o->out].stride, .by = (long)s->ow * s->co, .bx = s->co,
                 .c = to + (long)tap * m * s->co, .row = s->co};
      outer(&g, from < 0 ? 0 : (int)from, until > each ? each : (int)until);
    }
}

// The spots' gradients of panels from .. until, rows r of all tiles of the batch one after the other.
INLINE void conv_spots(Core *c, Op *o, const Shape *s, int tid, int r, int from, int until) {
  int n0 = from * COLUMNS, n = least(until * COLUMNS, s->co) - n0, tall = outer_tiles(s->ci, 1), block = 4 * wino_block(s->ci, s->co);
  long each = (long)halves(s->oh) * halves(s->ow), total = each * c->count, size = (long)s->ci * s->co;
  long plane = (long)block * s->ci, panel = (long)block * COLUMNS, panels = (until - from) * panel;
  float *inputs = conv_scratch(o, s, tid), *outputs = inputs + 4 * plane + SLACK, *sums = o->own[CONV_CHUNKS] + 4 * r * size + n0;
  for (int q = 0; q < 4; q++)
    for (int i = 0; i < s->ci; i++) __builtin_memset(sums + q * size + (long)i * s->co, 0, sizeof(float) * (size_t)n);
  for (long at = 0, end; at < total; at = end) {
    end = at + block < total ? at + block : total;
    for (long tile = at, next; tile < end; tile = next) {
      int b = (int)(tile / each);
      next = (b + 1) * each < end ? (b + 1) * each : end;
      wino_inputs(r, conv_input(c, o, s, b), (long)s->wp * s->ci, s->ci, halves(s->ow), tile - b * each, next - tile,
                  inputs + (tile - at) * s->ci, plane);
      wino_gradients(r, gradient(c, o->out, b), s->oh, s->ow, s->co, from, until, tile - b * each, next - tile,
                     outputs + (tile - at) * COLUMNS, panel, panels);
    }
    for (int q = 0; q < 4; q++)
      outer(&(Outer){.nz = 1, .ny = 1, .nx = (int)(end - at), .m = s->ci, .n = n, .a = inputs + q * plane, .ax = s->ci,
                     .b = outputs + q * panels, .bx = COLUMNS, .c = sums + q * size, .row = s->co, .panel = panel},
            0, (until - from) * tall);
  }
}
static void conv_tiled(Core *c, Op *o, const Shape *s, int tid) {
  int panels = (s->co + COLUMNS - 1) / COLUMNS;
  long first, last;
  share(c, tid, 4L * panels, &first, &last);
  for (int r = 0; r < 4; r++) {
    int from = first > r * panels ? (int)first - r * panels : 0, until = least((int)last - r * panels, panels);
    if (from >= until) continue;
    switch (r) {
      case 0: conv_spots(c, o, s, tid, 0, from, until); break;
      case 1: conv_spots(c, o, s, tid, 1, from, until); break;
      case 2: conv_spots(c, o, s, tid, 2, from, until); break;
      case 3: conv_spots(c, o, s, tid, 3, from, until); break;
    }
  }
}
// G' s G of every element's spots.
static void conv_untile(Core *c, Op *o, const Shape *s, int tid) {
  long first, last, n = (long)s->ci * s->co;
  share(c, tid, n, &first, &last);
  const float *spots = o->own[CONV_CHUNKS];
  float *g = c->g + o->f[CONV_WEIGHT];
  for (long j = first; j < last; j++) {
    float t[4][3];
    for (int r = 0; r < 4; r++) {
      float a = spots[(4 * r) * n + j], b = spots[(4 * r + 1) * n + j], d = spots[(4 * r + 2) * n + j], e = spots[(4 * r + 3) * n + j];
      t[r][0] = a + .5f * (b + d), t[r][1] = .5f * (b - d), t[r][2] = .5f * (b + d) + e;
    }
    for (int x = 0; x < 3; x++) {
      g[x * n + j] += t[0][x] + .5f * (t[1][x] + t[2][x]);
      g[(3 + x) * n + j] += .5f * (t[1][x] - t[2][x]);
      g[(6 + x) * n + j] += .5f * (t[1][x] + t[2][x]) + t[3][x];
    }
  }
}

static void conv_weights(Core *c, Op *o, int tid) {
  Shape s = conv_shape(c, o);
  long first, last;
  reduce_clips(c, tid, o->own[CONV_BIASES], s.co, o->f[CONV_BIAS]);
  if (s.tiled) {
    conv_tiled(c, o, &s, tid);
    return;
  }
  int tiles = conv_tiles(&s);
  if (conv_chunks(&s) == 1) {
    share(c, tid, tiles, &first, &last);
    conv_outer(c, o, &s, c->g + o->f[CONV_WEIGHT], 0, c->count, first, last);
    return;
  }
  share(c, tid, (long)CHUNKS * tiles, &first, &last);
  for (int k = 0; k < CHUNKS; k++) {
    long from = first - (long)k * tiles, until = last - (long)k * tiles;
    if (until <= 0 || from >= tiles) continue;
    if (from < 0) from = 0;
    if (until > tiles) until = tiles;
    float *to = o->own[CONV_CHUNKS] + k * conv_size(&s);
    conv_outer(c, o, &s, to, c->count * k / CHUNKS, c->count * (k + 1) / CHUNKS, from, until);
  }
}

// Adds the chunks up, and clears them for the next step.
static void conv_reduce(Core *c, Op *o, int tid) {
  Shape s = conv_shape(c, o);
  if (s.tiled) {
    conv_untile(c, o, &s, tid);
    return;
  }
  if (conv_chunks(&s) == 1) return;
  long first, last, n = conv_size(&s);
  share(c, tid, n, &first, &last);
  float *g = c->g + o->f[CONV_WEIGHT];
  for (int k = 0; k < CHUNKS; k++) {
    float *part = o->own[CONV_CHUNKS] + k * n;
    for (long j = first; j < last; j++) g[j] += part[j], part[j] = 0;
  }
}

// Depthwise convolutions: one kernel for each channel.
enum { DEPTH_H, DEPTH_W, DEPTH_C, DEPTH_MULTIPLIER, DEPTH_KH, DEPTH_KW, DEPTH_SH, DEPTH_SW, DEPTH_DH, DEPTH_DW, DEPTH_TOP,
       DEPTH_BOTTOM, DEPTH_LEFT, DEPTH_RIGHT, DEPTH_WEIGHT, DEPTH_BIAS };

static long depthwise_size(const Op *o) {
  return (long)o->f[DEPTH_KH] * o->f[DEPTH_KW] * o->f[DEPTH_C] * o->f[DEPTH_MULTIPLIER];
}

static void depthwise_setup(Core *c, Op *o) {
  o->own[0] = floats(c, (double)c->max_batch * (double)depthwise_size(o));
  o->own[1] = floats(c, (double)c->max_batch * o->f[DEPTH_C] * o->f[DEPTH_MULTIPLIER]);
}

// Does for every output position and every tap that meets the input: forward, or both gradients.
static void depthwise_walk(Core *c, Op *o, int b, int backward) {
  const int32_t *f = o->f;
  int h = f[DEPTH_H], w = f[DEPTH_W], n = f[DEPTH_C], mul = f[DEPTH_MULTIPLIER], kh = f[DEPTH_KH], kw = f[DEPTH_KW];
  int oh = (h + f[DEPTH_TOP] + f[DEPTH_BOTTOM] - (kh - 1) * f[DEPTH_DH] - 1) / f[DEPTH_SH] + 1;
  int ow = (w + f[DEPTH_LEFT] + f[DEPTH_RIGHT] - (kw - 1) * f[DEPTH_DW] - 1) / f[DEPTH_SW] + 1;
  const float *x = value(c, o->in, b), *kernel = c->p + f[DEPTH_WEIGHT], *bias = weight(c, f[DEPTH_BIAS]);
  float *z = backward ? gradient(c, o->out, b) : value(c, o->out, b);
  float *dx = backward && o->want[0] ? gradient(c, o->in, b) : 0, *dk = o->own[0] + b * depthwise_size(o);
  if (dx && !o->accumulate[0]) __builtin_memset(dx, 0, sizeof(float) * (size_t)h * (size_t)w * (size_t)n);
  if (backward) __builtin_memset(dk, 0, sizeof(float) * (size_t)depthwise_size(o));
  for (int y = 0; y < oh; y++)
    for (int v = 0; v < ow; v++, z += n * mul) {
      if (!backward)
        for (int j = 0; j < n * mul; j++) z[j] = bias ? bias[j] : 0;
      for (int i = 0; i < kh; i++)
        for (int j = 0; j < kw; j++) {
          int yy = y * f[DEPTH_SH] + i * f[DEPTH_DH] - f[DEPTH_TOP], xx = v * f[DEPTH_SW] + j * f[DEPTH_DW] - f[DEPTH_LEFT];
          if (yy < 0 || yy >= h || xx < 0 || xx >= w) continue;
          long at = ((long)yy * w + xx) * n, tap = (long)(i * kw + j) * n * mul;
          for (int k = 0; k < n; k++)
            for (int q = 0; q < mul; q++) {
              long e = (long)k * mul + q;
              if (!backward) z[e] += x[at + k] * kernel[tap + e];
              else dk[tap + e] += x[at + k] * z[e];
              if (dx) dx[at + k] += z[e] * kernel[tap + e];
            }
        }
    }
  if (backward) column_sums(gradient(c, o->out, b), (long)oh * ow, (long)n * mul, o->own[1] + (long)b * n * mul);
}
static void depthwise_forward(Core *c, Op *o, int tid, int b) { (void)tid, depthwise_walk(c, o, b, 0); }
static void depthwise_backward(Core *c, Op *o, int tid, int b) { (void)tid, depthwise_walk(c, o, b, 1); }
static void depthwise_weights(Core *c, Op *o, int tid) {
  reduce_clips(c, tid, o->own[0], depthwise_size(o), o->f[DEPTH_WEIGHT]);
  reduce_clips(c, tid, o->own[1], (long)o->f[DEPTH_C] * o->f[DEPTH_MULTIPLIER], o->f[DEPTH_BIAS]);
}
#endif
