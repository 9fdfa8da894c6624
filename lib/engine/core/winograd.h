// Convolutions with 3 x 3 kernels, without strides, by minimal filtering, F(2 x 2, 3 x 3) of Lavin and Gray (2016): a tile of
// 2 x 2 outputs comes from one of 4 x 4 inputs by 16 products instead of 36. Output Y = A'((G g G') * (B' d B)) A with
//
//        1  0  0          1  0 -1  0          1  1  1  0
//   G = 1/2 1/2 1/2   B' = 0  1  1  0    A' = 0  1 -1 -1
//       1/2 -1/2 1/2       0 -1  1  0
//        0  0  1          0  1  0 -1
//
// The 4 x 4 places of a tile are `spots`, each a matrix product over the channels. Error is like that of the plain sum.
#ifndef SER_WINOGRAD_H
#define SER_WINOGRAD_H
#include "network.h"

enum { SPOTS = 16, SPOT_FLOATS = 65536 };

INLINE int halves(int n) { return (n + 1) / 2; }

// Tiles taken at a time forward (four times as many for weights, of which a fourth of the spots are made): so many that their
// spots stay in the cache.
static int wino_block(int ci, int co) {
  int tiles = SPOT_FLOATS / SPOTS / (ci + co) / ROWS * ROWS;
  return tiles > 2 * ROWS ? tiles : 2 * ROWS;
}
static long wino_scratch(int ci, int co) { return (long)SPOTS * wino_block(ci, co) * (ci + co + 2 * COLUMNS) + 2 * SLACK; }

INLINE vf pick(const float *p, long column, int n) {
  vf v = fill(0);
  if (column == 1) return load_part(p, n);
  for (int i = 0; i < VECTOR && i < n; i++) v[i] = p[i * column];
  return v;
}
// Spots of one panel of a kernel whose tap (y, x) is the matrix [k][n] at w + (3 y + x) * tap; element (i, j) at i * row + j * column.
static void wino_pack(const float *w, long tap, long row, long column, int turned, int k, int n, int panel, float *out) {
  int n0 = panel * COLUMNS, width = least(COLUMNS, n - n0);
  long plane = PACKED(k, n);
  out += (long)panel * k * COLUMNS;
  for (int i = 0; i < k; i++, out += COLUMNS)
    for (int j = 0; j < COLUMNS; j += VECTOR) {
      const float *g = w + i * row + (n0 + j) * column;
      vf t[4][3], half = fill(.5f);
      UNROLL for (int x = 0; x < 3; x++) {
        int at = turned ? 8 - x : x, down = turned ? -3 : 3;
        vf first = pick(g + at * tap, column, width - j), mid = pick(g + (at + down) * tap, column, width - j),
           last = pick(g + (at + 2 * down) * tap, column, width - j);
        t[0][x] = first, t[1][x] = half * (first + mid + last), t[2][x] = half * (first - mid + last), t[3][x] = last;
      }
      UNROLL for (int r = 0; r < 4; r++) {
        float *to = out + 4 * r * plane + j;
        *(vf *)to = t[r][0];
        *(vf *)(to + plane) = half * (t[r][0] + t[r][1] + t[r][2]);
        *(vf *)(to + 2 * plane) = half * (t[r][0] - t[r][1] + t[r][2]);
        *(vf *)(to + 3 * plane) = t[r][2];
      }
    }
}

// Row r of B' d B for tiles first .. first + count - 1 of an image of `n` channels with `line` floats a line; spot q of tile t
// goes to to + q * plane + t * n.
INLINE void wino_inputs(int r, const float *image, long line, int n, int across, long first, long count, float *to, long plane) {
  const float *a = image + (r ? 1 : 0) * line, *b = image + (r == 3 ? 3 : 2) * line;
  int y = (int)(first / across), x = (int)(first % across);
  for (long t = 0; t < count; t++, to += n) {
    long at = y * 2 * line + x * 2L * n;
    if (++x == across) x = 0, y++;
    for (int j = 0; j < n; j += VECTOR) {
      const float *p = a + at + j, *q = b + at + j;
      vf d[4];
      UNROLL for (int i = 0; i < 4; i++)
        d[i] = r == 1 ? load(p + i * n) + load(q + i * n) : r == 2 ? load(q + i * n) - load(p + i * n) : load(p + i * n) - load(q + i * n);
      store(to + j, d[0] - d[2], n - j);
      store(to + plane + j, d[1] + d[2], n - j);
      store(to + 2 * plane + j, d[2] - d[1], n - j);
      store(to + 3 * plane + j, d[1] - d[3], n - j);
    }
  }
}

