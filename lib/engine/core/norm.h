// Batch normalisation, in one pass with the ReLU, max-pooling and dropout that follow it, and layer normalisation.
#ifndef SER_NORM_H
#define SER_NORM_H
#include "network.h"

enum { BN_ROWS, BN_C, BN_GAMMA, BN_BETA, BN_MEAN, BN_VARIANCE, BN_EPSILON, BN_MOMENTUM };
// Of each clip: mean and squared deviation per channel; sums of the gradient. Of each thread: SCALE .. SLOPE rows.
enum { BN_MOMENTS, BN_SUMS, BN_THREAD };
enum { SCALE, SHIFT, CENTRE, INVERSE, LEVEL, SLOPE, BN_LINES };
enum { DEAD = 128 };  // a mark: the ReLU or the dropout closed this unit; below, which of the window won

static void bn_setup(Core *c, Op *o) {
  double n = o->f[BN_C], cells = (double)o->oh * o->ow;
  o->own[BN_MOMENTS] = floats(c, c->max_batch * 2 * n);
  o->own[BN_SUMS] = floats(c, c->max_batch * 2 * n);
  o->own[BN_THREAD] = floats(c, c->team.size * BN_LINES * n);
  o->marks = take(c, c->max_batch * cells * n, 1);
}

static float *bn_line(Op *o, int tid, int line) { return o->own[BN_THREAD] + ((long)tid * BN_LINES + line) * o->f[BN_C]; }

// Mean and sum of squared deviations of `wide` vectors of columns, chunk by chunk, so that memory is read once.
INLINE void bn_moments(int wide, const float *z, int n, int rows, float *mean, float *square, int left) {
  enum { CHUNK = 32 };
  vf m[WIDE], q[WIDE];
  UNROLL for (int v = 0; v < wide; v++) m[v] = q[v] = fill(0);
  for (int row = 0; row < rows; row += CHUNK, z += (long)CHUNK * n) {
    int k = least(CHUNK, rows - row);
    float part = (float)k / (float)(row + k), both = (float)row * part;
    vf s[WIDE], e[WIDE];
    UNROLL for (int v = 0; v < wide; v++) s[v] = e[v] = fill(0);
    for (int i = 0; i < k; i++)
      UNROLL for (int v = 0; v < wide; v++) s[v] += load(z + (long)i * n + v * VECTOR);
    UNROLL for (int v = 0; v < wide; v++) s[v] *= fill(1.f / (float)k);
    for (int i = 0; i < k; i++)
      UNROLL for (int v = 0; v < wide; v++) {
        vf d = load(z + (long)i * n + v * VECTOR) - s[v];
        e[v] += d * d;
      }
    UNROLL for (int v = 0; v < wide; v++) {  // Chan et al. 1979
      vf d = s[v] - m[v];
      m[v] += d * fill(part);
      q[v] += e[v] + d * d * fill(both);
    }
  }
  UNROLL for (int v = 0; v < wide; v++) store(mean + v * VECTOR, m[v], left - v * VECTOR), store(square + v * VECTOR, q[v], left - v * VECTOR);
}
static void bn_statistics(Core *c, Op *o, int tid, int b) {
  (void)tid;
  if (!c->training) return;
  int n = o->f[BN_C], rows = o->f[BN_ROWS], j = 0;
  const float *z = value(c, o->in, b);
  float *mean = o->own[BN_MOMENTS] + (long)b * 2 * n, *square = mean + n;
  for (; j + WIDE * VECTOR <= n; j += WIDE * VECTOR) bn_moments(WIDE, z + j, n, rows, mean + j, square + j, n - j);
  for (; j < n; j += VECTOR) bn_moments(1, z + j, n, rows, mean + j, square + j, n - j);
}

