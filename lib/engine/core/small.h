// Layers without matrix products: activations, pooling, dropout, and what puts buffers together.
#ifndef SER_SMALL_H
#define SER_SMALL_H
#include "network.h"

#define CLIP_LAYER(name) static void name(Core *c, Op *o, int tid, int b)
#define ROW_LAYER(name) static void name(Core *c, Op *o, int tid, int b, long first, long last)

enum { ACT_ROWS, ACT_C, ACT_KIND, ACT_ALPHA };

static void softmax_row(const float *x, float *out, int n) {
  float most = x[0], total = 0;
  for (int j = 1; j < n; j++) most = x[j] <= most ? most : x[j];  // a NaN goes on
  for (int j = 0; j < n; j += VECTOR) store(out + j, vexp(load(x + j) - fill(most)), n - j);
  for (int j = 0; j < n; j++) total += out[j];
  for (int j = 0; j < n; j++) out[j] /= total;
}

INLINE vf activate(vf x, int kind, vf alpha) {
  vf zero = fill(0);
  switch (kind) {
    case ACT_RELU: return choose(x <= zero, zero, x);
    case ACT_RELU6: return choose(x <= zero, zero, choose(x > fill(6.f), fill(6.f), x));
    case ACT_LEAKY_RELU: return choose(x < zero, alpha * x, x);
    case ACT_ELU: return choose(x < zero, alpha * (vexp(x) - fill(1.f)), x);
    case ACT_TANH: return vtanh(x);
    case ACT_SIGMOID: return vsigmoid(x);
    case ACT_HARD_SIGMOID: return vhard_sigmoid(x);
    case ACT_GELU: return vgelu(x);
    default: return x;
  }
}
// The derivative, from the input x and the output y.
INLINE vf activation_slope(vf x, vf y, int kind, vf alpha) {
  vf zero = fill(0), one = fill(1.f);
  switch (kind) {
    case ACT_RELU: return choose(x <= zero, zero, one);
    case ACT_RELU6: return choose((x > zero) & (x < fill(6.f)), one, zero);
    case ACT_LEAKY_RELU: return choose(x < zero, alpha, one);
    case ACT_ELU: return choose(x < zero, y + alpha, one);
    case ACT_TANH: return one - y * y;
    case ACT_SIGMOID: return y * (one - y);
    case ACT_HARD_SIGMOID: return choose((y > zero) & (y < one), fill(0.2f), zero);
    case ACT_GELU: return vgelu_slope(x);
    default: return one;
  }
}

ROW_LAYER(activation_forward) {
  (void)tid;
  int n = o->f[ACT_C], kind = o->f[ACT_KIND];
  const float *x = value(c, o->in, b) + first * n;
  float *out = value(c, o->out, b) + first * n;
  if (kind == ACT_SOFTMAX) {
    for (long i = 0; i < last - first; i++) softmax_row(x + i * n, out + i * n, n);
    return;
  }
  vf alpha = fill(bits(o->f[ACT_ALPHA]));
  long total = (last - first) * n;
  for (long j = 0; j < total; j += VECTOR) store(out + j, activate(load(x + j), kind, alpha), total - j);
}
CLIP_LAYER(activation_backward) {
  (void)tid;
  int rows = o->f[ACT_ROWS], n = o->f[ACT_C], kind = o->f[ACT_KIND], acc = o->accumulate[0];
  const float *x = value(c, o->in, b), *y = value(c, o->out, b), *d = gradient(c, o->out, b);
  float *dx = gradient(c, o->in, b);
  if (!o->want[0]) return;
  if (kind == ACT_SOFTMAX) {
    for (int i = 0; i < rows; i++, y += n, d += n, dx += n) {
      float s = 0;
      for (int j = 0; j < n; j++) s += d[j] * y[j];
      for (int j = 0; j < n; j++) put(dx + j, y[j] * (d[j] - s), acc);
    }
    return;
  }
  vf alpha = fill(bits(o->f[ACT_ALPHA]));
  long total = (long)rows * n;
  for (long j = 0; j < total; j += VECTOR)
    vput(dx + j, load(d + j) * activation_slope(load(x + j), load(y + j), kind, alpha), total - j, acc);
}

