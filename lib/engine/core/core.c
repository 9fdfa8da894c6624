// The training core: reads a program (core.h), lays its memory out, and runs steps and predictions. This one file is
// the whole core for one instruction set; the addon is made of several of it.
#include "attention.h"
#include "conv.h"
#include "dense.h"
#include "grouped.h"
#include "norm.h"
#include "recurrent.h"
#include "small.h"
#ifndef __wasm__
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#endif

static const Layer LAYERS[] = {
    [OP_DENSE] = {dense_setup, {{.range = dense_forward, .rows = dense_rows}}, {{.range = dense_backward}, {.late = dense_weights}}},
    [OP_CONV2D] = {conv_setup, {{.rows = conv_pad, .count = conv_lines}, {.rows = conv_rows, .count = conv_places, .whole = 1}},
                    {{.clip = conv_backward}, {.late = conv_weights, .after = conv_reduce}}},
    [OP_DEPTHWISE] = {depthwise_setup, {{.clip = depthwise_forward}}, {{.clip = depthwise_backward}, {.late = depthwise_weights}}},
    [OP_BATCHNORM] = {bn_setup, {{.clip = bn_statistics}, {.task = bn_combine}, {.clip = bn_apply}},
                      {{.clip = bn_sums}, {.task = bn_combine_sums}, {.clip = bn_backward}}},
    [OP_LAYERNORM] = {ln_setup, {{.rows = ln_rows}}, {{.clip = ln_backward}, {.late = ln_weights}}},
    [OP_ACTIVATION] = {0, {{.rows = activation_forward}}, {{.clip = activation_backward}}},
    [OP_MAXPOOL] = {0, {{.clip = pool_forward}}, {{.clip = pool_backward}}},
    [OP_AVGPOOL] = {0, {{.clip = pool_forward}}, {{.clip = pool_backward}}},
    [OP_GLOBALPOOL] = {0, {{.clip = global_forward}}, {{.clip = global_backward}}},
    [OP_DROPOUT] = {0, {{.clip = dropout_forward}}, {{.clip = dropout_backward}}},
    [OP_LSTM] = {rnn_setup, {{.range = lstm_forward}}, {{.range = lstm_backward}, {.late = lstm_weights}}},
    [OP_GRU] = {rnn_setup, {{.range = gru_forward}}, {{.range = gru_backward}, {.late = gru_weights}}},
    [OP_CONCAT] = {concat_setup, {{.rows = concat_forward}}, {{.clip = concat_backward}}},
    [OP_ADD] = {0, {{.rows = add_forward, .at = PAIR_ROWS}}, {{.clip = add_backward}}},
    [OP_MULTIPLY] = {0, {{.rows = multiply_forward, .at = PAIR_ROWS}}, {{.clip = multiply_backward}}},
    [OP_DOT] = {0, {{.clip = dot_forward}}, {{.clip = dot_backward}}},
    [OP_REVERSE] = {0, {{.clip = reverse_forward}}, {{.clip = reverse_backward}}},
    [OP_PERMUTE] = {0, {{.clip = permute_forward}}, {{.clip = permute_backward}}},
    [OP_FRAMES] = {0, {{.clip = frames_forward}}, {{0}}},
    [OP_POSITIONS] = {0, {{.rows = positions_forward}}, {{.clip = positions_backward}, {.late = positions_weights}}},
    [OP_ATTENTION] = {attention_setup, {{.rows = attention_pack}, {.rows = attention_forward, .whole = 1}},
                      {{.clip = attention_backward}}},
    [OP_GROUPNORM] = {gn_setup, {{.rows = gn_statistics, .count = gn_columns, .whole = 1}, {.rows = gn_apply, .whole = 1}},
                      {{.clip = gn_backward}, {.late = gn_weights}}},
    [OP_GROUPED] = {gc_setup, {{.rows = gc_gather}, {.rows = gc_forward, .whole = 1}},
                    {{.clip = gc_backward}, {.late = gc_weights}}},
};
enum { LAST_OP = OP_GROUPED, PHASES = 3, MAX_OPS = 4096, MAX_INPUTS = 64, BLOCK = 4096, STACK = 65536 };

// ---- What an op reads, writes and learns, for checking a program before it touches memory.

typedef struct { int32_t offset; double size; } Need;
typedef struct { int inputs, buffers[MAX_INPUTS], needs; double sizes[MAX_INPUTS], out; Need weights[5]; } Facts;

static const int FIELDS[] = {[OP_DENSE] = 5, [OP_CONV2D] = 16, [OP_DEPTHWISE] = 16, [OP_BATCHNORM] = 8, [OP_LAYERNORM] = 5,
                             [OP_ACTIVATION] = 4, [OP_MAXPOOL] = 11, [OP_AVGPOOL] = 11, [OP_GLOBALPOOL] = 3, [OP_DROPOUT] = 5,
                             [OP_LSTM] = 12, [OP_GRU] = 12, [OP_CONCAT] = 2, [OP_ADD] = 3, [OP_MULTIPLY] = 4, [OP_DOT] = 4,
                             [OP_REVERSE] = 2, [OP_PERMUTE] = 8, [OP_FRAMES] = 5,
                             [OP_POSITIONS] = 4, [OP_ATTENTION] = 4, [OP_GROUPNORM] = 5, [OP_GROUPED] = 8};

static void need(Facts *k, int32_t offset, double size) { k->weights[k->needs++] = (Need){offset, size}; }
static void reads(Facts *k, int buffer, double size) {
  k->buffers[k->inputs] = buffer;
  k->sizes[k->inputs++] = size;
}
static int positive(const int32_t *f, int n) {
  for (int i = 0; i < n; i++)
    if (f[i] < 1) return 0;
  return 1;
}