// Row r of A y A' for a gradient y of h x w x n: what the spots of each output tile give back, in panels of COLUMNS columns from
// number `from` to `until`, each `panel` floats long.
INLINE void wino_gradients(int r, const float *y, int h, int w, int n, int from, int until, long first, long count, float *to, long panel,
                           long plane) {
  int across = halves(w), top = (int)(first / across) * 2, left = (int)(first % across) * 2;
  for (long t = 0; t < count; t++, to += COLUMNS) {
    int down = top + 1 < h, right = left + 1 < w;
    const float *at = y + ((long)top * w + left) * n;
    if ((left += 2) >= w) left = 0, top += 2;
    for (int j = 2 * from; j < 2 * until; j++) {
      const float *p = at + j * VECTOR;
      float *out = to + (j / 2 - from) * panel + j % 2 * VECTOR;
      vf d[2];
      UNROLL for (int x = 0; x < 2; x++) {
        vf upper = r < 3 && (x == 0 || right) ? load(p + x * n) : fill(0);
        vf lower = r > 0 && down && (x == 0 || right) ? load(p + (w + x) * (long)n) : fill(0);
        d[x] = r == 1 ? upper + lower : upper - lower;
      }
      *(vf *)out = d[0];
      *(vf *)(out + plane) = d[0] + d[1];
      *(vf *)(out + 2 * plane) = d[0] - d[1];
      *(vf *)(out + 3 * plane) = fill(0) - d[1];
    }
  }
}

// A' M A for the tiles, into an image of h x w x n.
static void wino_outputs(const float *m, long plane, int h, int w, int n, long first, long count, float *out, const float *bias,
                         int accumulate) {
  int across = halves(w), top = (int)(first / across) * 2, left = (int)(first % across) * 2;
  for (long t = 0; t < count; t++, m += n) {
    int down = top + 1 < h, right = left + 1 < w;
    float *to = out + ((long)top * w + left) * n, *below = to + (long)w * n;
    if ((left += 2) >= w) left = 0, top += 2;
    for (int j = 0; j < n; j += VECTOR) {
      vf p[4], q[4], b = bias ? load(bias + j) : fill(0);
      UNROLL for (int r = 0; r < 4; r++) {
        const float *s = m + 4 * r * plane + j;
        vf mid = load(s + plane), end = load(s + 2 * plane);
        p[r] = load(s) + mid + end;
        q[r] = mid - end - load(s + 3 * plane);
      }
      vput(to + j, p[0] + p[1] + p[2] + b, n - j, accumulate);
      if (right) vput(to + n + j, q[0] + q[1] + q[2] + b, n - j, accumulate);
      if (down) vput(below + j, p[1] - p[2] - p[3] + b, n - j, accumulate);
      if (down && right) vput(below + n + j, q[1] - q[2] - q[3] + b, n - j, accumulate);
    }
  }
}

// An image of k channels, padded to two more lines and columns than the h x w x n output has (one more where that is odd).
typedef struct {
  const float *image;
  long line;
  int h, w, k, n;
  const float *b;  // packed spots
  float *out;
  const float *bias;
  int accumulate;
  float *scratch;
} Filter;

static void wino_filter(const Filter *g) {
  int across = halves(g->w), block = wino_block(g->k, g->n);
  long total = (long)across * halves(g->h), blocks = (total + block - 1) / block;
  long from = (long)block * g->k, to = (long)block * g->n;
  float *spots = g->scratch, *products = spots + SPOTS * from + SLACK;
  for (long i = 0, first = 0, last; i < blocks; i++, first = last) {
    last = total * (i + 1) / blocks;
    long count = last - first;
    wino_inputs(0, g->image, g->line, g->k, across, first, count, spots, from);
    wino_inputs(1, g->image, g->line, g->k, across, first, count, spots + 4 * from, from);
    wino_inputs(2, g->image, g->line, g->k, across, first, count, spots + 8 * from, from);
    wino_inputs(3, g->image, g->line, g->k, across, first, count, spots + 12 * from, from);
    for (int s = 0; s < SPOTS; s++)
      product(&(Product){.ny = 1, .nx = (int)count, .a = spots + s * from, .ax = g->k, .taps = 1, .subtaps = 1, .k = g->k,
                         .b = g->b + s * PACKED(g->k, g->n), .n = g->n, .c = products + s * to, .cx = g->n});
    wino_outputs(products, to, g->h, g->w, g->n, first, count, g->out, g->bias, g->accumulate);
  }
}
#endif