enum { POOL_H, POOL_W, POOL_C, POOL_PH, POOL_PW, POOL_SH, POOL_SW, POOL_TOP, POOL_LEFT, POOL_OH, POOL_OW };

typedef struct { int y0, y1, x0, x1; } Window;
static Window window(const int32_t *f, int y, int x) {
  int y0 = y * f[POOL_SH] - f[POOL_TOP], x0 = x * f[POOL_SW] - f[POOL_LEFT], y1 = y0 + f[POOL_PH], x1 = x0 + f[POOL_PW];
  return (Window){y0 < 0 ? 0 : y0, y1 > f[POOL_H] ? f[POOL_H] : y1, x0 < 0 ? 0 : x0, x1 > f[POOL_W] ? f[POOL_W] : x1};
}

CLIP_LAYER(pool_forward) {
  (void)tid;
  const int32_t *f = o->f;
  int n = f[POOL_C], w = f[POOL_W], mean = o->code == OP_AVGPOOL;
  const float *x = value(c, o->in, b);
  float *out = value(c, o->out, b);
  for (int y = 0; y < f[POOL_OH]; y++)
    for (int v = 0; v < f[POOL_OW]; v++, out += n) {
      Window k = window(f, y, v);
      float part = 1.f / (float)((k.y1 - k.y0) * (k.x1 - k.x0));
      for (int j = 0; j < n; j += VECTOR) {
        vf s = mean ? fill(0) : fill(-__builtin_inff());
        for (int i = k.y0; i < k.y1; i++)
          for (int l = k.x0; l < k.x1; l++) {
            vf e = load(x + ((long)i * w + l) * n + j);
            s = either(mean, s + e, choose(e <= s, s, e));
          }
        store(out + j, either(mean, s * fill(part), s), n - j);
      }
    }
}
CLIP_LAYER(pool_backward) {
  (void)tid;
  const int32_t *f = o->f;
  int n = f[POOL_C], w = f[POOL_W], mean = o->code == OP_AVGPOOL;
  const float *x = value(c, o->in, b), *out = value(c, o->out, b), *d = gradient(c, o->out, b);
  float *dx = gradient(c, o->in, b);
  if (!o->want[0]) return;
  if (!o->accumulate[0]) __builtin_memset(dx, 0, sizeof(float) * (size_t)f[POOL_H] * (size_t)w * (size_t)n);
  for (int y = 0; y < f[POOL_OH]; y++)
    for (int v = 0; v < f[POOL_OW]; v++, out += n, d += n) {
      Window k = window(f, y, v);
      float part = 1.f / (float)((k.y1 - k.y0) * (k.x1 - k.x0));
      for (int j = 0; j < n; j += VECTOR) {
        vi open = ~(vi){0};  // the first of equal maxima gets the gradient
        for (int i = k.y0; i < k.y1; i++)
          for (int l = k.x0; l < k.x1; l++) {
            long at = ((long)i * w + l) * n + j;
            vf g = load(d + j) * fill(part);
            if (!mean) {
              vi won = open & (load(x + at) == load(out + j));
              open &= ~won;
              g = (vf)((vi)load(d + j) & won);
            }
            vput(dx + at, g, n - j, 1);
          }
      }
    }
}

enum { GLOBAL_ROWS, GLOBAL_C, GLOBAL_KIND };
CLIP_LAYER(global_forward) {
  (void)tid;
  int rows = o->f[GLOBAL_ROWS], n = o->f[GLOBAL_C], most = o->f[GLOBAL_KIND];
  const float *x = value(c, o->in, b);
  float *out = value(c, o->out, b);
  for (int j = 0; j < n; j += VECTOR) {
    vf s = load(x + j);
    for (int i = 1; i < rows; i++) {
      vf e = load(x + (long)i * n + j);
      s = either(most, choose(e <= s, s, e), s + e);
    }
    store(out + j, either(most, s, s * fill(1.f / (float)rows)), n - j);
  }
}
CLIP_LAYER(global_backward) {
  (void)tid;
  int rows = o->f[GLOBAL_ROWS], n = o->f[GLOBAL_C], most = o->f[GLOBAL_KIND];
  const float *x = value(c, o->in, b), *out = value(c, o->out, b), *d = gradient(c, o->out, b);
  float *dx = gradient(c, o->in, b);
  if (!o->want[0]) return;
  for (int j = 0; j < n; j += VECTOR) {
    vi open = ~(vi){0};
    vf g = load(d + j) * fill(1.f / (float)rows);
    for (int i = 0; i < rows; i++) {
      long at = (long)i * n + j;
      vi won = open & (load(x + at) == load(out + j));
      open &= ~won;
      vput(dx + at, either(most, (vf)((vi)load(d + j) & won), g), n - j, o->accumulate[0]);
    }
  }
}