static int conv_facts(const int32_t *f, Facts *k, int in, int depthwise) {
  double positions;
  if (!positive(f, 10)) return 0;
  for (int i = CONV_TOP; i <= CONV_RIGHT; i++)
    if (f[i] < 0) return 0;
  int tall = (f[CONV_KH] - 1) * f[CONV_DH], wide = (f[CONV_KW] - 1) * f[CONV_DW];
  if (f[CONV_TOP] > tall || f[CONV_BOTTOM] > tall || f[CONV_LEFT] > wide || f[CONV_RIGHT] > wide) return 0;
  int h = f[CONV_H] + f[CONV_TOP] + f[CONV_BOTTOM] - tall - 1, w = f[CONV_W] + f[CONV_LEFT] + f[CONV_RIGHT] - wide - 1;
  if (h < 0 || w < 0) return 0;
  positions = (double)(h / f[CONV_SH] + 1) * (w / f[CONV_SW] + 1);
  double co = depthwise ? (double)f[CONV_CI] * f[CONV_CO] : f[CONV_CO];
  reads(k, in, (double)f[CONV_H] * f[CONV_W] * f[CONV_CI]);
  k->out = positions * co;
  need(k, f[CONV_WEIGHT], (double)f[CONV_KH] * f[CONV_KW] * f[CONV_CI] * f[CONV_CO]);
  need(k, f[CONV_BIAS], co);
  return f[CONV_WEIGHT] >= 0;
}

static int rnn_facts(const Op *o, Facts *k) {
  const int32_t *f = o->f;
  double h = f[RNN_H], n = (o->code == OP_LSTM ? 4 : 3) * h;
  for (int i = RNN_GATE; i <= RNN_ACT; i++)
    if (f[i] < 0 || f[i] > ACT_RELU6 || f[i] == ACT_SOFTMAX) return 0;
  if (!positive(f, 3)) return 0;
  if (f[RNN_COLUMN] < 0 || f[RNN_COLUMN] + h > f[RNN_STRIDE]) return 0;
  reads(k, o->in, (double)f[RNN_T] * f[RNN_CI]);
  if (f[RNN_MASK] != NONE) reads(k, f[RNN_MASK], f[RNN_T]);
  k->out = (double)f[RNN_STRIDE] * (f[RNN_FLAGS] & RNN_SEQUENCES ? f[RNN_T] : 1);
  need(k, f[RNN_KERNEL], f[RNN_CI] * n);
  need(k, f[RNN_RECURRENT], h * n);
  need(k, f[RNN_BIAS], n);
  return f[RNN_KERNEL] >= 0 && f[RNN_RECURRENT] >= 0;
}

static int pool_facts(const Op *o, Facts *k) {
  const int32_t *f = o->f;
  if (!positive(f, 7) || f[POOL_TOP] < 0 || f[POOL_LEFT] < 0 || !positive(f + POOL_OH, 2)) return 0;
  if (f[POOL_TOP] >= f[POOL_PH] || f[POOL_LEFT] >= f[POOL_PW]) return 0;
  if ((f[POOL_OH] - 1) * f[POOL_SH] - f[POOL_TOP] >= f[POOL_H] || (f[POOL_OW] - 1) * f[POOL_SW] - f[POOL_LEFT] >= f[POOL_W]) return 0;
  reads(k, o->in, (double)f[POOL_H] * f[POOL_W] * f[POOL_C]);
  k->out = (double)f[POOL_OH] * f[POOL_OW] * f[POOL_C];
  return 1;
}

static int concat_facts(const Op *o, Facts *k, int fields) {
  const int32_t *f = o->f;
  if (!positive(f, 2) || f[CONCAT_N] > MAX_INPUTS || fields < 2 + 2 * f[CONCAT_N]) return 0;
  for (int i = 0; i < f[CONCAT_N]; i++) {
    if (f[CONCAT_LIST + 2 * i + 1] < 1) return 0;
    reads(k, f[CONCAT_LIST + 2 * i], (double)f[CONCAT_ROWS] * f[CONCAT_LIST + 2 * i + 1]);
    k->out += k->sizes[i];
  }
  return 1;
}

static int permute_facts(const Op *o, Facts *k) {
  int seen = 0;
  if (!positive(o->f, 4)) return 0;
  for (int i = 4; i < 8; i++) {
    if (o->f[i] < 0 || o->f[i] > 3) return 0;
    seen |= 1 << o->f[i];
  }
  reads(k, o->in, k->out = (double)o->f[0] * o->f[1] * o->f[2] * o->f[3]);
  return seen == 15;
}

static int grouped_facts(const Op *o, Facts *k) {
  const int32_t *f = o->f;
  if (!positive(f, 5) || f[GC_LEFT] < 0 || f[GC_LEFT] >= f[GC_K]) return 0;
  if (f[GC_GROUPS] > MAX_PACKED / 2 || f[GC_CI] % f[GC_GROUPS] || f[GC_CO] % f[GC_GROUPS]) return 0;
  reads(k, o->in, (double)f[GC_ROWS] * f[GC_CI]);
  k->out = (double)f[GC_ROWS] * f[GC_CO];
  need(k, f[GC_W], (double)f[GC_K] * (f[GC_CI] / f[GC_GROUPS]) * f[GC_CO]);
  need(k, f[GC_B], f[GC_CO]);
  return f[GC_W] >= 0;
}

