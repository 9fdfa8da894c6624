// Dense layers: rows of every clip times one matrix.
#ifndef SER_DENSE_H
#define SER_DENSE_H
#include "network.h"

enum { DENSE_ROWS, DENSE_CI, DENSE_CO, DENSE_W, DENSE_B };

static void dense_setup(Core *c, Op *o) {
  int ci = o->f[DENSE_CI], co = o->f[DENSE_CO];
  add_packed(c, o, o->f[DENSE_W], co, 1, ci, co);
  if (o->want[0]) add_packed(c, o, o->f[DENSE_W], 1, co, co, ci);
  if (!c->solitary) o->own[0] = floats(c, (double)c->max_batch * co);  // bias gradient of each clip
}

static void dense_forward(Core *c, Op *o, int tid, int b0, int b1) {
  (void)tid;
  int rows = o->f[DENSE_ROWS], ci = o->f[DENSE_CI], co = o->f[DENSE_CO];
  product(&(Product){.ny = b1 - b0, .nx = rows, .a = value(c, o->in, b0), .ay = c->buffers[o->in].stride, .ax = ci,
                     .taps = 1, .subtaps = 1, .k = ci, .b = o->packed[0].data, .n = co, .c = value(c, o->out, b0),
                     .cy = c->buffers[o->out].stride, .cx = co, .bias = weight(c, o->f[DENSE_B])});
}

static void dense_rows(Core *c, Op *o, int tid, int b, long first, long last) {
  (void)tid;
  int ci = o->f[DENSE_CI], co = o->f[DENSE_CO];
  product_deep(&(Product){.ny = 1, .nx = (int)(last - first), .a = value(c, o->in, b) + first * ci, .ax = ci, .taps = 1, .subtaps = 1,
                     .k = ci, .b = o->packed[0].data, .n = co, .c = value(c, o->out, b) + first * co, .cx = co,
                     .bias = weight(c, o->f[DENSE_B])});
}

static void dense_backward(Core *c, Op *o, int tid, int b0, int b1) {
  (void)tid;
  int rows = o->f[DENSE_ROWS], ci = o->f[DENSE_CI], co = o->f[DENSE_CO];
  for (int b = b0; b < b1; b++) column_sums(gradient(c, o->out, b), rows, co, o->own[0] + (long)b * co);
  if (!o->want[0]) return;
  product(&(Product){.ny = b1 - b0, .nx = rows, .a = gradient(c, o->out, b0), .ay = c->buffers[o->out].stride, .ax = co,
                     .taps = 1, .subtaps = 1, .k = co, .b = o->packed[1].data, .n = ci, .c = gradient(c, o->in, b0),
                     .cy = c->buffers[o->in].stride, .cx = ci, .accumulate = o->accumulate[0]});
}

static void dense_weights(Core *c, Op *o, int tid) {
  int rows = o->f[DENSE_ROWS], ci = o->f[DENSE_CI], co = o->f[DENSE_CO];
  outer_rows(c, tid, (Outer){.m = ci, .n = co, .a = value(c, o->in, 0), .az = c->buffers[o->in].stride, .ax = ci,
                             .b = gradient(c, o->out, 0), .bz = c->buffers[o->out].stride, .bx = co,
                             .c = c->g + o->f[DENSE_W], .row = co}, c->count, rows);
  reduce_clips(c, tid, o->own[0], co, o->f[DENSE_B]);
}
#endif
