// A network as the core holds it, and the phases that its layers cut their work into.
#ifndef SER_NETWORK_H
#define SER_NETWORK_H
#include "core.h"
#include "gemm.h"
#include "threads.h"

typedef struct Op Op;

typedef void Clip(Core *, Op *, int tid, int b);
typedef void Range(Core *, Op *, int tid, int b0, int b1);
typedef void Task(Core *, Op *, int tid);
typedef void Rows(Core *, Op *, int tid, int b, long first, long last);

// Work on one clip; on a thread's range of clips; on rows of one clip, of which there are `count` (where that is missing,
// as many as field `at` says); or a thread's share of work over the whole batch, before which all threads meet. `late`:
// work that nothing waits for, done when the threads meet next, and `after` when they meet again. `whole`: a row needs more
// than the same row of the inputs, or of the phase before.
typedef struct {
  Clip *clip;
  Range *range;
  Task *task, *late, *after;
  Rows *rows;
  long (*count)(const Op *);
  int at, whole;
} Phase;

typedef struct {
  void (*setup)(Core *, Op *);
  Phase forward[3], backward[3];
} Layer;

// The phases of all layers in the order they are done. `meet`: the threads meet first. Steps on single clips from
// here to `last` are done clip by clip, so that a clip's data stay in the cache.
typedef struct {
  Op *op;
  Clip *clip;
  Range *range;
  Task *task;
  Rows *rows;
  long count;
  int meet, last;
} Step;

// In forward mode: a phase whose rows all threads share, or (count 0) that the first one does alone. Parts up to `end` make a
// group: a row's way through all of them needs no other row. `taken`: how many of the turns into
// which a group's rows are cut have been given away.
typedef struct { Op *op; const Phase *phase; long count; int meet, end, taken; } Part;

// In forward mode: a piece of memory, and between which meetings of the threads it is in use.
typedef struct { uint64_t at, bytes; int from, to; } Hold;

typedef struct {
  long size, stride;  // floats of one clip; from one clip to the next
  float *value, *gradient;
  int consumers, needs, inner;  // needs: a trainable weight lies before it; inner: inside a fused layer, never stored
  // In forward mode: between which meetings it is in use, and after which it was written; by which group of parts (or
  // NONE: by the first thread alone); the buffer in whose place it lies, or NONE.
  int from, to, same, written, group;
} Buffer;

typedef struct { long offset, size; int flags; } Parameter;
typedef Parameter Block;  // what a thread updates at a time

// Where a weight matrix lies packed: rows of `taps` matrices of `inner` rows each, the last first (reverse: floats
// from one to the next). tap: floats between the nine matrices of a 3 x 3 kernel that lies as spots (winograd.h).
typedef struct {
  float *data;
  long offset, row, column, reverse, tap;
  int taps, inner, n;
} Packed;

enum { MAX_PACKED = 64, MAX_STORES = 10, CHUNKS = 8, SOLO = 0 };

struct Op {
  int code;
  const int32_t *f;  // the fields after in and out
  int in, out;
  int skip;                    // done by another op it was fused into
  int accumulate[2], want[2];  // gradients of the inputs: add to what is there; is it wanted
  float *own[MAX_STORES];      // the layer's own arrays
  uint8_t *marks;
  int32_t *links;              // of a concatenation: for each input 2 (wanted) + 1 (accumulate)
  Packed packed[MAX_PACKED];
  int packs;
  // Batch normalisation together with the ReLU, pooling and dropout that follow it.
  int h, w, ph, pw, oh, ow, relu;
  float rate;
  uint32_t salt;
  int to;  // where its result goes: `out` of the last op fused
  int from, until;  // in forward mode: between which meetings it works
};

struct Core {
  int32_t *program;
  Buffer *buffers;
  Parameter *table;
  Op *ops;
  Step *forward, *backward;
  Block *blocks;
  double *norms, *losses;
  int nbuffers, nparameters, nops, nblocks, input, output, classes, nforward, nbackward;
  long size;  // floats of the parameter vector
  float *p, *m, *v, *g, *x, *y, *weights;
  int max_batch, count, training, update, unpacked;
  uint32_t seed, step;
  float rate, beta1, beta2, epsilon, decay, clip;
  Team team;
  char *memory;
  uint64_t used, head;  // bytes of the memory, and of what stands before it
  void *threads;
  // Forward mode. `memory` has what no input's size changes; the rest is in `room`, whose pieces are used in turn.
  int solitary, words, nparts, nholds;
  Part *parts;
  Hold *holds;
  char *room;
  uint64_t room_used, room_bytes;
  int from, until, lasting;  // of what is taken next
};