static int facts(const Op *o, Facts *k, int fields) {
  const int32_t *f = o->f;
  *k = (Facts){0};
  if (fields < FIELDS[o->code]) return 0;
  double all = (double)f[0] * f[1];
  switch (o->code) {
    case OP_DENSE:
      reads(k, o->in, all);
      k->out = (double)f[DENSE_ROWS] * f[DENSE_CO];
      need(k, f[DENSE_W], (double)f[DENSE_CI] * f[DENSE_CO]);
      need(k, f[DENSE_B], f[DENSE_CO]);
      return positive(f, 3) && f[DENSE_W] >= 0;
    case OP_CONV2D: return conv_facts(f, k, o->in, 0);
    case OP_DEPTHWISE: return conv_facts(f, k, o->in, 1);
    case OP_BATCHNORM:
      reads(k, o->in, k->out = all);
      for (int i = BN_GAMMA; i <= BN_VARIANCE; i++) need(k, f[i], f[BN_C]);
      return positive(f, 2) && f[BN_MEAN] >= 0 && f[BN_VARIANCE] >= 0;
    case OP_LAYERNORM:
      reads(k, o->in, k->out = all);
      need(k, f[LN_GAMMA], f[LN_C]), need(k, f[LN_BETA], f[LN_C]);
      return positive(f, 2);
    case OP_ACTIVATION:
      reads(k, o->in, k->out = all);
      return positive(f, 2) && f[ACT_KIND] >= 0 && f[ACT_KIND] <= ACT_GELU;
    case OP_MAXPOOL:
    case OP_AVGPOOL: return pool_facts(o, k);
    case OP_GLOBALPOOL:
      reads(k, o->in, all);
      k->out = f[GLOBAL_C];
      return positive(f, 2);
    case OP_DROPOUT:
      reads(k, o->in, k->out = all);
      return positive(f, 2) && bits(f[DROP_RATE]) >= 0 && bits(f[DROP_RATE]) < 1;
    case OP_LSTM:
    case OP_GRU: return rnn_facts(o, k);
    case OP_CONCAT: return concat_facts(o, k, fields);
    case OP_ADD:
    case OP_MULTIPLY:
      all = (double)f[PAIR_ROWS] * f[PAIR_C];
      reads(k, o->in, k->out = all);
      reads(k, f[PAIR_IN2], o->code == OP_ADD || f[PAIR_C2] == f[PAIR_C] ? all : f[PAIR_ROWS]);
      return positive(f + 1, 2) && (o->code == OP_ADD || f[PAIR_C2] == 1 || f[PAIR_C2] == f[PAIR_C]);
    case OP_DOT:
      reads(k, o->in, (double)f[DOT_K] * f[DOT_M]), reads(k, f[DOT_IN2], (double)f[DOT_K] * f[DOT_N]);
      k->out = (double)f[DOT_M] * f[DOT_N];
      return positive(f + 1, 3);
    case OP_REVERSE: reads(k, o->in, k->out = all); return positive(f, 2);
    case OP_FRAMES:
      if (!positive(f, 2) || f[FRAMES_STRIDE] < 1 || f[FRAMES_STRIDE] > f[FRAMES_ROWS]) return 0;
      reads(k, o->in, all);
      k->out = f[FRAMES_ROWS] / f[FRAMES_STRIDE];
      return f[FRAMES_KIND] >= FRAMES_COUNT && f[FRAMES_KIND] <= FRAMES_LOG;
    case OP_POSITIONS:
      reads(k, o->in, k->out = all);
      need(k, f[POS_TABLE], (double)f[POS_POSITIONS] * f[POS_C]);
      return positive(f, 2) && f[POS_TABLE] >= 0 && f[POS_POSITIONS] >= f[POS_ROWS];
    case OP_ATTENTION:
      reads(k, o->in, 3 * all);
      if (f[ATT_MASK] != NONE) reads(k, f[ATT_MASK], f[ATT_ROWS]);
      k->out = all;
      return positive(f, 3) && f[ATT_W] % f[ATT_HEADS] == 0;
    case OP_GROUPNORM:
      reads(k, o->in, k->out = all);
      need(k, f[GN_GAMMA], f[GN_C]), need(k, f[GN_BETA], f[GN_C]);
      return positive(f, 2) && f[GN_GAMMA] >= 0 && f[GN_BETA] >= 0;
    case OP_GROUPED: return grouped_facts(o, k);
    default: return permute_facts(o, k);
  }
}

static const Parameter *parameter_at(const Core *c, int32_t offset, double size) {
  for (int i = 0; i < c->nparameters; i++)
    if (c->table[i].offset == offset && c->table[i].size == size) return &c->table[i];
  return 0;
}

// Whether an op's sizes agree with its buffers and weights; counts consumers, and says whether it learns.
static int check(Core *c, Op *o, int fields) {
  Facts k;
  int learns = 0, wanted = 0;
  if (o->in < 0 || o->in >= c->nbuffers || o->out < 0 || o->out >= c->nbuffers || o->out == c->input) return 0;
  if (!facts(o, &k, fields) || k.out != c->buffers[o->out].size) return 0;
  for (int i = 0; i < k.inputs; i++) {
    int from = k.buffers[i];
    if (from < 0 || from >= c->nbuffers || k.sizes[i] != c->buffers[from].size || from == o->out) return 0;
    c->buffers[from].consumers++;
    wanted |= c->buffers[from].needs;
  }
  for (int i = 0; i < k.needs; i++) {
    if (k.weights[i].offset < 0) continue;
    const Parameter *p = parameter_at(c, k.weights[i].offset, k.weights[i].size);
    if (!p) return 0;
    learns |= p->flags & PARAM_TRAINABLE;
  }
  c->buffers[o->out].needs |= learns || (wanted && o->code != OP_FRAMES);
  return 1;
}

// ---- Fusion: batch normalisation does the ReLU, the pooling and the dropout behind it in the same pass.

static Op *follower(Core *c, Op *o, Op *last, int code) {
  Op *next = last + 1;
  if (next >= c->ops + c->nops || next->code != code || next->in != o->to || c->buffers[o->to].consumers != 1) return 0;
  return next;
}
static void absorb(Core *c, Op *o, Op *next) {
  c->buffers[o->to].inner = 1;
  o->to = next->out;
  next->skip = 1;
}
static void fuse(Core *c, Op *o) {
  Op *last = o, *next;
  o->h = 1, o->w = o->f[BN_ROWS], o->ph = o->pw = 1, o->oh = 1, o->ow = o->w;
  next = follower(c, o, last, OP_ACTIVATION);
  if (next && next->f[ACT_KIND] == ACT_RELU) absorb(c, o, last = next), o->relu = 1;
  next = follower(c, o, last, OP_MAXPOOL);
  if (next) {
    const int32_t *f = next->f;
    int fits = f[POOL_PH] == f[POOL_SH] && f[POOL_PW] == f[POOL_SW] && !f[POOL_TOP] && !f[POOL_LEFT] && f[POOL_C] == o->f[BN_C] &&
               f[POOL_OH] * f[POOL_PH] <= f[POOL_H] && f[POOL_OW] * f[POOL_PW] <= f[POOL_W] && f[POOL_PH] * f[POOL_PW] < DEAD;
    if (fits) {
      absorb(c, o, last = next);
      o->h = f[POOL_H], o->w = f[POOL_W], o->ph = f[POOL_PH], o->pw = f[POOL_PW], o->oh = f[POOL_OH], o->ow = f[POOL_OW];
    }
  }
  next = follower(c, o, last, OP_DROPOUT);
  if (next && !next->f[DROP_SPATIAL]) {
    absorb(c, o, next);
    o->rate = bits(next->f[DROP_RATE]), o->salt = (uint32_t)next->f[DROP_SALT];
  }
}

