// LSTM and GRU. The input products of all steps are one product; states lie by time, then clip, so that the rows of a
// step are neighbours. Row numbers are of the input: a backwards layer goes through them from the last.
#ifndef SER_RECURRENT_H
#define SER_RECURRENT_H
#include "small.h"

enum { RNN_T, RNN_CI, RNN_H, RNN_FLAGS, RNN_KERNEL, RNN_RECURRENT, RNN_BIAS, RNN_GATE, RNN_ACT, RNN_COLUMN, RNN_STRIDE,
       RNN_MASK };
enum { GATES, STATES, CELLS, CELL_ACT, D_STATE, D_CELL, RNN_BIASES, PRODUCTS };
enum { PACK_IN, PACK_STATE, PACK_STATE_T, PACK_IN_T, PACK_LAST, PACK_LAST_T };

// gates, states: floats from one row of those arrays to the next.
typedef struct { int t, ci, h, n, gate, act; long rows, gates, states; } Rnn;

// Rows a power of two apart would share a few lines of the cache.
INLINE long spaced(int n) { return n % 64 ? n : n + 16; }

static Rnn rnn_of(Core *c, const Op *o) {
  const int32_t *f = o->f;
  int h = f[RNN_H], n = (o->code == OP_LSTM ? 4 : 3) * h;
  return (Rnn){f[RNN_T], f[RNN_CI], h, n, f[RNN_GATE], f[RNN_ACT], c->count, spaced(n), spaced(h)};
}

// The input row that step s reads, and the output row it writes (-1: none).
static int rnn_row(const Op *o, int s) { return o->f[RNN_FLAGS] & RNN_BACKWARDS ? o->f[RNN_T] - 1 - s : s; }
static int rnn_output(const Op *o, int s) {
  int flags = o->f[RNN_FLAGS];
  if (!(flags & RNN_SEQUENCES)) return s == o->f[RNN_T] - 1 ? 0 : -1;
  return flags & RNN_IN_TIME ? rnn_row(o, s) : s;
}
static float *rnn_at(const Op *o, float *clip, int row) { return clip + (long)row * o->f[RNN_STRIDE] + o->f[RNN_COLUMN]; }

// Whether a clip's input row is padding: then the state is held.
INLINE int rnn_padding(Core *c, const Op *o, int b, int row) {
  return o->f[RNN_MASK] != NONE && value(c, o->f[RNN_MASK], b)[row] == 0;
}
static void rnn_hold(float *to, const float *from, int h) {
  for (int j = 0; j < h; j++) to[j] = from ? from[j] : 0;
}

// One row of an array that lies by time, then clip, its rows `line` floats apart.
INLINE float *by_time(Core *c, float *a, int row, int b, long line) { return a + ((long)row * c->count + b) * line; }

static void rnn_setup(Core *c, Op *o) {
  int t = o->f[RNN_T], ci = o->f[RNN_CI], h = o->f[RNN_H], lstm = o->code == OP_LSTM, n = (lstm ? 4 : 3) * h;
  int first = lstm ? n : 2 * h;  // the columns of the recurrent matrix that see the state as it is
  long r = o->f[RNN_RECURRENT];
  double steps = (double)t * c->max_batch;
  add_packed(c, o, o->f[RNN_KERNEL], n, 1, ci, n);
  add_packed(c, o, r, n, 1, h, first);
  add_packed(c, o, r, 1, n, first, h);
  if (o->want[0]) add_packed(c, o, o->f[RNN_KERNEL], 1, n, n, ci);
  if (!lstm) {  // the candidate's matrix, and it turned
    o->packs = PACK_LAST;
    o->own[PRODUCTS] = floats(c, steps * (double)spaced(h));
    add_packed(c, o, r + 2L * h, n, 1, h, h);
    add_packed(c, o, r + 2L * h, 1, n, h, h);
  }
  o->own[GATES] = floats(c, steps * (double)spaced(n));
  o->own[STATES] = floats(c, steps * (double)spaced(h));
  if (lstm) {
    o->own[CELLS] = floats(c, steps * (double)spaced(h));
    o->own[CELL_ACT] = floats(c, steps * (double)spaced(h));
    o->own[D_CELL] = floats(c, (double)c->max_batch * h);
  }
  o->own[D_STATE] = floats(c, (double)c->max_batch * h * 2);
  o->own[RNN_BIASES] = floats(c, (double)c->max_batch * n);
}

