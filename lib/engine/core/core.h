// The training core: runs a network, described by a program of numbers, forward, backward and through the optimizer.
// No dependency; the same sources make the Node addon and the WebAssembly module.
//
// The program (32-bit integers)
//
//   [0] CORE_MAGIC   [1] buffers   [2] parameters   [3] ops   [4] input buffer   [5] output buffer
//   buffers x [size]                  floats of one clip; a buffer has one layout, so Reshape and Flatten need no op:
//                                     the next op just reads the same buffer with other sizes
//   parameters x [offset, size, flags] into the flat parameter vector; flags: PARAM_TRAINABLE | PARAM_DECAY
//   ops x [code, words, in, out, fields ...]  in the order of the forward pass; `words` counts all of the op's words
//
// A buffer is written by one op (recurrent ops may each write their columns of one buffer) and read whole by any
// number of later ops. The last op must be OP_ACTIVATION with ACT_SOFTMAX, and its output is the output buffer; the
// loss is computed from its input. Sizes are per clip; everything is row-major with channels last.
// Fractions are the bits of a 32-bit float. NONE (-1) stands for a weight that is not there. Weights lie as tf.layers
// has them; w, b, ... are offsets into the flat parameter vector.
//
//   OP_DENSE       rows, ci, co, w[ci,co], b
//   OP_CONV2D      h, w, ci, co, kh, kw, sh, sw, dh, dw, padTop, padBottom, padLeft, padRight, w[kh,kw,ci,co], b
//                  s strides, d dilations; oh = (h + padTop + padBottom - (kh-1)*dh - 1) / sh + 1. Conv1D: h = kh = 1
//   OP_DEPTHWISE   h, w, c, multiplier, kh, kw, sh, sw, dh, dw, padTop, padBottom, padLeft, padRight,
//                  w[kh,kw,c,multiplier], b
//   OP_BATCHNORM   rows, c, gamma, beta, mean, variance, epsilon, momentum
//                  training: statistics over all rows of the batch, running = running * momentum + batch * (1 -
//                  momentum), population variance; prediction: the running ones
//   OP_LAYERNORM   rows, c, gamma, beta, epsilon
//   OP_ACTIVATION  rows, c, kind (ACT_...), alpha (leakyRelu, elu; else 0). Softmax is over c. Not all in recurrent ops
//   OP_MAXPOOL     h, w, c, ph, pw, sh, sw, padTop, padLeft, oh, ow    (padding never wins)
//   OP_AVGPOOL     the same; the mean is over what is no padding
//   OP_GLOBALPOOL  rows, c, kind (0 mean, 1 maximum) over the rows
//   OP_DROPOUT     rows, c, rate, salt, spatial (1: one mask per channel for all rows; 2: one for the whole clip)
//                  keeps an element if (hash >> 8) >= rate * 2^24, then divides by 1 - rate; with
//                  mix(x): x ^= x>>16; x *= 0x7feb352d; x ^= x>>15; x *= 0x846ca68b; x ^= x>>16
//                  hash = mix(index + mix(mix(mix(seed) + step) + salt)), index = clip*rows*c + row*c + channel
//                  (spatial 1: clip*c + channel, 2: clip), all modulo 2^32; step counts updates from 0
//   OP_LSTM        t, ci, h, flags (RNN_...), kernel[ci,4h] i f c o, recurrent[h,4h], bias, recurrentActivation, activation,
//                  column, stride: row r of the output is at r * stride + column of `out` (no sequences: r = 0);
//                  plain: column 0, stride h; then mask: a buffer of t numbers, or NONE. Where it is 0 the step is not
//                  taken: the state stays, and an output row is the state. Activations are any but softmax
//   OP_GRU         the same; kernel[ci,3h] z r h, recurrent[h,3h], resetAfter false
//   OP_CONCAT      rows, n, then n x [buffer, width]; out has rows of the sum of the widths. `in` is the first buffer
//   OP_ADD         in2, rows, c
//   OP_MULTIPLY    in2, rows, c, c2 (c, or 1: one factor per row)
//   OP_DOT         in2, k, m, n: out[m,n] = sum over k of in[k,m] * in2[k,n]
//   OP_REVERSE     rows, c
//   OP_PERMUTE     d0, d1, d2, d3, p0, p1, p2, p3: axis i of the output is axis p[i] of the input (clip axis not counted;
//                  fill with leading ones: [t, f] -> [f, t] is 1 1 t f, 0 1 3 2)
//   OP_FRAMES      rows, c, padding, stride, kind: the real rows, which hold another number than `padding`. With n[r] of
//                  them among the rows r * stride .. r * stride + stride - 1, out[rows / stride] is for the kinds
//                  FRAMES_COUNT n[r], FRAMES_SHARE n[r] / sum of n (0 without any), FRAMES_LOG ln(n[r] / stride), -1e9
//                  where n[r] = 0. It gives no gradient back
//   OP_POSITIONS   rows, c, table[positions, c], positions: out = in + the table's first rows
//   OP_ATTENTION   rows, w, heads, weights: in has rows of queries, keys and values, w each. For each head, which has d =
//                  w / heads columns, out[i] = sum over j of softmax over j(q[i] k[j] / sqrt(d) + weights[j]) v[j]; weights
//                  is a buffer of `rows` numbers, or NONE
//   OP_GROUPNORM   rows, c, gamma, beta, epsilon: each column by its mean and population variance over the clip's rows
//   OP_GROUPED     rows, ci, co, k, groups, left, w[k,ci/groups,co], b: convolution over the rows, of which `left` zeros
//                  stand before and k - 1 - left after, so that out has as many; group g of the output's columns sees
//                  group g of the input's. At most 32 groups
//
// A program that begins with CORE_FORWARD is only run forward, on one clip at a time, whose rows all threads share. It may
// end in any op, and its output may be the output of any. There are no arrays but ARRAY_PARAMETERS (to be written whole, and
// never read), ARRAY_INPUT and ARRAY_OUTPUT; core_reshape gives it other sizes, after which the last two have to be asked for again.
//
// Threads: each has a fixed range of the clips; sums over the batch run over clips or rows in one fixed order, cut
// into tasks by the sizes alone. So the result does not depend on the number of threads, to the bit.
#ifndef SER_CORE_H
#define SER_CORE_H
#include <stdint.h>