// ---- Reading a program.

static int read_header(Core *c, const int32_t *p, int words) {
  if (words < 6 || (p[0] != CORE_MAGIC && p[0] != CORE_FORWARD)) return 0;
  c->solitary = p[0] == CORE_FORWARD;
  c->nbuffers = p[1], c->nparameters = p[2], c->nops = p[3], c->input = p[4], c->output = p[5];
  if (c->nbuffers < 2 || c->nbuffers > MAX_OPS || c->nops < 2 - c->solitary || c->nops > MAX_OPS || c->nparameters < 0 || c->nparameters > MAX_OPS)
    return 0;
  if (c->input < 0 || c->input >= c->nbuffers || c->output < 0 || c->output >= c->nbuffers) return 0;
  return words >= 6 + c->nbuffers + 3 * c->nparameters;
}

static int read_tables(Core *c, const int32_t *p) {
  for (int i = 0; i < c->nbuffers; i++) {
    c->buffers[i] = (Buffer){.size = *p++};
    if (c->buffers[i].size < 1) return 0;
  }
  for (int i = 0; i < c->nparameters; i++, p += 3) {
    Parameter *t = &c->table[i];
    *t = (Parameter){p[0], p[1], p[2]};
    if (t->offset < 0 || t->size < 1 || (i && t->offset < t[-1].offset + t[-1].size)) return 0;
    c->size = t->offset + t->size;
  }
  return 1;
}

static int read_ops(Core *c, const int32_t *p, int words) {
  int at = 6 + c->nbuffers + 3 * c->nparameters;
  for (int i = 0; i < c->nops; i++) {
    Op *o = &c->ops[i];
    if (at + 4 > words || p[at + 1] < 4 || p[at + 1] > words - at) return 0;
    *o = (Op){.code = p[at], .f = p + at + 4, .in = p[at + 2], .out = p[at + 3], .to = p[at + 3]};
    if (o->code < 1 || o->code > LAST_OP || !FIELDS[o->code] || !check(c, o, p[at + 1] - 4)) return 0;
    at += p[at + 1];
  }
  for (int i = 0; i < c->nops; i++)
    if (c->ops[i].out != c->output && c->buffers[c->ops[i].out].consumers == 0) return 0;
  for (int i = 0; i < c->nops; i++)
    if (c->ops[i].code == OP_BATCHNORM && !c->ops[i].skip) fuse(c, &c->ops[i]);
  if (c->solitary) {
    c->classes = (int)c->buffers[c->output].size;
    return c->output != c->input && !c->buffers[c->output].inner;
  }
  const Op *last = &c->ops[c->nops - 1];
  if (last->code != OP_ACTIVATION || last->f[ACT_KIND] != ACT_SOFTMAX || last->f[ACT_ROWS] != 1 || last->out != c->output) return 0;
  c->classes = last->f[ACT_C];
  return 1;
}

// Which gradients an op gives back, and which of them are added to what a later op gave.
static void link_gradients(Core *c) {
  char given[MAX_OPS] = {0};
  for (int i = c->nops - 1; i >= 0; i--) {
    Op *o = &c->ops[i];
    Facts k;
    if (o->skip) continue;
    facts(o, &k, 1 << 20);
    for (int j = 0; j < k.inputs; j++) {
      int from = k.buffers[j], want = c->buffers[from].needs && c->buffers[o->to].needs, add = given[from];
      if (want) given[from] = 1;
      if (o->code == OP_CONCAT && o->links) o->links[j] = want ? 2 + add : 0;
      if (o->code != OP_CONCAT) o->want[j] = want, o->accumulate[j] = add;
    }
  }
}

// ---- Memory: laid out twice, first to count it.

static void lay_out(Core *c) {
  c->used = 0;
  c->p = floats(c, (double)c->size), c->m = floats(c, (double)c->size), c->v = floats(c, (double)c->size), c->g = floats(c, (double)c->size);
  c->y = floats(c, (double)c->max_batch * c->classes), c->weights = floats(c, c->max_batch);
  c->losses = take(c, c->max_batch, sizeof(double)), c->norms = take(c, c->nblocks, sizeof(double));
  for (int i = 0; i < c->nbuffers; i++) {
    Buffer *b = &c->buffers[i];
    // Strides that are multiples of a page would put the rows of all clips into the same few lines of the cache.
    b->stride = b->size % 1024 ? b->size : b->size + 16;
    if (i == c->input || i == c->output) b->stride = b->size;
    if (b->inner) continue;
    b->value = floats(c, (double)c->max_batch * (double)b->stride);
    if (b->needs) b->gradient = floats(c, (double)c->max_batch * (double)b->stride);
  }
  c->x = c->buffers[c->input].value;
  for (int i = 0; i < c->nops; i++) {
    Op *o = &c->ops[i];
    o->packs = 0;
    if (!o->skip && LAYERS[o->code].setup) LAYERS[o->code].setup(c, o);
  }
}

static int count_blocks(Core *c, Block *blocks) {
  int n = 0;
  for (int i = 0; i < c->nparameters; i++) {
    const Parameter *t = &c->table[i];
    if (!(t->flags & PARAM_TRAINABLE)) continue;
    for (long at = 0; at < t->size; at += BLOCK, n++)
      if (blocks) blocks[n] = (Block){t->offset + at, t->size - at < BLOCK ? t->size - at : BLOCK, t->flags};
  }
  return n;
}

// ---- The schedule.

typedef struct { Op *op; Task *task, *after; } Late;
typedef struct { Step *steps; int n, nlate, nafter; Late late[MAX_OPS], after[MAX_OPS]; } Schedule;

static long rows_of(const Op *o, const Phase *p) { return p->count ? p->count(o) : o->f[p->at]; }
static int by_clip(const Step *s) { return s->clip || s->rows; }