static void rnn_inputs(Core *c, Op *o, int b0, int b1) {
  Rnn r = rnn_of(c, o);
  product(&(Product){.ny = r.t, .nx = b1 - b0, .a = value(c, o->in, b0), .ay = r.ci, .ax = c->buffers[o->in].stride,
                     .taps = 1, .subtaps = 1, .k = r.ci, .b = o->packed[PACK_IN].data, .n = r.n,
                     .c = by_time(c, o->own[GATES], 0, b0, r.gates), .cy = r.rows * r.gates, .cx = r.gates,
                     .bias = weight(c, o->f[RNN_BIAS])});
}
static void rnn_input_gradient(Core *c, Op *o, int b0, int b1) {
  if (!o->want[0]) return;
  Rnn r = rnn_of(c, o);
  product(&(Product){.ny = r.t, .nx = b1 - b0, .a = by_time(c, o->own[GATES], 0, b0, r.gates), .ay = r.rows * r.gates, .ax = r.gates,
                     .taps = 1, .subtaps = 1, .k = r.n, .b = o->packed[PACK_IN_T].data, .n = r.ci,
                     .c = gradient(c, o->in, b0), .cy = r.ci, .cx = c->buffers[o->in].stride, .accumulate = o->accumulate[0]});
}

// C[n rows of clips][columns] (+)= A * packed.
static void rnn_step(int clips, const float *a, int k, long ax, const Packed *p, float *to, long cx, int accumulate) {
  product(&(Product){.ny = 1, .nx = clips, .a = a, .ax = ax, .taps = 1, .subtaps = 1, .k = k, .b = p->data, .n = p->n,
                     .c = to, .cx = cx, .accumulate = accumulate});
}

// Activations, the usual ones before a choice among all. Their slopes follow from their values alone.
INLINE vf bend(vf x, int kind, int usual) {
  if (kind != usual) return activate(x, kind, fill(1.f));
  return usual == ACT_TANH ? vtanh(x) : vsigmoid(x);
}
INLINE vf bend_slope(vf y, int kind, int usual) {
  if (kind != usual) return activation_slope(y, y, kind, fill(1.f));
  return usual == ACT_TANH ? fill(1.f) - y * y : y * (fill(1.f) - y);
}
INLINE vf gate(vf x, const Rnn *r) { return bend(x, r->gate, ACT_SIGMOID); }
INLINE vf gate_slope(vf y, const Rnn *r) { return bend_slope(y, r->gate, ACT_SIGMOID); }
INLINE vf act(vf x, const Rnn *r) { return bend(x, r->act, ACT_TANH); }
INLINE vf act_slope(vf y, const Rnn *r) { return bend_slope(y, r->act, ACT_TANH); }