enum { DROP_ROWS, DROP_C, DROP_RATE, DROP_SALT, DROP_SPATIAL };
enum { DROP_CLIPS = 2 };
static void dropout(Core *c, Op *o, int b, const float *from, float *to, int accumulate) {
  int rows = o->f[DROP_ROWS], n = o->f[DROP_C], spatial = o->f[DROP_SPATIAL];
  float rate = bits(o->f[DROP_RATE]);
  uint32_t key = dropout_key(c, (uint32_t)o->f[DROP_SALT]);
  vf scale = fill(1 / (1 - rate));
  if (spatial == DROP_CLIPS) {
    int whole = !c->training || kept((uint32_t)b, key, dropout_threshold(rate))[0];
    if (!c->training) scale = fill(1.f);
    for (long j = 0; j < (long)rows * n; j += VECTOR)
      vput(to + j, either(whole, load(from + j) * scale, fill(0)), (long)rows * n - j, accumulate);
    return;
  }
  if (!spatial) n *= rows, rows = 1;
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < n; j += VECTOR) {
      long at = (long)i * n + j;
      vf v = load(from + at);
      if (c->training && rate > 0)
        v = (vf)((vi)(v * scale) & kept((uint32_t)b * (uint32_t)n + (uint32_t)j, key, dropout_threshold(rate)));
      vput(to + at, v, n - j, accumulate);
    }
}
CLIP_LAYER(dropout_forward) { (void)tid, dropout(c, o, b, value(c, o->in, b), value(c, o->out, b), 0); }
CLIP_LAYER(dropout_backward) {
  (void)tid;
  if (o->want[0]) dropout(c, o, b, gradient(c, o->out, b), gradient(c, o->in, b), o->accumulate[0]);
}

enum { CONCAT_ROWS, CONCAT_N, CONCAT_LIST };
static void concat_setup(Core *c, Op *o) {
  if (!c->solitary) o->links = take(c, o->f[CONCAT_N], sizeof(int32_t));
}
static int concat_width(const Op *o) {
  int all = 0;
  for (int k = 0; k < o->f[CONCAT_N]; k++) all += o->f[CONCAT_LIST + 2 * k + 1];
  return all;
}
ROW_LAYER(concat_forward) {
  (void)tid;
  int all = concat_width(o);
  float *out = value(c, o->out, b);
  for (int k = 0; k < o->f[CONCAT_N]; k++) {
    int width = o->f[CONCAT_LIST + 2 * k + 1];
    const float *x = value(c, o->f[CONCAT_LIST + 2 * k], b);
    for (long i = first; i < last; i++) __builtin_memcpy(out + i * all, x + i * width, sizeof(float) * (size_t)width);
    out += width;
  }
}
CLIP_LAYER(concat_backward) {
  (void)tid;
  int all = concat_width(o), column = 0;
  for (int k = 0; k < o->f[CONCAT_N]; k++) {
    int buffer = o->f[CONCAT_LIST + 2 * k], width = o->f[CONCAT_LIST + 2 * k + 1], add = o->links[k] & 1;
    const float *d = gradient(c, o->out, b) + column;
    column += width;
    if (!(o->links[k] & 2)) continue;
    for (long i = 0; i < o->f[CONCAT_ROWS]; i++)
      for (int j = 0; j < width; j++) put(gradient(c, buffer, b) + i * width + j, d[i * all + j], add);
  }
}