// The threads meet; what was put off until then comes first.
static void meet(Schedule *s) {
  int first = s->n, n = s->nafter;
  for (int i = 0; i < n; i++) s->steps[s->n++] = (Step){.op = s->after[i].op, .task = s->after[i].task};
  s->nafter = 0;
  for (int i = 0; i < s->nlate; i++) {
    s->steps[s->n++] = (Step){.op = s->late[i].op, .task = s->late[i].task};
    if (s->late[i].after) s->after[s->nafter++] = (Late){s->late[i].op, s->late[i].after, 0};
  }
  s->nlate = 0;
  if (s->n > first) s->steps[first].meet = 1;
}
static void schedule_phases(Schedule *s, Op *o, const Phase *phases) {
  for (int i = 0; i < 3; i++) {
    const Phase *p = &phases[i];
    if (p->late) s->late[s->nlate++] = (Late){o, p->late, p->after};
    if (p->clip) s->steps[s->n++] = (Step){.op = o, .clip = p->clip};
    if (p->range) s->steps[s->n++] = (Step){.op = o, .range = p->range};
    else if (p->rows) s->steps[s->n++] = (Step){.op = o, .rows = p->rows, .count = rows_of(o, p)};
    if (!p->task) continue;
    int first = s->n;
    meet(s);
    int met = s->n > first;
    s->steps[s->n++] = (Step){.op = o, .task = p->task, .meet = !met};
  }
}
static int finish(Schedule *s) {
  while (s->nlate || s->nafter) meet(s);
  for (int i = s->n - 1; i >= 0; i--) {
    int joins = by_clip(&s->steps[i]) && i + 1 < s->n && by_clip(&s->steps[i + 1]);
    s->steps[i].last = joins ? s->steps[i + 1].last : i;
  }
  return s->n;
}
static void schedule(Core *c, Schedule *s) {
  *s = (Schedule){.steps = c->forward};
  for (int i = 0; i < c->nops; i++)
    if (!c->ops[i].skip) schedule_phases(s, &c->ops[i], LAYERS[c->ops[i].code].forward);
  c->nforward = finish(s);
  *s = (Schedule){.steps = c->backward};
  for (int i = c->nops - 2; i >= 0; i--)  // the last softmax is part of the loss
    if (!c->ops[i].skip && c->buffers[c->ops[i].to].needs) schedule_phases(s, &c->ops[i], LAYERS[c->ops[i].code].backward);
  c->nbackward = finish(s);
}

// ---- Forward mode: one clip at a time, whose rows the threads share. Between meetings a thread takes some rows from op to
// op, then others, so that one that is held up holds up no other; memory is used again once all threads have met since.

// Whether the threads meet before a phase: where it needs what others of them may have written since they last met.
// `open`: the group that the phase would join, or NONE; `again`: the op has had a phase before.
static int meets(Core *c, const Facts *k, const Phase *p, long count, int now, int open, int again) {
  int joins = open != NONE && c->parts[open].count == count;
  if (again && (p->whole || (count == SOLO ? open != NONE : !joins))) return 1;
  for (int i = 0; i < k->inputs; i++) {
    const Buffer *b = &c->buffers[k->buffers[i]];
    if (b->written != now) continue;
    if (count == SOLO ? b->group != NONE : p->whole || !joins || b->group != open) return 1;
  }
  return 0;
}

static void plan(Core *c) {
  int now = 0, open = NONE;
  for (int i = 0; i < c->nbuffers; i++) c->buffers[i].from = c->buffers[i].to = c->buffers[i].written = -1, c->buffers[i].same = NONE;
  c->nparts = 0;
  for (int i = 0; i < c->nops; i++) {
    Op *o = &c->ops[i];
    Facts k;
    if (o->skip) continue;
    facts(o, &k, 1 << 20);
    Part *first = &c->parts[c->nparts];
    Buffer *out = &c->buffers[o->to];
    const Phase *phases = LAYERS[o->code].forward;
    for (int j = 0; j < PHASES; j++) {
      const Phase *p = &phases[j];
      if (!p->clip && !p->range && !p->task && !p->rows) continue;
      long count = p->rows ? rows_of(o, p) : SOLO;
      int at = c->nparts++, meet = meets(c, &k, p, count, now, open, &c->parts[at] != first);
      c->parts[at] = (Part){o, p, count, meet, at + 1, 0};
      if (meet) now++, open = NONE;
      if (count == SOLO) open = NONE;
      else if (open != NONE && c->parts[open].count == count) c->parts[open].end = at + 1;
      else open = at;
      if (&c->parts[at] == first) o->from = now;
      o->until = now;
    }
    if (out->from < 0) out->from = o->from;
    out->group = open, out->written = out->to = now;
    for (int j = 0; j < k.inputs; j++) c->buffers[k.buffers[j]].to = now;
  }
  c->buffers[c->output].to = c->buffers[c->input].to = now + 1;
}

// Where an op may write over an input that nothing else reads, it does.
static int in_place(const Op *o) {
  switch (o->code) {
    case OP_ACTIVATION: case OP_LAYERNORM: case OP_GROUPNORM: case OP_ADD: case OP_POSITIONS: return 1;
    default: return 0;
  }
}
static void share_places(Core *c) {
  for (int i = 0; i < c->nops; i++) {
    const Op *o = &c->ops[i];
    if (o->skip || !in_place(o)) continue;
    Facts k;
    facts(o, &k, 1 << 20);
    for (int j = 0; j < k.inputs && c->buffers[o->out].same == NONE; j++) {
      int from = k.buffers[j];
      if (from == c->input || from == c->output || c->buffers[from].consumers != 1) continue;
      int root = c->buffers[from].same == NONE ? from : c->buffers[from].same;
      c->buffers[o->out].same = root;
      if (c->buffers[root].to < c->buffers[o->out].to) c->buffers[root].to = c->buffers[o->out].to;
    }
  }
}

static void lay_out_forward(Core *c) {
  c->used = c->room_used = 0, c->nholds = 0;
  c->lasting = 1;
  c->p = floats(c, (double)c->size);
  c->lasting = 0;
  for (int i = 0; i < c->nbuffers; i++) {
    Buffer *b = &c->buffers[i];
    b->stride = b->size;
    if (b->inner || b->same != NONE) continue;
    c->from = b->from, c->until = b->to;
    b->value = floats(c, (double)b->size);
  }
  for (int i = 0; i < c->nbuffers; i++)
    if (c->buffers[i].same != NONE) c->buffers[i].value = c->buffers[c->buffers[i].same].value;
  c->x = c->buffers[c->input].value;
  for (int i = 0; i < c->nops; i++) {
    Op *o = &c->ops[i];
    o->packs = 0;
    c->from = o->from, c->until = o->until;
    if (!o->skip && LAYERS[o->code].setup) LAYERS[o->code].setup(c, o);
  }
}