// Loads at the right end of a row of gates may see the next gate: stores are cut to h.
static void lstm_forward(Core *c, Op *o, int tid, int b0, int b1) {
  (void)tid;
  Rnn r = rnn_of(c, o);
  int h = r.h;
  rnn_inputs(c, o, b0, b1);
  for (int s = 0; s < r.t; s++) {
    int t = rnn_row(o, s), before = s ? rnn_row(o, s - 1) : 0, row = rnn_output(o, s);
    float *z = by_time(c, o->own[GATES], t, b0, r.gates);
    if (s) rnn_step(b1 - b0, by_time(c, o->own[STATES], before, b0, r.states), h, r.states, &o->packed[PACK_STATE], z, r.gates, 1);
    for (int b = b0; b < b1; b++, z += r.gates) {
      float *cell = by_time(c, o->own[CELLS], t, b, r.states), *bent = by_time(c, o->own[CELL_ACT], t, b, r.states),
            *state = by_time(c, o->own[STATES], t, b, r.states), *out = row < 0 ? 0 : rnn_at(o, value(c, o->out, b), row);
      const float *last = by_time(c, o->own[CELLS], before, b, r.states);
      if (rnn_padding(c, o, b, t)) {
        rnn_hold(cell, s ? last : 0, h);
        rnn_hold(state, s ? by_time(c, o->own[STATES], before, b, r.states) : 0, h);
        if (out) rnn_hold(out, state, h);
        continue;
      }
      for (int j = 0; j < h; j += VECTOR) {
        vf i = gate(load(z + j), &r), f = gate(load(z + h + j), &r), g = act(load(z + 2 * h + j), &r),
           e = gate(load(z + 3 * h + j), &r), v = i * g;
        if (s) v += f * load(last + j);
        vf w = act(v, &r), y = e * w;
        store(z + j, i, h - j);
        store(z + h + j, f, h - j);
        store(z + 2 * h + j, g, h - j);
        store(z + 3 * h + j, e, h - j);
        store(cell + j, v, h - j);
        store(bent + j, w, h - j);
        store(state + j, y, h - j);
        if (out) store(out + j, y, h - j);
      }
    }
  }
}

static void lstm_backward(Core *c, Op *o, int tid, int b0, int b1) {
  (void)tid;
  Rnn r = rnn_of(c, o);
  int h = r.h;
  int masks = o->f[RNN_MASK] != NONE;
  float *bias = o->own[RNN_BIASES];
  __builtin_memset(bias + (long)b0 * r.n, 0, sizeof(float) * (size_t)(b1 - b0) * (size_t)r.n);
  for (int s = r.t - 1; s >= 0; s--) {
    int t = rnn_row(o, s), before = s ? rnn_row(o, s - 1) : 0, row = rnn_output(o, s), later = s < r.t - 1;
    for (int b = b0; b < b1; b++) {
      float *z = by_time(c, o->own[GATES], t, b, r.gates), *db = bias + (long)b * r.n, *dh = o->own[D_STATE] + (long)b * h,
            *dc = o->own[D_CELL] + (long)b * h;
      const float *bent = by_time(c, o->own[CELL_ACT], t, b, r.states), *last = by_time(c, o->own[CELLS], before, b, r.states),
                  *dy = row < 0 ? 0 : rnn_at(o, gradient(c, o->out, b), row);
      if (rnn_padding(c, o, b, t)) {  // dh goes on as it is, beside what the gates, here 0, give
        for (int j = 0; j < h; j++) dh[j] = (later ? dh[j] : 0) + (dy ? dy[j] : 0);
        if (!later) rnn_hold(dc, 0, h);
        rnn_hold(z, 0, r.n);
        continue;
      }
      for (int j = 0; j < h; j += VECTOR) {
        vf d = later ? load(dh + j) : fill(0);
        if (dy) d += load(dy + j);
        vf i = load(z + j), f = load(z + h + j), g = load(z + 2 * h + j), e = load(z + 3 * h + j), w = load(bent + j);
        vf v = d * e * act_slope(w, &r);
        if (later) v += load(dc + j);
        vf di = v * g * gate_slope(i, &r), df = either(s, v * load(last + j) * gate_slope(f, &r), fill(0)),
           dg = v * i * act_slope(g, &r), de = d * w * gate_slope(e, &r);
        long n = h - j;
        store(z + j, di, n), vput(db + j, di, n, 1);
        store(z + h + j, df, n), vput(db + h + j, df, n, 1);
        store(z + 2 * h + j, dg, n), vput(db + 2 * h + j, dg, n, 1);
        store(z + 3 * h + j, de, n), vput(db + 3 * h + j, de, n, 1);
        store(dc + j, v * f, n);
        if (masks) store(dh + j, fill(0), n);
      }
    }
    if (s) rnn_step(b1 - b0, by_time(c, o->own[GATES], t, b0, r.gates), r.n, r.gates, &o->packed[PACK_STATE_T],
                    o->own[D_STATE] + (long)b0 * h, h, masks);
  }
  rnn_input_gradient(c, o, b0, b1);
}