enum { PAIR_IN2, PAIR_ROWS, PAIR_C, PAIR_C2 };
ROW_LAYER(add_forward) {
  (void)tid;
  long n = o->f[PAIR_C];
  const float *x = value(c, o->in, b), *y = value(c, o->f[PAIR_IN2], b);
  float *out = value(c, o->out, b);
  // In forward mode the result may lie in the place of an input.
  for (long j = first * n; j < last * n; j += VECTOR) store(out + j, load(x + j) + load(y + j), last * n - j);
}
CLIP_LAYER(add_backward) {
  (void)tid;
  long n = (long)o->f[PAIR_ROWS] * o->f[PAIR_C];
  const float *d = gradient(c, o->out, b);
  for (int k = 0; k < 2; k++) {
    if (!o->want[k]) continue;
    float *dx = gradient(c, k ? o->f[PAIR_IN2] : o->in, b);
    for (long j = 0; j < n; j++) put(dx + j, d[j], o->accumulate[k]);
  }
}
ROW_LAYER(multiply_forward) {
  (void)tid;
  int n = o->f[PAIR_C], wide = o->f[PAIR_C2] == n;
  const float *x = value(c, o->in, b), *y = value(c, o->f[PAIR_IN2], b);
  float *out = value(c, o->out, b);
  for (long i = first; i < last; i++)
    for (long j = 0; j < n; j++) out[i * n + j] = x[i * n + j] * y[wide ? i * n + j : i];
}
CLIP_LAYER(multiply_backward) {
  (void)tid;
  int rows = o->f[PAIR_ROWS], n = o->f[PAIR_C], wide = o->f[PAIR_C2] == n, other = o->f[PAIR_IN2];
  const float *x = value(c, o->in, b), *y = value(c, other, b), *d = gradient(c, o->out, b);
  if (o->want[0])
    for (long i = 0; i < rows; i++)
      for (long j = 0; j < n; j++) put(gradient(c, o->in, b) + i * n + j, d[i * n + j] * y[wide ? i * n + j : i], o->accumulate[0]);
  if (!o->want[1]) return;
  for (long i = 0; i < rows; i++) {
    float s = 0;
    for (long j = 0; j < n; j++) {
      if (wide) put(gradient(c, other, b) + i * n + j, d[i * n + j] * x[i * n + j], o->accumulate[1]);
      s += d[i * n + j] * x[i * n + j];
    }
    if (!wide) put(gradient(c, other, b) + i, s, o->accumulate[1]);
  }
}

// A table's rows are added to the clip's.
enum { POS_ROWS, POS_C, POS_TABLE, POS_POSITIONS };
ROW_LAYER(positions_forward) {
  (void)tid;
  long n = o->f[POS_C];
  const float *x = value(c, o->in, b), *table = c->p + o->f[POS_TABLE];
  float *out = value(c, o->out, b);
  for (long j = first * n; j < last * n; j += VECTOR) store(out + j, load(x + j) + load(table + j), last * n - j);
}
CLIP_LAYER(positions_backward) {
  (void)tid;
  if (!o->want[0]) return;
  long n = (long)o->f[POS_ROWS] * o->f[POS_C];
  const float *d = gradient(c, o->out, b);
  float *dx = gradient(c, o->in, b);
  for (long j = 0; j < n; j++) put(dx + j, d[j], o->accumulate[0]);
}
static void positions_weights(Core *c, Op *o, int tid) {
  long first, last;
  share(c, tid, (long)o->f[POS_ROWS] * o->f[POS_C], &first, &last);
  float *g = c->g + o->f[POS_TABLE];
  for (int b = 0; b < c->count; b++) {
    const float *d = gradient(c, o->out, b);
    for (long j = first; j < last; j++) g[j] += d[j];
  }
}

