// Multi-head self-attention, a head and a block of rows at a time: of the frames x frames scores only a block of rows
// is ever there. The backward pass makes them again from the rows' maxima and sums.
#ifndef SER_ATTENTION_H
#define SER_ATTENTION_H
#include "network.h"

enum { ATT_ROWS, ATT_W, ATT_HEADS, ATT_MASK };
// Keys turned and values, packed for the products; scores of a block; of each clip, head and row: maximum and 1 / sum.
enum { ATT_KEYS, ATT_VALUES, ATT_SCORES, ATT_MOMENTS, ATT_BACK };
enum { BLOCK_ROWS = 32 };

typedef struct { int rows, w, heads, d; long line, keys, values; } Attention;

static Attention attention_of(const Op *o) {
  int rows = o->f[ATT_ROWS], w = o->f[ATT_W], heads = o->f[ATT_HEADS], d = w / heads;
  // A line of scores is whole panels, and no power of two, which would put a block's lines into the same few lines of the cache.
  long line = PACKED(1, rows) + 16;
  return (Attention){rows, w, heads, d, line, PACKED(d, rows), PACKED(rows, d)};
}

static void attention_setup(Core *c, Op *o) {
  Attention a = attention_of(o);
  double threads = c->team.size, packs = c->solitary ? 1 : threads;
  o->own[ATT_KEYS] = floats(c, packs * a.heads * (double)a.keys);
  o->own[ATT_VALUES] = floats(c, packs * a.heads * (double)a.values);
  o->own[ATT_SCORES] = floats(c, threads * BLOCK_ROWS * (double)a.line);
  if (c->solitary) return;
  o->own[ATT_MOMENTS] = floats(c, (double)c->max_batch * a.heads * a.rows * 2);
  if (o->want[0] || o->want[1]) o->own[ATT_BACK] = floats(c, threads * (2 * (double)a.values + a.keys + BLOCK_ROWS * (double)a.line));
}

static float *attention_keys(Core *c, Op *o, const Attention *a, int tid, int head) {
  return o->own[ATT_KEYS] + ((c->solitary ? 0 : (long)tid * a->heads) + head) * a->keys;
}
static float *attention_values(Core *c, Op *o, const Attention *a, int tid, int head) {
  return o->own[ATT_VALUES] + ((c->solitary ? 0 : (long)tid * a->heads) + head) * a->values;
}
static float attention_scale(const Attention *a) { return 1.f / __builtin_sqrtf((float)a->d); }

// Rows first..last of x[rows][d], `stride` apart, as columns of a packed [d][rows], times scale.
static void pack_columns(const float *x, long stride, int d, long first, long last, float scale, float *to) {
  for (long r = first; r < last; r++) {
    float *out = to + r / COLUMNS * COLUMNS * d + r % COLUMNS;
    const float *from = x + r * stride;
    for (int j = 0; j < d; j++) out[(long)j * COLUMNS] = from[j] * scale;
  }
}
// The same rows as rows of a packed [rows][d].
static void pack_rows(const float *x, long stride, int d, int rows, long first, long last, float *to) {
  for (int n0 = 0; n0 < d; n0 += COLUMNS) {
    int width = d - n0 < COLUMNS ? d - n0 : COLUMNS;
    float *out = to + ((long)n0 * rows + first * COLUMNS);
    for (long r = first; r < last; r++, out += COLUMNS) {
      for (int j = 0; j < COLUMNS; j += VECTOR) *(vf *)(out + j) = load_part(x + r * stride + n0 + j, width - j);
    }
  }
}

static void attention_pack(Core *c, Op *o, int tid, int b, long first, long last) {
  Attention a = attention_of(o);
  const float *x = value(c, o->in, b);
  for (int h = 0; h < a.heads; h++) {
    pack_columns(x + a.w + h * a.d, 3L * a.w, a.d, first, last, attention_scale(&a), attention_keys(c, o, &a, tid, h));
    pack_rows(x + 2 * a.w + h * a.d, 3L * a.w, a.d, a.rows, first, last, attention_values(c, o, &a, tid, h));
  }
}

// e^(x - most) of a line in place; the sum. What is far below the largest is 0, so padding counts nothing at all.
static float exponentials(float *s, int n, float most) {
  vf total = fill(0);
  for (int j = 0; j < n; j += VECTOR) {
    vf x = load(s + j) - fill(most), e = choose(x < fill(-87.f), fill(0), vexp(x));
    if (n - j < VECTOR) e = load_part((const float *)&e, n - j);
    total += e;
    *(vf *)(s + j) = e;
  }
  return sum(total);
}
static float largest(const float *s, int n) {
  float most = s[0];
  int j = 0;
  if (n >= VECTOR) {
    vf m = load(s);
    for (j = VECTOR; j + VECTOR <= n; j += VECTOR) {
      vf x = load(s + j);
      m = choose(x <= m, m, x);  // a NaN goes on
    }
    most = m[0];
    for (int i = 1; i < VECTOR; i++) most = m[i] <= most ? most : m[i];
  }
  for (; j < n; j++) most = s[j] <= most ? most : s[j];
  return most;
}

// q[n][d], lines apart by `stride`, times a packed matrix of k rows and m columns.
static void times(const float *q, long stride, int n, int k, const float *packed, int m, const float *bias, float *to, long line,
                  int accumulate) {
  product_deep(&(Product){.ny = 1, .nx = n, .a = q, .ax = stride, .taps = 1, .subtaps = 1, .k = k, .b = packed, .n = m, .c = to,
                     .cx = line, .bias = bias, .accumulate = accumulate});
}

