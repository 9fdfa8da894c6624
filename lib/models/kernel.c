/*
 * The inner loops of logistic-loss.ts in double precision, two classes a vector and four rows at a time. Every sum keeps the order
 * of the loops over one row and one class, so that the results are theirs to the bit. lib/build/kernels.mjs compiles it.
 */

#define EXPORT(name) __attribute__((export_name(#name)))
#define ROWS 4

typedef double d2 __attribute__((vector_size(16)));

static inline d2 both(double value) { return (d2){value, value}; }

/* logits[r] = the row of biases + x[r] times the rows of w; the values of x are left in lanes, the four rows' side by side. */
EXPORT(logits) void logits(const float *x, int columns, const d2 *w, int pairs, double *lanes, d2 *out) {
  for (int j = 0; j < columns; j++)
    for (int r = 0; r < ROWS; r++) lanes[j * ROWS + r] = x[r * columns + j];
  const d2 *bias = w + columns * pairs;
  int c = 0;
  for (; c + 2 <= pairs; c += 2) {
    d2 a[ROWS], b[ROWS];
    for (int r = 0; r < ROWS; r++) a[r] = bias[c], b[r] = bias[c + 1];
    const d2 *row = w + c;
    for (int j = 0; j < columns; j++, row += pairs)
      for (int r = 0; r < ROWS; r++) {
        d2 value = both(lanes[j * ROWS + r]);
        a[r] += value * row[0];
        b[r] += value * row[1];
      }
    for (int r = 0; r < ROWS; r++) out[r * pairs + c] = a[r], out[r * pairs + c + 1] = b[r];
  }
  if (c == pairs) return;
  d2 a[ROWS];
  for (int r = 0; r < ROWS; r++) a[r] = bias[c];
  const d2 *row = w + c;
  for (int j = 0; j < columns; j++, row += pairs)
    for (int r = 0; r < ROWS; r++) a[r] += both(lanes[j * ROWS + r]) * row[0];
  for (int r = 0; r < ROWS; r++) out[r * pairs + c] = a[r];
}

/* gradient += the rows' weights times their x, which lanes has, times their errors; the biases' last. */
EXPORT(gradient) void gradient(double *lanes, int columns, const d2 *errors, const double *weights, int pairs, d2 *out) {
  for (int j = 0; j < columns; j++)
    for (int r = 0; r < ROWS; r++) lanes[j * ROWS + r] *= weights[r];
  int c = 0;
  for (; c + 2 <= pairs; c += 2) {
    d2 a[ROWS], b[ROWS];
    for (int r = 0; r < ROWS; r++) a[r] = errors[r * pairs + c], b[r] = errors[r * pairs + c + 1];
    d2 *row = out + c;
    for (int j = 0; j < columns; j++, row += pairs) {
      d2 left = row[0], right = row[1];
      for (int r = 0; r < ROWS; r++) {
        d2 value = both(lanes[j * ROWS + r]);
        left += value * a[r];
        right += value * b[r];
      }
      row[0] = left, row[1] = right;
    }
    for (int r = 0; r < ROWS; r++) row[0] += both(weights[r]) * a[r], row[1] += both(weights[r]) * b[r];
  }
  if (c == pairs) return;
  d2 *row = out + c;
  for (int j = 0; j < columns; j++, row += pairs) {
    d2 sum = row[0];
    for (int r = 0; r < ROWS; r++) sum += both(lanes[j * ROWS + r]) * errors[r * pairs + c];
    row[0] = sum;
  }
  for (int r = 0; r < ROWS; r++) row[0] += both(weights[r]) * errors[r * pairs + c];
}