enum { CORE_MAGIC = 0x53455231, CORE_FORWARD = 0x53455232, NONE = -1 };
enum { PARAM_TRAINABLE = 1, PARAM_DECAY = 2 };
enum {
  OP_DENSE = 1, OP_CONV2D = 2, OP_DEPTHWISE = 3, OP_BATCHNORM = 4, OP_LAYERNORM = 5, OP_ACTIVATION = 6,
  OP_MAXPOOL = 7, OP_AVGPOOL = 8, OP_GLOBALPOOL = 9, OP_DROPOUT = 10, OP_LSTM = 11, OP_GRU = 12, OP_CONCAT = 13,
  OP_ADD = 14, OP_MULTIPLY = 15, OP_DOT = 16, OP_REVERSE = 17, OP_PERMUTE = 18, OP_FRAMES = 19,
  OP_POSITIONS = 20, OP_ATTENTION = 21, OP_GROUPNORM = 30, OP_GROUPED = 31,
};
enum {
  ACT_LINEAR = 0, ACT_RELU = 1, ACT_ELU = 2, ACT_TANH = 3, ACT_SIGMOID = 4, ACT_HARD_SIGMOID = 5, ACT_SOFTMAX = 6,
  ACT_LEAKY_RELU = 7, ACT_RELU6 = 8, ACT_GELU = 9,
};
enum { FRAMES_COUNT = 0, FRAMES_SHARE = 1, FRAMES_LOG = 2 };
// Backwards: reads the last row first. Sequences: the output has a row for each step, in the order of reading
// (tf.layers); in time: with backwards and sequences, each output row stands where its input row stood.
enum { RNN_SEQUENCES = 1, RNN_BACKWARDS = 2, RNN_IN_TIME = 4 };

typedef struct Core Core;

// What core_create answers instead of a core.
enum { CORE_OK = 0, CORE_BAD_PROGRAM = 1, CORE_NO_MEMORY = 2 };

// Where the caller finds a core's arrays (core_array).
enum {
  ARRAY_PARAMETERS = 0,  // the flat parameter vector
  ARRAY_M = 1,           // Adam's first moments, laid out as the parameters
  ARRAY_V = 2,           // second moments
  ARRAY_GRADIENTS = 3,   // of the last step, before clipping
  ARRAY_INPUT = 4,       // maxBatch * size of the input buffer
  ARRAY_TARGETS = 5,     // maxBatch * classes
  ARRAY_WEIGHTS = 6,     // maxBatch
  ARRAY_OUTPUT = 7,      // maxBatch * classes: probabilities of the last prediction
};
enum { STEP_GRADIENTS = 0, STEP_UPDATE = 1 };
#endif