// The clips' moments put together (Chan et al. 1979), by every thread for itself; the first keeps the running ones.
static void bn_combine(Core *c, Op *o, int tid) {
  int n = o->f[BN_C], rows = o->f[BN_ROWS];
  const float *gamma = weight(c, o->f[BN_GAMMA]), *beta = weight(c, o->f[BN_BETA]);
  float *running = c->p + o->f[BN_MEAN], *spread = c->p + o->f[BN_VARIANCE];
  float epsilon = bits(o->f[BN_EPSILON]), momentum = bits(o->f[BN_MOMENTUM]);
  for (int j = 0; j < n; j++) {
    double mean, variance;
    if (!c->training) mean = running[j], variance = spread[j];
    else {
      double s = 0, q = 0;
      for (int b = 0; b < c->count; b++) s += o->own[BN_MOMENTS][(long)b * 2 * n + j];
      mean = s / c->count;
      for (int b = 0; b < c->count; b++) {
        const float *moments = o->own[BN_MOMENTS] + (long)b * 2 * n;
        double d = moments[j] - mean;
        q += moments[n + j] + rows * d * d;
      }
      variance = q / ((double)c->count * rows);
    }
    float inverse = 1.f / __builtin_sqrtf((float)variance + epsilon), scale = gamma ? inverse * gamma[j] : inverse;
    bn_line(o, tid, SCALE)[j] = scale;
    bn_line(o, tid, SHIFT)[j] = (beta ? beta[j] : 0) - (float)mean * scale;
    bn_line(o, tid, CENTRE)[j] = (float)mean;
    bn_line(o, tid, INVERSE)[j] = inverse;
    if (!c->training || !c->update || tid) continue;
    running[j] = running[j] * momentum + (float)mean * (1 - momentum);
    spread[j] = spread[j] * momentum + (float)variance * (1 - momentum);
  }
}

static void bn_apply(Core *c, Op *o, int tid, int b) {
  int n = o->f[BN_C], w = o->w, ph = o->ph, pw = o->pw, oh = o->oh, ow = o->ow;
  const float *scale = bn_line(o, tid, SCALE), *shift = bn_line(o, tid, SHIFT);
  const float *z = value(c, o->in, b);
  float *out = value(c, o->to, b);
  int drop = c->training && o->rate > 0;
  uint32_t key = dropout_key(c, o->salt);
  int32_t threshold = dropout_threshold(o->rate);
  vf kept_scale = fill(1 / (1 - o->rate));
  long cells = (long)oh * ow * n;
  uint8_t *marks = o->marks + b * cells;
  for (int y = 0; y < oh; y++)
    for (int x = 0; x < ow; x++) {
      const float *at = z + ((long)y * ph * w + (long)x * pw) * n;
      long cell = ((long)y * ow + x) * n;
      for (int j = 0; j < n; j += VECTOR) {
        vf s = load(scale + j), e = load(shift + j), most = load(at + j) * s + e;
        vi mark = {0};
        for (int i = 0, k = 0; i < ph; i++)
          for (int l = 0; l < pw; l++, k++) {
            if (k == 0) continue;
            vf v = load(at + ((long)i * w + l) * n + j) * s + e;
            vi more = ~(v <= most);  // a NaN goes on to the loss
            most = choose(more, v, most);
            mark = (mark & ~more) | (more & k);
          }
        vi open = ~(vi){0};
        if (o->relu) open = ~(most <= fill(0));
        if (drop) {
          open &= kept((uint32_t)(b * cells + cell + j), key, threshold);
          most *= kept_scale;
        }
        most = (vf)((vi)most & open);
        mark |= ~open & DEAD;
        store(out + cell + j, most, n - j);
        if (n - j >= VECTOR) *(vb *)(marks + cell + j) = __builtin_convertvector(mark, vb);
        else
          for (int i = 0; i < n - j; i++) marks[cell + j + i] = (uint8_t)mark[i];
      }
    }
}