static void attention_forward(Core *c, Op *o, int tid, int b, long first, long last) {
  Attention a = attention_of(o);
  const float *x = value(c, o->in, b), *mask = o->f[ATT_MASK] == NONE ? 0 : value(c, o->f[ATT_MASK], b);
  float *out = value(c, o->out, b), *scores = o->own[ATT_SCORES] + (long)tid * BLOCK_ROWS * a.line;
  for (int h = 0; h < a.heads; h++) {
    const float *keys = attention_keys(c, o, &a, tid, h), *values = attention_values(c, o, &a, tid, h);
    float *moments = c->solitary ? 0 : o->own[ATT_MOMENTS] + ((long)b * a.heads + h) * a.rows * 2;
    for (long r = first; r < last; r += BLOCK_ROWS) {
      int n = last - r < BLOCK_ROWS ? (int)(last - r) : BLOCK_ROWS;
      float inverse[BLOCK_ROWS], *y = out + r * a.w + h * a.d;
      times(x + r * 3 * a.w + h * a.d, 3L * a.w, n, a.d, keys, a.rows, mask, scores, a.line, 0);
      for (int i = 0; i < n; i++) {
        float most = largest(scores + i * a.line, a.rows);
        inverse[i] = 1.f / exponentials(scores + i * a.line, a.rows, most);
        if (moments) moments[(r + i) * 2] = most, moments[(r + i) * 2 + 1] = inverse[i];
      }
      times(scores, a.line, n, a.rows, values, a.d, 0, y, a.w, 0);
      for (int i = 0; i < n; i++, y += a.w)
        for (int j = 0; j < a.d; j += VECTOR) store(y + j, load(y + j) * fill(inverse[i]), a.d - j);
    }
  }
}

// The shares of the keys of one line of scores, again; then, from their gradients, those of the scores.
static void shares_again(float *s, int n, const float *moments) {
  exponentials(s, n, moments[0]);
  for (int j = 0; j < n; j += VECTOR) *(vf *)(s + j) = load(s + j) * fill(moments[1]);
}
static void scores_gradient(const float *shares, float *d, int n, float level) {
  for (int j = 0; j < n; j += VECTOR) {
    vf v = load(shares + j) * (load(d + j) - fill(level));
    *(vf *)(d + j) = n - j < VECTOR ? load_part((const float *)&v, n - j) : v;
  }
}
static float product_sum(const float *x, const float *y, int n) {
  float s = 0;
  for (int j = 0; j < n; j++) s += x[j] * y[j];
  return s;
}

static void attention_backward(Core *c, Op *o, int tid, int b) {
  if (!o->want[0] && !o->want[1]) return;
  Attention a = attention_of(o);
  long line = 3L * a.w;
  float scale = attention_scale(&a);
  const float *x = value(c, o->in, b), *y = value(c, o->out, b), *dy = gradient(c, o->out, b),
              *mask = o->f[ATT_MASK] == NONE ? 0 : value(c, o->f[ATT_MASK], b);
  float *scores = o->own[ATT_SCORES] + (long)tid * BLOCK_ROWS * a.line, *dx = o->want[0] ? gradient(c, o->in, b) : 0,
        *dmask = o->want[1] ? gradient(c, o->f[ATT_MASK], b) : 0, *keys = attention_keys(c, o, &a, tid, 0),
        *back = o->own[ATT_BACK] + (long)tid * (2 * a.values + a.keys + BLOCK_ROWS * a.line), *turned = back + 2 * a.values,
        *d = turned + a.keys;
  if (dx && !o->accumulate[0]) __builtin_memset(dx, 0, sizeof(float) * (size_t)(a.rows * line));
  if (dmask && !o->accumulate[1]) __builtin_memset(dmask, 0, sizeof(float) * (size_t)a.rows);
  for (int h = 0; h < a.heads; h++) {
    const float *q = x + h * a.d, *k = q + a.w, *v = k + a.w, *moments = o->own[ATT_MOMENTS] + ((long)b * a.heads + h) * a.rows * 2;
    pack_columns(k, line, a.d, 0, a.rows, scale, keys);
    pack_columns(v, line, a.d, 0, a.rows, 1, turned);
    pack_rows(k, line, a.d, a.rows, 0, a.rows, back);
    for (long r = 0; r < a.rows; r += BLOCK_ROWS) {
      int n = a.rows - r < BLOCK_ROWS ? (int)(a.rows - r) : BLOCK_ROWS;
      const float *dr = dy + r * a.w + h * a.d;
      times(q + r * line, line, n, a.d, keys, a.rows, mask, scores, a.line, 0);
      times(dr, a.w, n, a.d, turned, a.rows, 0, d, a.line, 0);
      for (int i = 0; i < n; i++) {
        float *s = scores + i * a.line, *e = d + i * a.line;
        shares_again(s, a.rows, moments + (r + i) * 2);
        scores_gradient(s, e, a.rows, product_sum(dr + (long)i * a.w, y + (r + i) * a.w + h * a.d, a.d));
        for (int j = 0; dmask && j < a.rows; j++) dmask[j] += e[j];
        for (int j = 0; j < a.rows; j += VECTOR) *(vf *)(e + j) = load(e + j) * fill(scale);
      }
      if (!dx) continue;
      times(d, a.line, n, a.rows, back, a.d, 0, dx + r * line + h * a.d, line, 1);
      Outer g = {.nz = 1, .ny = 1, .nx = n, .m = a.rows, .n = a.d, .a = d, .ax = a.line, .b = q + r * line, .bx = line,
                 .c = dx + a.w + h * a.d, .row = line};
      outer(&g, 0, outer_tiles(a.rows, a.d));
      g.a = scores, g.b = dr, g.bx = a.w, g.c = dx + 2 * a.w + h * a.d;
      outer(&g, 0, outer_tiles(a.rows, a.d));
    }
  }
}
#endif