// Two turns for each thread, if they are long enough to be worth it: then a thread that is held up has one left to give.
static int turns(const Core *c, long tiles) {
  int size = c->team.size;
  return size == 1 ? 1 : tiles >= 8L * size ? 2 * size : size;
}
static void run_group(Core *c, int tid, Part *group) {
  long tiles = (group->count + ROWS - 1) / ROWS;
  int n = turns(c, tiles);
  for (int turn; (turn = __atomic_fetch_add(&group->taken, 1, __ATOMIC_RELAXED)) < n;) {
    long first = tiles * turn / n * ROWS, last = tiles * (turn + 1) / n * ROWS;
    if (last > group->count) last = group->count;
    for (Part *p = group; first < last && p < c->parts + group->end; p++) p->phase->rows(c, p->op, tid, 0, first, last);
  }
}
static void run_alone(Core *c, const Part *part) {
  const Phase *p = part->phase;
  if (p->clip) p->clip(c, part->op, 0, 0);
  if (p->range) p->range(c, part->op, 0, 0, 1);
  if (p->task) p->task(c, part->op, 0);
}
static void run_parts(Core *c, int tid) {
  for (int i = 0; i < c->nparts; i = c->parts[i].end) {
    Part *part = &c->parts[i];
    if (part->meet) barrier(&c->team);
    if (part->count != SOLO) run_group(c, tid, part);
    else if (!tid) run_alone(c, part);
  }
}

// ---- Running.

static void run_steps(Core *c, int tid, const Step *steps, int n, int b0, int b1) {
  for (int i = 0; i < n; i = steps[i].last + 1) {
    const Step *s = &steps[i];
    if (s->meet) barrier(&c->team);
    if (s->task) s->task(c, s->op, tid);
    if (s->range && b1 > b0) s->range(c, s->op, tid, b0, b1);
    if (!by_clip(s)) continue;
    for (int b = b0; b < b1; b++)
      for (int k = i; k <= s->last; k++) {
        if (steps[k].clip) steps[k].clip(c, steps[k].op, tid, b);
        else steps[k].rows(c, steps[k].op, tid, b, 0, steps[k].count);
      }
  }
}

static void pack(Core *c, const Packed *p, int panel) {
  if (p->tap) {
    wino_pack(c->p + p->offset, p->tap, p->row, p->column, p->reverse != 0, p->inner, p->n, panel, p->data);
    return;
  }
  float *out = p->data + (long)panel * p->taps * p->inner * COLUMNS;
  for (int t = 0; t < p->taps; t++, out += (long)p->inner * COLUMNS)
    pack_panel(c->p + p->offset + (p->taps - 1 - t) * p->reverse, p->row, p->column, p->inner, p->n, panel, out);
}

static void pack_weights(Core *c, int tid) {
  for (int i = 0, turn = 0; i < c->nops; i++)
    for (int j = 0; j < c->ops[i].packs; j++) {
      const Packed *p = &c->ops[i].packed[j];
      for (int panel = 0; panel * COLUMNS < p->n; panel++)
        if (turn++ % c->team.size == tid) pack(c, p, panel);
    }
}

// Cross-entropy of the softmax against the targets, from the logits, and the gradient of the mean over the batch.
static void clip_loss(Core *c, int b) {
  int n = c->classes, logits = c->ops[c->nops - 1].in;
  const float *z = value(c, logits, b), *p = value(c, c->output, b), *y = c->y + (long)b * n;
  float most = z[0], total = 0, mass = 0, w = c->weights[b] / (float)c->count;
  double loss = 0;
  for (int j = 1; j < n; j++) most = z[j] <= most ? most : z[j];
  for (int j = 0; j < n; j++) total += vexp(fill(z[j] - most))[0], mass += y[j];
  float log_total = slog(total);
  for (int j = 0; j < n; j++) loss += (double)y[j] * (double)(log_total - (z[j] - most));
  c->losses[b] = loss * (double)c->weights[b];
  if (!c->buffers[logits].needs) return;
  float *d = gradient(c, logits, b);
  for (int j = 0; j < n; j++) d[j] = w * (p[j] * mass - y[j]);
}

static double power(double base, uint32_t n) {
  double result = 1;
  for (; n; n >>= 1, base *= base)
    if (n & 1) result *= base;
  return result;
}

// Adam (Kingma & Ba 2015) with decoupled decay (Loshchilov & Hutter 2019).
static void update_block(Core *c, const Block *k, float scale) {
  float *restrict p = c->p + k->offset, *restrict m = c->m + k->offset, *restrict v = c->v + k->offset;
  const float *restrict g = c->g + k->offset;
  float b1 = c->beta1, b2 = c->beta2, rate = c->rate, epsilon = c->epsilon;
  float c1 = (float)(1 / (1 - power(b1, c->step + 1))), c2 = (float)(1 / (1 - power(b2, c->step + 1)));
  float shrink = 1 - (k->flags & PARAM_DECAY ? rate * c->decay : 0);
  for (long i = 0; i < k->size; i++) {
    float d = g[i] * scale;
    m[i] = b1 * m[i] + (1 - b1) * d;
    v[i] = b2 * v[i] + (1 - b2) * d * d;
    p[i] = p[i] * shrink - rate * (m[i] * c1) / (__builtin_sqrtf(v[i] * c2) + epsilon);
  }
}

// Sum of squares over VECTOR running sums, so in the same order for any team.
static double block_norm(Core *c, const Block *k) {
  const float *g = c->g + k->offset;
  vf s = fill(0);
  long j = 0;
  for (; j + VECTOR <= k->size; j += VECTOR) s += load(g + j) * load(g + j);
  double total = sum(s);
  for (; j < k->size; j++) total += (double)g[j] * (double)g[j];
  return total;
}

static void update(Core *c, int tid) {
  long first, last;
  float scale = 1;
  share(c, tid, c->nblocks, &first, &last);
  if (c->clip > 0) {
    for (long i = first; i < last; i++) c->norms[i] = block_norm(c, &c->blocks[i]);
    barrier(&c->team);
    double total = 0;
    for (int i = 0; i < c->nblocks; i++) total += c->norms[i];
    float norm = __builtin_sqrtf((float)total);
    if (norm > c->clip) scale = c->clip / norm;
  }
  for (long i = first; i < last; i++) update_block(c, &c->blocks[i], scale);
}

