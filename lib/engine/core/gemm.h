// The two matrix products that all layers with weights are made of. Sums run over k in order in every case, so a row
// of the result does not depend on the rows beside it.
#ifndef SER_GEMM_H
#define SER_GEMM_H
#include "simd.h"

INLINE int least(int a, int b) { return a < b ? a : b; }

// Floats of a packed matrix of k rows and n columns.
#define PACKED(k, n) ((long)(k) * (((n) + COLUMNS - 1) / COLUMNS) * COLUMNS)

// Panel number `panel` of B[k][n] = b[k * row + n * column], COLUMNS wide and filled up with zeros, at `out`.
static void pack_panel(const float *b, long row, long column, int k, int n, int panel, float *out) {
  int n0 = panel * COLUMNS, width = n - n0 < COLUMNS ? n - n0 : COLUMNS;
  for (int i = 0; i < k; i++, out += COLUMNS) {
    const float *from = b + i * row + n0 * column;
    for (int j = 0; j < width; j++) out[j] = from[j * column];
    for (int j = width; j < COLUMNS; j++) out[j] = 0;
  }
}

// C = (accumulate ? C : bias) + A * B, where A's rows are windows: row (y, x) is read at a + y*ay + x*ax, in `taps` *
// `subtaps` stretches of k floats that are `tap` and `subtap` apart. So one routine serves dense layers,
// convolutions without im2col and recurrent layers, whose rows lie apart.
typedef struct {
  int ny, nx;
  const float *a;
  long ay, ax;
  int taps, subtaps, k;
  long tap, subtap;
  const float *b;  // packed; taps * subtaps * k rows
  int n;
  float *c;
  long cy, cx;
  const float *bias;
  int accumulate;  // APART: the sum over k is made first, then added to C
  long deep;       // of a part of a product: rows of the whole packed matrix
  const float *then;  // and what is read of it after this part
} Product;

enum { APART = 2, DEPTH = 128, TALL = 192, STRIP = VECTOR == 8 ? 256 : 128 };

INLINE void multiply(int rows, int k, const float *const *a, const float *b, vf acc[][2]) {
  const float *p[ROWS];
  UNROLL for (int i = 0; i < rows; i++) p[i] = a[i];
  for (int j = 0; j < k; j++, b += COLUMNS) {
    vf b0 = load(b), b1 = load(b + VECTOR);
    UNROLL for (int i = 0; i < rows; i++) {
      vf v = fill(p[i][j]);
      acc[i][0] = v * b0 + acc[i][0];
      acc[i][1] = v * b1 + acc[i][1];
    }
  }
}

// The last, narrower panel of a row.
NOINLINE void put_edge(const Product *g, float *c, const float *t, int n0, int width) {
  for (int j = 0; j < width; j++)
    c[n0 + j] = t[j] + (g->accumulate ? c[n0 + j] : g->bias ? g->bias[n0 + j] : 0);
}

// `rows` rows (a compile-time number) of one panel.
INLINE void product_rows(int rows, const Product *g, const float *const *a, float *const *c, const float *b, int n0) {
  vf acc[ROWS][2];
  int width = g->n - n0, full = width >= COLUMNS;
  if (full && g->accumulate == 1) {
    UNROLL for (int i = 0; i < rows; i++) acc[i][0] = load(c[i] + n0), acc[i][1] = load(c[i] + n0 + VECTOR);
  } else {
    int with = full && g->bias && !g->accumulate;
    vf b0 = with ? load(g->bias + n0) : fill(0), b1 = with ? load(g->bias + n0 + VECTOR) : fill(0);
    UNROLL for (int i = 0; i < rows; i++) acc[i][0] = b0, acc[i][1] = b1;
  }
  if (g->taps == 1 && g->subtaps == 1) multiply(rows, g->k, a, b, acc);
  else
    for (int t = 0; t < g->taps; t++)
      for (int s = 0; s < g->subtaps; s++, b += (long)g->k * COLUMNS) {
        const float *p[ROWS];
        UNROLL for (int i = 0; i < rows; i++) p[i] = a[i] + t * g->tap + s * g->subtap;
        multiply(rows, g->k, p, b, acc);
      }
  if (full && g->accumulate == APART) {
    UNROLL for (int i = 0; i < rows; i++) {
      *(vf *)(c[i] + n0) = load(c[i] + n0) + acc[i][0];
      *(vf *)(c[i] + n0 + VECTOR) = load(c[i] + n0 + VECTOR) + acc[i][1];
    }
    return;
  }
  if (full) {
    UNROLL for (int i = 0; i < rows; i++) {
      *(vf *)(c[i] + n0) = acc[i][0];
      *(vf *)(c[i] + n0 + VECTOR) = acc[i][1];
    }
    return;
  }
  // No array of vectors may be indexed by a variable: it would live in memory.
  UNROLL for (int i = 0; i < rows; i++) {
    float t[COLUMNS];
    *(vf *)t = acc[i][0];
    *(vf *)(t + VECTOR) = acc[i][1];
    put_edge(g, c[i], t, n0, width);
  }
}