// Gradient of columns column.. of the recurrent matrix: states before each step times the gates' gradients.
static void rnn_recurrent(Core *c, Op *o, int tid, float *states, int column, int columns) {
  Rnn r = rnn_of(c, o);
  int backwards = o->f[RNN_FLAGS] & RNN_BACKWARDS;
  if (r.t < 2) return;
  outer_rows(c, tid, (Outer){.m = r.h, .n = columns, .a = by_time(c, states, backwards ? 1 : 0, 0, r.states), .az = r.rows * r.states,
                             .ax = r.states, .b = by_time(c, o->own[GATES], backwards ? 0 : 1, 0, r.gates) + column,
                             .bz = r.rows * r.gates, .bx = r.gates, .c = c->g + o->f[RNN_RECURRENT] + column, .row = r.n},
             r.t - 1, (int)r.rows);
}
static void rnn_kernel(Core *c, Op *o, int tid) {
  Rnn r = rnn_of(c, o);
  outer_rows(c, tid, (Outer){.m = r.ci, .n = r.n, .a = value(c, o->in, 0), .az = r.ci, .ax = c->buffers[o->in].stride,
                             .b = o->own[GATES], .bz = r.rows * r.gates, .bx = r.gates, .c = c->g + o->f[RNN_KERNEL], .row = r.n},
             r.t, (int)r.rows);
  reduce_clips(c, tid, o->own[RNN_BIASES], r.n, o->f[RNN_BIAS]);
}
static void lstm_weights(Core *c, Op *o, int tid) {
  rnn_kernel(c, o, tid);
  rnn_recurrent(c, o, tid, o->own[STATES], 0, 4 * o->f[RNN_H]);
}

// GRU: h' = z h + (1 - z) act(x W + (r h) U); PRODUCTS holds r h.
static void gru_forward(Core *c, Op *o, int tid, int b0, int b1) {
  (void)tid;
  Rnn r = rnn_of(c, o);
  int h = r.h;
  rnn_inputs(c, o, b0, b1);
  for (int s = 0; s < r.t; s++) {
    int t = rnn_row(o, s), before = s ? rnn_row(o, s - 1) : 0, row = rnn_output(o, s);
    float *z = by_time(c, o->own[GATES], t, b0, r.gates), *kept = by_time(c, o->own[PRODUCTS], before, b0, r.states);
    const float *last = by_time(c, o->own[STATES], before, b0, r.states);
    if (s) rnn_step(b1 - b0, last, h, r.states, &o->packed[PACK_STATE], z, r.gates, 1);
    for (int b = 0; b < b1 - b0; b++)
      for (int j = 0; j < h; j += VECTOR) {
        float *at = z + b * r.gates + j;
        vf reset = gate(load(at + h), &r);
        store(at, gate(load(at), &r), h - j);
        store(at + h, reset, h - j);
        if (s) store(kept + b * r.states + j, reset * load(last + b * r.states + j), h - j);
      }
    if (s) rnn_step(b1 - b0, kept, h, r.states, &o->packed[PACK_LAST], z + 2 * h, r.gates, 1);
    for (int b = b0; b < b1; b++, z += r.gates, last += r.states) {
      float *state = by_time(c, o->own[STATES], t, b, r.states), *out = row < 0 ? 0 : rnn_at(o, value(c, o->out, b), row);
      if (rnn_padding(c, o, b, t)) {
        rnn_hold(state, s ? last : 0, h);
        if (out) rnn_hold(out, state, h);
        continue;
      }
      for (int j = 0; j < h; j += VECTOR) {
        vf u = load(z + j), g = act(load(z + 2 * h + j), &r), y = (fill(1.f) - u) * g;
        if (s) y += u * load(last + j);
        store(z + 2 * h + j, g, h - j);
        store(state + j, y, h - j);
        if (out) store(out + j, y, h - j);
      }
    }
  }
}