static void run(Core *c, int tid) {
  long first, last;
  int b0 = c->count * tid / c->team.size, b1 = c->count * (tid + 1) / c->team.size;
  if (c->training) {
    share(c, tid, c->size, &first, &last);
    __builtin_memset(c->g + first, 0, sizeof(float) * (size_t)(last - first));
  }
  if (c->unpacked) pack_weights(c, tid);
  for (int i = 0; !tid && i < c->nparts; i++) c->parts[i].taken = 0;
  barrier(&c->team);
  run_parts(c, tid);
  run_steps(c, tid, c->forward, c->nforward, b0, b1);
  if (c->training) {
    for (int b = b0; b < b1; b++) clip_loss(c, b);
    run_steps(c, tid, c->backward, c->nbackward, b0, b1);
    barrier(&c->team);
    if (c->update) update(c, tid);
  }
  barrier(&c->team);
}

static void work(Core *c, int tid) {
  for (int seen = 0;;) {
#if !defined(__wasm__) || defined(__wasm_atomics__)
    wait_for(&c->team.go, seen);
    seen = __atomic_load_n(&c->team.go, __ATOMIC_ACQUIRE);
#endif
    if (__atomic_load_n(&c->team.quit, __ATOMIC_ACQUIRE)) return;
    run(c, tid);
  }
}

// ---- What the hosts call. A host has checked the numbers it passes.

#ifdef __wasm__
#define API(type, name) __attribute__((export_name(#name))) type name
extern unsigned char __heap_base;
static uintptr_t heap;
static void *memory(uint64_t bytes) {
  if (!heap) heap = ((uintptr_t)&__heap_base + 63) & ~(uintptr_t)63;
  uint64_t until = heap + bytes, pages = (until + 65535) >> 16, now = __builtin_wasm_memory_size(0);
  if (pages > 65535 || (pages > now && __builtin_wasm_memory_grow(0, (uintptr_t)(pages - now)) == (uintptr_t)-1)) return 0;
  void *at = (void *)heap;
  heap = (uintptr_t)((until + 63) & ~63ull);
  return at;
}
static void release(void *at, uint64_t bytes) { (void)at, (void)bytes; }
void *memset(void *to, int value, size_t n) { return __builtin_memset(to, value, n); }
void *memcpy(void *to, const void *from, size_t n) { return __builtin_memcpy(to, from, n); }
#else
#define API(type, name) static type name
static void *memory(uint64_t bytes) {
  void *at = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return 0;
#ifdef MADV_HUGEPAGE
  madvise(at, bytes, MADV_HUGEPAGE);
#endif
  return at;
}
static void release(void *at, uint64_t bytes) {
  if (at) munmap(at, bytes);
}
#endif

// In forward mode a weight matrix that lies packed is not looked at again: its pages go back to the system.
static void forget_packed(const Core *c) {
#ifdef __linux__
  enum { PAGE = 4096 };
  for (int i = 0; i < c->nops; i++)
    for (int j = 0; j < c->ops[i].packs; j++) {
      const Packed *p = &c->ops[i].packed[j];
      if (p->column != 1 || p->row != p->n) continue;
      uintptr_t from = (uintptr_t)(c->p + p->offset), until = (uintptr_t)(c->p + p->offset + (long)p->taps * p->inner * p->n);
      from = (from + PAGE - 1) / PAGE * PAGE, until = until / PAGE * PAGE;
      if (until > from) madvise((void *)from, until - from, MADV_DONTNEED);
    }
#else
  (void)c;
#endif
}

static uint64_t head_bytes(const Core *c, int words) {
  return sizeof(Core) + 64 * 8 + sizeof(Schedule) + (uint64_t)words * 4 + (uint64_t)c->nbuffers * sizeof(Buffer) +
         (uint64_t)c->nparameters * sizeof(Parameter) + (uint64_t)c->nops * (sizeof(Op) + 20 * sizeof(Step)) +
         (uint64_t)c->nops * (PHASES * sizeof(Part) + MAX_STORES * sizeof(Hold)) + (uint64_t)c->nbuffers * sizeof(Hold);
}
static void *part(char **at, uint64_t bytes) {
  void *p = *at;
  *at += (bytes + 63) & ~63ull;
  return p;
}

// Lays a forward program out, with room for its sizes; gives a CORE_...
static int prepare_forward(Core *c) {
  char *memory_before = c->memory;
  uint64_t before = c->used;
  for (int i = 0; i < c->nbuffers; i++) c->buffers[i].needs = 0;
  plan(c);
  share_places(c);
  char *room = c->room;
  c->memory = c->room = 0;
  lay_out_forward(c);
  c->memory = memory_before, c->room = room;
  if (c->memory && c->used != before) return CORE_BAD_PROGRAM;
  if (!c->memory && !(c->memory = memory(c->used))) return CORE_NO_MEMORY;
  if (c->room_used > c->room_bytes) {
    // A little more than asked for, since clips differ by a little.
    uint64_t bytes = c->room_used + c->room_used / 4;
    release(c->room, c->room_bytes);
    c->room_bytes = 0;
    if (!(c->room = memory(bytes))) return CORE_NO_MEMORY;
    c->room_bytes = bytes;
  }
  lay_out_forward(c);
  return CORE_OK;
}