// Sums of the gradient at the normalised values, and of it times them; only the windows' winners count. `wide` vectors of
// columns, from j on.
INLINE void bn_window_sums(int wide, Core *c, Op *o, int tid, int b, int j) {
  int n = o->f[BN_C], w = o->w, ph = o->ph, pw = o->pw, oh = o->oh, ow = o->ow;
  const float *centre = bn_line(o, tid, CENTRE) + j, *inverse = bn_line(o, tid, INVERSE) + j, *z = value(c, o->in, b) + j;
  float *d = gradient(c, o->to, b) + j, *level = o->own[BN_SUMS] + (long)b * 2 * n + j, *slope = level + n;
  vf kept_scale = fill(o->rate > 0 ? 1 / (1 - o->rate) : 1), s[WIDE], q[WIDE];
  const uint8_t *marks = o->marks + (long)b * oh * ow * n + j;
  UNROLL for (int v = 0; v < wide; v++) s[v] = q[v] = fill(0);
  for (int y = 0; y < oh; y++)
    for (int x = 0; x < ow; x++, d += n, marks += n) {
      const float *at = z + ((long)y * ph * w + (long)x * pw) * n;
      vf e[WIDE], won[WIDE];
      vi mark[WIDE];
      UNROLL for (int v = 0; v < wide; v++) {
        mark[v] = __builtin_convertvector(*(const vb *)(marks + v * VECTOR), vi);
        e[v] = (vf)((vi)(load(d + v * VECTOR) * kept_scale) & (mark[v] < DEAD));
        store(d + v * VECTOR, e[v], n - j - v * VECTOR);
        won[v] = load(at + v * VECTOR);
      }
      for (int i = 0, k = 0; i < ph; i++)
        for (int l = 0; l < pw; l++, k++)
          if (k)
            UNROLL for (int v = 0; v < wide; v++)
              won[v] = choose(mark[v] == k, load(at + ((long)i * w + l) * n + v * VECTOR), won[v]);
      UNROLL for (int v = 0; v < wide; v++) s[v] += e[v], q[v] += e[v] * (won[v] - load(centre + v * VECTOR));
    }
  UNROLL for (int v = 0; v < wide; v++) {
    store(level + v * VECTOR, s[v], n - j - v * VECTOR);
    store(slope + v * VECTOR, q[v] * load(inverse + v * VECTOR), n - j - v * VECTOR);
  }
}
static void bn_sums(Core *c, Op *o, int tid, int b) {
  int n = o->f[BN_C], j = 0;
  for (; j + WIDE * VECTOR <= n; j += WIDE * VECTOR) bn_window_sums(WIDE, c, o, tid, b, j);
  for (; j < n; j += VECTOR) bn_window_sums(1, c, o, tid, b, j);
}

static void bn_combine_sums(Core *c, Op *o, int tid) {
  int n = o->f[BN_C];
  float total = (float)c->count * (float)o->f[BN_ROWS];
  for (int j = 0; j < n; j++) {
    double s = 0, q = 0;
    for (int b = 0; b < c->count; b++) {
      const float *sums = o->own[BN_SUMS] + (long)b * 2 * n;
      s += sums[j], q += sums[n + j];
    }
    bn_line(o, tid, LEVEL)[j] = (float)s / total;
    bn_line(o, tid, SLOPE)[j] = (float)q / total * bn_line(o, tid, INVERSE)[j];
    if (tid) continue;
    if (o->f[BN_BETA] >= 0) c->g[o->f[BN_BETA] + j] += (float)s;
    if (o->f[BN_GAMMA] >= 0) c->g[o->f[BN_GAMMA] + j] += (float)q;
  }
}

// dz = scale * (d - mean(d) - (z - mean) * inverse * mean(d * normalised))
static void bn_backward(Core *c, Op *o, int tid, int b) {
  if (!o->want[0]) return;
  int n = o->f[BN_C], h = o->h, w = o->w, ph = o->ph, pw = o->pw, oh = o->oh, ow = o->ow, acc = o->accumulate[0];
  const float *scale = bn_line(o, tid, SCALE), *centre = bn_line(o, tid, CENTRE), *level = bn_line(o, tid, LEVEL),
              *slope = bn_line(o, tid, SLOPE), *z = value(c, o->in, b), *d = gradient(c, o->to, b);
  float *dz = gradient(c, o->in, b);
  const uint8_t *marks = o->marks + (long)b * oh * ow * n;
  for (int y = 0; y < h; y++)
    for (int x = 0, px = 0, l = 0; x < w; x++) {
      int py = y / ph, inside = py < oh && px < ow, mine = y % ph * pw + l;
      long at = ((long)y * w + x) * n, cell = ((long)py * ow + px) * n;
      for (int j = 0; j < n; j += VECTOR) {
        vf v = fill(0);
        if (inside) {
          vi mark = __builtin_convertvector(*(const vb *)(marks + cell + j), vi);
          v = (vf)((vi)load(d + cell + j) & (mark == mine));
        }
        v = load(scale + j) * (v - load(level + j) - (load(z + at + j) - load(centre + j)) * load(slope + j));
        vput(dz + at + j, v, n - j, acc);
      }
      if (++l == pw) l = 0, px++;
    }
}