INLINE float bits(int32_t i) {
  union { int32_t i; float f; } u = {i};
  return u.f;
}
INLINE float *value(Core *c, int buffer, int b) { return c->buffers[buffer].value + b * c->buffers[buffer].stride; }
INLINE float *gradient(Core *c, int buffer, int b) { return c->buffers[buffer].gradient + b * c->buffers[buffer].stride; }
INLINE uint32_t dropout_key(Core *c, uint32_t salt) { return mix(mix(mix(c->seed) + c->step) + salt); }
INLINE int32_t dropout_threshold(float rate) { return (int32_t)(rate * 16777216.f); }
INLINE const float *weight(Core *c, int32_t offset) { return offset < 0 ? 0 : c->p + offset; }

// The share [*first, *last) of n equal tasks of a thread.
INLINE void share(Core *c, int tid, long n, long *first, long *last) {
  *first = n * tid / c->team.size;
  *last = n * (tid + 1) / c->team.size;
}

// Sums of the clips, in order, into the gradient: partial[clip][n].
static void reduce_clips(Core *c, int tid, const float *partial, long n, int32_t offset) {
  if (offset < 0) return;
  long first, last;
  share(c, tid, n, &first, &last);
  float *g = c->g + offset;
  for (int b = 0; b < c->count; b++)
    for (long j = first; j < last; j++) g[j] += partial[b * n + j];
}

// Vectors of columns that are summed at a time, so that each line of memory is read once.
enum { WIDE = 4 };

INLINE void wide_sums(int wide, const float *a, long rows, long n, float *out, long left) {
  vf s[WIDE];
  UNROLL for (int v = 0; v < wide; v++) s[v] = fill(0);
  for (long i = 0; i < rows; i++)
    UNROLL for (int v = 0; v < wide; v++) s[v] += load(a + i * n + v * VECTOR);
  UNROLL for (int v = 0; v < wide; v++) store(out + v * VECTOR, s[v], left - v * VECTOR);
}
// Column sums of rows x n into out[n].
static void column_sums(const float *a, long rows, long n, float *out) {
  long j = 0;
  for (; j + WIDE * VECTOR <= n; j += WIDE * VECTOR) wide_sums(WIDE, a + j, rows, n, out + j, n - j);
  for (; j < n; j += VECTOR) wide_sums(1, a + j, rows, n, out + j, n - j);
}

INLINE void put(float *to, float v, int accumulate) { *to = accumulate ? *to + v : v; }
INLINE void vput(float *to, vf v, long n, int accumulate) { store(to, either(accumulate, load(to) + v, v), n); }

// Memory while a network is laid out: first counted, then handed out.
static void *claim(Core *c, uint64_t bytes) {
  Hold *held = c->holds, *mine = held + c->nholds;
  *mine = (Hold){0, bytes, c->from, c->until};
  for (int i = 0; i < c->nholds; i++) {
    if (held[i].to < mine->from || held[i].from > mine->to) continue;
    if (mine->at + bytes <= held[i].at || mine->at >= held[i].at + held[i].bytes) continue;
    mine->at = held[i].at + held[i].bytes, i = -1;
  }
  if (mine->at + bytes > c->room_used) c->room_used = mine->at + bytes;
  c->nholds++;
  return c->room ? c->room + mine->at : 0;
}
static void *take(Core *c, double count, double each) {
  double bytes = count * each + SLACK * 4.;
  uint64_t rounded = ((uint64_t)bytes + 127) & ~63ull;
  if (bytes > 1e12) rounded = (uint64_t)1e12;
  if (c->solitary && !c->lasting) return claim(c, rounded);
  void *at = c->memory ? c->memory + c->used : 0;
  c->used += rounded;
  return at;
}
INLINE float *floats(Core *c, double n) { return take(c, n, sizeof(float)); }

// A weight matrix [k][n] at `offset` that products want packed; element (i, j) is at i * row + j * column.
static Packed *add_packed(Core *c, Op *o, long offset, long row, long column, int k, int n) {
  Packed *p = &o->packed[o->packs++];
  c->lasting++;
  *p = (Packed){floats(c, (double)PACKED(k, n)), offset, row, column, 0, 0, 1, k, n};
  c->lasting--;
  return p;
}
// dW[m][n] += A^T B over `rows` rows (ax, bx apart) of each of nz groups: this thread's tiles.
static void outer_rows(Core *c, int tid, Outer g, int nz, int rows) {
  long first, last;
  share(c, tid, outer_tiles(g.m, g.n), &first, &last);
  g.nz = nz, g.ny = 1, g.nx = rows;
  outer(&g, (int)first, (int)last);
}
#endif