// A core for the program, or 0; *error says why. The parameters are zeros until the host writes them.
API(Core *, core_create)(const int32_t *program, int words, int max_batch, int threads, uint32_t seed, int *error) {
  Core head = {0};
  *error = CORE_BAD_PROGRAM;
  if (!read_header(&head, program, words) || max_batch < 1) return 0;
  uint64_t bytes = head_bytes(&head, words);
  char *at = memory(bytes);
  *error = CORE_NO_MEMORY;
  if (!at) return 0;
  char *start = at;
  Core *c = part(&at, sizeof(Core));
  *c = head;
  c->head = bytes, c->words = words, c->max_batch = c->solitary ? 1 : max_batch, c->seed = seed, c->unpacked = 1;
  c->team.size = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
  c->program = part(&at, (uint64_t)words * 4);
  __builtin_memcpy(c->program, program, (size_t)words * 4);
  c->buffers = part(&at, (uint64_t)c->nbuffers * sizeof(Buffer));
  c->table = part(&at, (uint64_t)c->nparameters * sizeof(Parameter));
  c->ops = part(&at, (uint64_t)c->nops * sizeof(Op));
  c->forward = part(&at, (uint64_t)c->nops * 10 * sizeof(Step));
  c->backward = part(&at, (uint64_t)c->nops * 10 * sizeof(Step));
  Schedule *s = part(&at, sizeof(Schedule));
  c->parts = part(&at, (uint64_t)c->nops * PHASES * sizeof(Part));
  c->holds = part(&at, ((uint64_t)c->nops * MAX_STORES + (uint64_t)c->nbuffers) * sizeof(Hold));
  *error = CORE_BAD_PROGRAM;
  if (!read_tables(c, c->program + 6) || !read_ops(c, c->program, words)) {
    release(start, bytes);
    return 0;
  }
  if (c->solitary) {
    c->count = 1;
    if ((*error = prepare_forward(c)) == CORE_OK) return c;
    release(c->memory, c->used);
    release(c->room, c->room_bytes);
    release(start, bytes);
    return 0;
  }
  link_gradients(c);
  c->nblocks = count_blocks(c, 0);
  lay_out(c);
  uint64_t counted = c->used + (uint64_t)(c->nblocks + 1) * sizeof(Block) + 64;
  c->memory = memory(counted);
  if (!c->memory) {
    release(start, bytes);
    *error = CORE_NO_MEMORY;
    return 0;
  }
  lay_out(c);
  c->blocks = (Block *)(c->memory + ((c->used + 63) & ~63ull));
  count_blocks(c, c->blocks);
  link_gradients(c);
  schedule(c, s);
  c->used = counted;
  for (int b = 0; b < max_batch; b++) c->weights[b] = 1;
  *error = CORE_OK;
  return c;
}

API(void, core_optimizer)(Core *c, float beta1, float beta2, float epsilon, float decay, float clip) {
  c->beta1 = beta1, c->beta2 = beta2, c->epsilon = epsilon, c->decay = decay, c->clip = clip;
}

// One of the ARRAY_... of core.h; the host has to call core_changed after writing the parameters.
API(float *, core_array)(Core *c, int which) {
  float *all[] = {c->p, c->m, c->v, c->g, c->x, c->y, c->weights, c->buffers[c->output].value};
  return which >= 0 && which <= ARRAY_OUTPUT ? all[which] : 0;
}
API(double, core_length)(Core *c, int which) {
  if (which <= ARRAY_GRADIENTS) return (double)c->size;
  if (which == ARRAY_INPUT) return (double)c->max_batch * (double)c->buffers[c->input].size;
  return (double)c->max_batch * (which == ARRAY_WEIGHTS ? 1 : c->classes);
}

// Gives a forward core other sizes: the program of the same network for another input, as long as the one it was made
// with. Weights stay as they are, packed. After anything but CORE_OK the core can only be ended.
API(int, core_reshape)(Core *c, const int32_t *program, int words) {
  Core head = {0};
  if (!c->solitary || words != c->words || !read_header(&head, program, words) || !head.solitary || head.nbuffers != c->nbuffers ||
      head.nparameters != c->nparameters || head.nops != c->nops || head.input != c->input || head.output != c->output)
    return CORE_BAD_PROGRAM;
  __builtin_memcpy(c->program, program, (size_t)words * 4);
  long size = c->size;
  if (!read_tables(c, c->program + 6) || c->size != size || !read_ops(c, c->program, words)) return CORE_BAD_PROGRAM;
  return prepare_forward(c);
}
API(void, core_changed)(Core *c) { c->unpacked = 1; }
API(uint32_t, core_get_step)(Core *c) { return c->step; }
API(void, core_set_step)(Core *c, uint32_t step) { c->step = step; }

// One step on the first `count` clips of the arrays; the loss before it.
API(double, core_step)(Core *c, int count, float rate, int mode) {
  c->count = count, c->rate = rate, c->training = 1, c->update = mode == STEP_UPDATE;
  wake(&c->team);
  run(c, 0);
  double loss = 0;
  for (int b = 0; b < count; b++) loss += c->losses[b];
  c->unpacked = c->update;
  c->step += (uint32_t)c->update;
  return loss / count;
}
API(void, core_predict)(Core *c, int count) {
  c->count = count, c->training = 0;
  wake(&c->team);
  run(c, 0);
  if (c->solitary && c->unpacked) forget_packed(c);
  c->unpacked = 0;
}

static void quit(Core *c) {
  __atomic_store_n(&c->team.quit, 1, __ATOMIC_RELEASE);
  wake(&c->team);
}

#ifdef __wasm__
API(void *, core_memory)(int bytes) { return memory((uint64_t)bytes); }
API(void *, core_stack)(void) { return (char *)memory(STACK) + STACK; }
API(void, core_worker)(Core *c, int tid) { work(c, tid); }
API(void, core_quit)(Core *c) { quit(c); }
#else
#include "api.h"
typedef struct { Core *core; int tid; pthread_t thread; } Member;

static void *member(void *p) {
  work(((Member *)p)->core, ((Member *)p)->tid);
  return 0;
}
static void core_destroy(Core *c) {
  Member *members = c->threads;
  quit(c);
  for (int t = 1; members && t < c->team.size; t++) pthread_join(members[t].thread, 0);
  free(members);
  release(c->memory, c->used);
  release(c->room, c->room_bytes);
  release(c, c->head);
}
// Starts the other threads; with fewer of them than asked for, where the system gives no more.
static void core_start(Core *c) {
  if (c->team.size == 1) return;
  Member *members = c->threads = calloc((size_t)c->team.size, sizeof(Member));
  for (int t = 1; t < c->team.size; t++) {
    members[t] = (Member){c, t, 0};
    if (pthread_create(&members[t].thread, 0, member, &members[t])) c->team.size = t;
  }
}
static int core_threads(Core *c) { return c->team.size; }

const CoreApi CORE_API = {core_create, core_start, core_destroy, core_threads, core_optimizer, core_array, core_length,
                          core_changed, core_get_step, core_set_step, core_step, core_predict, core_reshape};
#endif