// Layer normalisation: every row by its own mean and variance.
enum { LN_ROWS, LN_C, LN_GAMMA, LN_BETA, LN_EPSILON };

static void ln_setup(Core *c, Op *o) {
  if (c->solitary) return;
  o->own[0] = floats(c, (double)c->max_batch * o->f[LN_ROWS] * 2);
  o->own[1] = floats(c, (double)c->max_batch * o->f[LN_C]);
  o->own[2] = floats(c, (double)c->max_batch * o->f[LN_C]);
}

// Sums over a row run lane by lane, then over the lanes.
static float row_sum(const float *x, int n) {
  vf s = fill(0);
  for (int j = 0; j < n; j += VECTOR) s += load_part(x + j, n - j);
  return sum(s);
}
static float row_deviation(const float *x, int n, float mean) {
  vf s = fill(0);
  int j = 0;
  for (; j + VECTOR <= n; j += VECTOR) {
    vf d = load(x + j) - fill(mean);
    s += d * d;
  }
  float total = sum(s);
  for (; j < n; j++) total += (x[j] - mean) * (x[j] - mean);
  return total;
}

static void ln_rows(Core *c, Op *o, int tid, int b, long first, long last) {
  (void)tid;
  int n = o->f[LN_C];
  const float *x = value(c, o->in, b) + first * n, *gamma = weight(c, o->f[LN_GAMMA]), *beta = weight(c, o->f[LN_BETA]);
  float *out = value(c, o->out, b) + first * n, *moments = c->solitary ? 0 : o->own[0] + ((long)b * o->f[LN_ROWS] + first) * 2;
  for (long i = first; i < last; i++, x += n, out += n) {
    float mean = row_sum(x, n) / (float)n, inverse = 1.f / __builtin_sqrtf(row_deviation(x, n, mean) / (float)n + bits(o->f[LN_EPSILON]));
    for (int j = 0; j < n; j += VECTOR) {
      vf v = (load(x + j) - fill(mean)) * fill(inverse);
      if (gamma) v *= load(gamma + j);
      if (beta) v += load(beta + j);
      store(out + j, v, n - j);
    }
    if (moments) moments[0] = mean, moments[1] = inverse, moments += 2;
  }
}

// dx = inverse * (v - mean(v) - normal * mean(v * normal)), v the gradient times gamma
static void ln_backward(Core *c, Op *o, int tid, int b) {
  (void)tid;
  int n = o->f[LN_C], rows = o->f[LN_ROWS];
  const float *x = value(c, o->in, b), *d = gradient(c, o->out, b), *gamma = weight(c, o->f[LN_GAMMA]);
  const float *moments = o->own[0] + (long)b * rows * 2;
  float *dx = o->want[0] ? gradient(c, o->in, b) : 0, *dgamma = o->own[1] + (long)b * n, *dbeta = o->own[2] + (long)b * n;
  for (int j = 0; j < n; j++) dgamma[j] = dbeta[j] = 0;
  for (int i = 0; i < rows; i++, x += n, d += n, moments += 2) {
    vf mean = fill(moments[0]), inverse = fill(moments[1]), s = fill(0), q = fill(0);
    for (int j = 0; j < n; j += VECTOR) {
      vf e = load_part(d + j, n - j), normal = (load_part(x + j, n - j) - mean) * inverse, v = e;
      if (gamma) v *= load_part(gamma + j, n - j);
      s += v, q += v * normal;
      store(dgamma + j, load(dgamma + j) + e * normal, n - j);
      store(dbeta + j, load(dbeta + j) + e, n - j);
    }
    if (!dx) continue;
    vf level = fill(sum(s) / (float)n), slope = fill(sum(q) / (float)n);
    for (int j = 0; j < n; j += VECTOR) {
      vf normal = (load(x + j) - mean) * inverse, v = load(d + j);
      if (gamma) v *= load(gamma + j);
      vput(dx + j, inverse * (v - (level + normal * slope)), n - j, o->accumulate[0]);
    }
    dx += n;
  }
}
static void ln_weights(Core *c, Op *o, int tid) {
  reduce_clips(c, tid, o->own[1], o->f[LN_C], o->f[LN_GAMMA]);
  reduce_clips(c, tid, o->own[2], o->f[LN_C], o->f[LN_BETA]);
}
#endif