enum { DOT_IN2, DOT_K, DOT_M, DOT_N };
CLIP_LAYER(dot_forward) {
  (void)tid;
  int k = o->f[DOT_K], m = o->f[DOT_M], n = o->f[DOT_N];
  const float *x = value(c, o->in, b), *y = value(c, o->f[DOT_IN2], b);
  float *out = value(c, o->out, b);
  for (long j = 0; j < (long)m * n; j++) out[j] = 0;
  for (long i = 0; i < k; i++)
    for (long p = 0; p < m; p++)
      for (long q = 0; q < n; q++) out[p * n + q] += x[i * m + p] * y[i * n + q];
}
CLIP_LAYER(dot_backward) {
  (void)tid;
  int k = o->f[DOT_K], m = o->f[DOT_M], n = o->f[DOT_N];
  const float *x = value(c, o->in, b), *y = value(c, o->f[DOT_IN2], b), *d = gradient(c, o->out, b);
  float *dx = gradient(c, o->in, b), *dy = gradient(c, o->f[DOT_IN2], b);
  for (long i = 0; i < k; i++) {
    for (long p = 0; o->want[0] && p < m; p++) {
      float s = 0;
      for (long q = 0; q < n; q++) s += d[p * n + q] * y[i * n + q];
      put(dx + i * m + p, s, o->accumulate[0]);
    }
    for (long q = 0; o->want[1] && q < n; q++) {
      float s = 0;
      for (long p = 0; p < m; p++) s += d[p * n + q] * x[i * m + p];
      put(dy + i * n + q, s, o->accumulate[1]);
    }
  }
}

enum { REVERSE_ROWS, REVERSE_C };
static void reverse_rows(const Op *o, const float *from, float *to, int accumulate) {
  int rows = o->f[REVERSE_ROWS], n = o->f[REVERSE_C];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < n; j++) put(to + (long)(rows - 1 - i) * n + j, from[(long)i * n + j], accumulate);
}
CLIP_LAYER(reverse_forward) { (void)tid, reverse_rows(o, value(c, o->in, b), value(c, o->out, b), 0); }
CLIP_LAYER(reverse_backward) {
  (void)tid;
  if (o->want[0]) reverse_rows(o, gradient(c, o->out, b), gradient(c, o->in, b), o->accumulate[0]);
}

enum { FRAMES_ROWS, FRAMES_C, FRAMES_PADDING, FRAMES_STRIDE, FRAMES_KIND };
CLIP_LAYER(frames_forward) {
  (void)tid;
  int stride = o->f[FRAMES_STRIDE], rows = o->f[FRAMES_ROWS] / stride, n = o->f[FRAMES_C], kind = o->f[FRAMES_KIND];
  float padding = bits(o->f[FRAMES_PADDING]), total = 0, *out = value(c, o->out, b);
  const float *x = value(c, o->in, b);
  for (int r = 0; r < rows; r++) {
    int real = 0;
    for (int i = 0; i < stride; i++, x += n) {
      int any = 0;
      for (int j = 0; j < n; j++) any |= x[j] != padding;
      real += any;
    }
    out[r] = (float)real, total += (float)real;
  }
  for (int r = 0; r < rows; r++) {
    if (kind == FRAMES_SHARE) out[r] = total > 0 ? out[r] / total : 0;
    if (kind == FRAMES_LOG) out[r] = out[r] > 0 ? slog(out[r] / (float)stride) : -1e9f;
  }
}

static void permute_walk(Core *c, Op *o, int b, int backward) {
  const int32_t *d = o->f, *p = o->f + 4;
  long stride[4] = {(long)d[1] * d[2] * d[3], (long)d[2] * d[3], d[3], 1}, at = 0;
  for (long i = 0; i < d[p[0]]; i++)
    for (long j = 0; j < d[p[1]]; j++)
      for (long k = 0; k < d[p[2]]; k++)
        for (long l = 0; l < d[p[3]]; l++, at++) {
          long from = i * stride[p[0]] + j * stride[p[1]] + k * stride[p[2]] + l * stride[p[3]];
          if (!backward) value(c, o->out, b)[at] = value(c, o->in, b)[from];
          else put(gradient(c, o->in, b) + from, gradient(c, o->out, b)[at], o->accumulate[0]);
        }
}
CLIP_LAYER(permute_forward) { (void)tid, permute_walk(c, o, b, 0); }
CLIP_LAYER(permute_backward) {
  (void)tid;
  if (o->want[0]) permute_walk(c, o, b, 1);
}
#endif