// Asks for a share of a packed part, tile by tile of the one before, so that it is there when its turn comes.
INLINE void fetch(const float *next, long floats, long tile, long tiles) {
  if (!next) return;
  for (long line = floats / 16 * tile / tiles; line < floats / 16 * (tile + 1) / tiles; line++) __builtin_prefetch(next + line * 16, 0, 2);
}

// `rows` rows from number *x of a line on, which begins at *a0 and *c0; goes on to what follows them.
INLINE void product_tile(int rows, const Product *g, const float **a0, float **c0, int *x, const float *b, int n0) {
  const float *a[ROWS];
  float *c[ROWS];
  UNROLL for (int i = 0; i < rows; i++) {
    a[i] = *a0 + *x * g->ax;
    c[i] = *c0 + *x * g->cx;
    if (++*x == g->nx) *x = 0, *a0 += g->ay, *c0 += g->cy;
  }
  product_rows(rows, g, a, c, b, n0);
}

NOINLINE void product(const Product *g) {
  long total = (long)g->ny * g->nx, depth = g->deep ? g->deep : (long)g->taps * g->subtaps * g->k, tiles = (total + ROWS - 1) / ROWS;
  for (int n0 = 0; n0 < g->n; n0 += COLUMNS) {
    const float *b = g->b + n0 * depth, *next = !g->deep ? 0 : n0 + COLUMNS < g->n ? b + COLUMNS * depth : g->then;
    int x = 0;
    const float *a = g->a;
    float *c = g->c;
    // The last two tiles share what is left: a low one takes as long as one of twice its rows.
    for (long tile = 0, left = total; tile < tiles; tile++) {
      long rows = left > 2 * ROWS || left <= ROWS ? least(ROWS, left) : (left + 1) / 2;
      left -= rows;
      fetch(next, (long)g->k * COLUMNS, tile, tiles);
      switch (rows) {
        case 1: product_tile(1, g, &a, &c, &x, b, n0); break;
        case 2: product_tile(2, g, &a, &c, &x, b, n0); break;
        case 3: product_tile(3, g, &a, &c, &x, b, n0); break;
        case 4: product_tile(4, g, &a, &c, &x, b, n0); break;
#if defined(__AVX2__)
        case 5: product_tile(5, g, &a, &c, &x, b, n0); break;
        case 6: product_tile(6, g, &a, &c, &x, b, n0); break;
#endif
#if defined(__AVX512F__)
        case 7: product_tile(7, g, &a, &c, &x, b, n0); break;
        case 8: product_tile(8, g, &a, &c, &x, b, n0); break;
#endif
      }
    }
  }
}

// The same, but long sums are made in parts of DEPTH, each by itself, and for TALL rows at a time: rounding errors stay
// small, and the parts of A, B and C in the cache. The training has its sums in one piece.
static void product_deep(const Product *g) {
  if (g->taps > 1 || g->subtaps > 1 || g->ny > 1 || g->k <= DEPTH) {
    product(g);
    return;
  }
  for (int x = 0; x < g->nx; x += TALL)
    for (int k = 0; k < g->k; k += DEPTH) {
      Product part = *g;
      part.a += x * g->ax + k, part.c += x * g->cx, part.nx = g->nx - x < TALL ? g->nx - x : TALL;
      part.b += (long)k * COLUMNS, part.deep = g->k, part.k = g->k - k < DEPTH ? g->k - k : DEPTH;
      part.then = k + DEPTH < g->k ? part.b + DEPTH * COLUMNS : x + TALL < g->nx ? g->b : 0;
      if (k) part.accumulate = APART;
      product(&part);
    }
}