static void gru_backward(Core *c, Op *o, int tid, int b0, int b1) {
  (void)tid;
  Rnn r = rnn_of(c, o);
  int h = r.h;
  float *bias = o->own[RNN_BIASES], *dh = o->own[D_STATE] + (long)b0 * h, *dk = o->own[D_STATE] + (long)(c->max_batch + b0) * h;
  __builtin_memset(bias + (long)b0 * r.n, 0, sizeof(float) * (size_t)(b1 - b0) * (size_t)r.n);
  for (int s = r.t - 1; s >= 0; s--) {
    int t = rnn_row(o, s), before = s ? rnn_row(o, s - 1) : 0, row = rnn_output(o, s), later = s < r.t - 1;
    float *z = by_time(c, o->own[GATES], t, b0, r.gates);
    const float *last = by_time(c, o->own[STATES], before, b0, r.states);
    for (int b = 0; b < b1 - b0; b++) {  // dh: of this state, then of the one before by way of z
      const float *dy = row < 0 ? 0 : rnn_at(o, gradient(c, o->out, b0 + b), row);
      float *at = z + b * r.gates;
      if (rnn_padding(c, o, b0 + b, t)) {  // as of an LSTM; the second pass adds nothing to it
        for (int j = 0; j < h; j++) dh[(long)b * h + j] = (later ? dh[(long)b * h + j] : 0) + (dy ? dy[j] : 0);
        rnn_hold(at, 0, r.n);
        continue;
      }
      for (int j = 0; j < h; j += VECTOR) {
        vf d = later ? load(dh + (long)b * h + j) : fill(0), p = s ? load(last + b * r.states + j) : fill(0);
        if (dy) d += load(dy + j);
        vf u = load(at + j), g = load(at + 2 * h + j);
        store(at + j, d * (p - g) * gate_slope(u, &r), h - j);
        store(at + 2 * h + j, d * (fill(1.f) - u) * act_slope(g, &r), h - j);
        store(dh + (long)b * h + j, d * u, h - j);
      }
    }
    if (s) rnn_step(b1 - b0, z + 2 * h, h, r.gates, &o->packed[PACK_LAST_T], dk, h, 0);
    for (int b = 0; b < b1 - b0; b++) {
      float *at = z + b * r.gates, *db = bias + (long)(b0 + b) * r.n;
      for (int j = 0; j < h; j += VECTOR) {
        vf reset = load(at + h + j), d = s ? load(dk + (long)b * h + j) : fill(0), p = s ? load(last + b * r.states + j) : fill(0);
        store(at + h + j, d * p * gate_slope(reset, &r), h - j);
        if (s) vput(dh + (long)b * h + j, d * reset, h - j, 1);
      }
      for (int j = 0; j < r.n; j += VECTOR) vput(db + j, load(at + j), r.n - j, 1);
    }
    if (s) rnn_step(b1 - b0, z, 2 * h, r.gates, &o->packed[PACK_STATE_T], dh, h, 1);
  }
  rnn_input_gradient(c, o, b0, b1);
}
static void gru_weights(Core *c, Op *o, int tid) {
  int h = o->f[RNN_H];
  rnn_kernel(c, o, tid);
  rnn_recurrent(c, o, tid, o->own[STATES], 0, 2 * h);
  rnn_recurrent(c, o, tid, o->own[PRODUCTS], 2 * h, h);
}
#endif