// C[m][n] += sum over (z, y, x) of a[z*az + y*ay + x*ax + m] * b[z*bz + y*by + x*bx + n]: gradients of weights.
typedef struct {
  int nz, ny, nx, m, n;
  const float *a;
  long az, ay, ax;
  const float *b;
  long bz, by, bx;
  float *c;
  long row;
  long panel;  // where b lies in panels, its rows COLUMNS floats each: from one panel to the next; else 0
} Outer;

// `rows` rows of C, of which g->m says how many are stored, in one panel of columns, over rows of b that lie packed in `strip`.
INLINE void outer_tile(int rows, const Outer *g, const float *strip, int m0, int n0) {
  vf acc[ROWS][2];
  UNROLL for (int i = 0; i < rows; i++) acc[i][0] = acc[i][1] = fill(0);
  for (int z = 0; z < g->nz; z++)
    for (int y = 0; y < g->ny; y++) {
      const float *a = g->a + z * g->az + y * g->ay + m0;
      for (int x = 0; x < g->nx; x++, a += g->ax, strip += COLUMNS) {
        vf b0 = load(strip), b1 = load(strip + VECTOR);
        UNROLL for (int i = 0; i < rows; i++) {
          vf v = fill(a[i]);
          acc[i][0] = v * b0 + acc[i][0];
          acc[i][1] = v * b1 + acc[i][1];
        }
      }
    }
  int width = g->n - n0;
  UNROLL for (int i = 0; i < rows; i++) if (m0 + i < g->m) {
    float *c = g->c + (m0 + i) * g->row + n0;
    store(c, load(c) + acc[i][0], width);
    if (width > VECTOR) store(c + VECTOR, load(c + VECTOR) + acc[i][1], width - VECTOR);
  }
}

INLINE int outer_tiles(int m, int n) { return ((m + ROWS - 1) / ROWS) * ((n + COLUMNS - 1) / COLUMNS); }

// A panel's rows of b beside each other: from where they lie, often a power of two apart, they would push each other out of the
// cache.
static void outer_strip(const Outer *g, int n0, float *to) {
  for (int z = 0; z < g->nz; z++)
    for (int y = 0; y < g->ny; y++) {
      const float *b = g->b + z * g->bz + y * g->by + n0;
      for (int x = 0; x < g->nx; x++, b += g->bx, to += COLUMNS) *(vf *)to = load(b), *(vf *)(to + VECTOR) = load(b + VECTOR);
    }
}

// Tiles first..last, which go down a panel of columns, then on to the next.
NOINLINE void outer_block(const Outer *g, int first, int last) {
  float copy[STRIP * COLUMNS];
  int tall = (g->m + ROWS - 1) / ROWS;
  for (int panel = first / tall; panel * tall < last; panel++) {
    int n0 = panel * COLUMNS;
    const float *strip = g->panel ? g->b + panel * g->panel : copy;
    if (!g->panel) outer_strip(g, n0, copy);
    int from = first > panel * tall ? first - panel * tall : 0, until = least(last - panel * tall, tall);
    for (int tile = from; tile < until; tile++) {
      if (g->m - tile * ROWS <= ROWS / 2) outer_tile(ROWS / 2, g, strip, tile * ROWS, n0);
      else outer_tile(ROWS, g, strip, tile * ROWS, n0);
    }
  }
}

// The same over any number of rows, of which STRIP are taken at a time.
static void outer(const Outer *g, int first, int last) {
  int nx = least(g->nx, STRIP), ny = least(g->ny, STRIP / nx), nz = least(g->nz, STRIP / (nx * g->ny));
  if (ny < 1) ny = 1;
  if (nz < 1) nz = 1;
  for (int z = 0; z < g->nz; z += nz)
    for (int y = 0; y < g->ny; y += ny)
      for (int x = 0; x < g->nx; x += nx) {
        Outer part = *g;
        part.nz = least(nz, g->nz - z), part.ny = least(ny, g->ny - y), part.nx = least(nx, g->nx - x);
        part.a += z * g->az + y * g->ay + x * g->ax, part.b += z * g->bz + y * g->by + x * g->bx;
        outer_block(&part, first, last);
      }
}
#endif
