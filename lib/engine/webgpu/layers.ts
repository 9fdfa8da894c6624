import { UserError } from "../../base/errors.js";
import { ACTIVATION, DROPOUT, FRAMES, NONE, OP, RNN } from "../core.js";
import { type Arrays, type Builder, put } from "./builder.js";
import type { GpuBuffer } from "./device.js";
import { activation, literal, slope } from "./kernels.js";
import { convolutionSize, type Op } from "./program.js";

/** Adds a layer's kernels of the forward pass; returns what adds those of the backward pass. */
type Layer = (b: Builder, op: Op) => () => void;

const float = (bits: number) => new Float32Array(Int32Array.of(bits).buffer)[0]!;

/** `x[at]` plus a weight's `offset`, which is known. */
const w = (offset: number, at: string) => `p[${offset}u + ${at}]`;

/** The arrays of a layer that reads one buffer and gives its gradient back. */
function arraysOf(b: Builder, op: Op) {
  const x = b.value(op.in);
  const y = b.value(op.out);
  return {
    forth: { reads: { x, p: b.p }, writes: { y } } as Arrays,
    back: () =>
      ({ reads: { x, y, p: b.p, d: b.gradient(op.out) }, writes: { dx: b.gradient(op.in) } }) as Arrays,
  };
}

/** Element-wise: `dx[i]` gets `value`. */
function giveBack(b: Builder, op: Op, value: string, before = "", arrays = arraysOf(b, op).back()): void {
  if (!op.want[0]) return;
  b.map({ each: b.program.sizes[op.in]! }, `${before} ${put("dx[i]", value, op.add[0]!)}`, arrays);
}

const dense: Layer = (b, op) => {
  const [rows, ci, co, kernel, bias] = op.f as unknown as number[];
  const { forth } = arraysOf(b, op);
  b.product(
    {
      m: { each: rows },
      n: co,
      k: ci,
      a: `return x[m * ${ci}u + k];`,
      aAlongK: true,
      b: `return ${w(kernel, `k * ${co}u + n`)};`,
      bAlongK: false,
      store: `y[m * ${co}u + n] = v${bias === NONE ? "" : ` + ${w(bias, "n")}`};`,
    },
    forth,
  );
  return () => {
    denseBackward(b, { rows, ci, co, kernel, bias }, op, { x: b.value(op.in), d: b.gradient(op.out) });
  };
};

/** What follows from the gradient `d` of a product `x W + bias` for `x`, `W` and the bias. */
function denseBackward(
  b: Builder,
  { rows, ci, co, kernel, bias }: Record<"rows" | "ci" | "co" | "kernel" | "bias", number>,
  op: Op,
  { x, d }: { x: GpuBuffer; d: GpuBuffer },
): void {
  if (b.learns(kernel, bias)) {
    b.weights(
      {
        m: ci + (bias === NONE ? 0 : 1),
        n: co,
        k: { each: rows },
        a: `if (m == ${ci}u) { return 1.0; } return x[k * ${ci}u + m];`,
        aAlongK: false,
        b: `return d[k * ${co}u + n];`,
        bAlongK: false,
        dest: `select(${kernel}u + m * ${co}u, ${Math.max(0, bias)}u, m == ${ci}u) + n`,
        add: b.given(`${kernel}`),
      },
      { reads: { x, d } },
    );
  }
  if (!op.want[0]) return;
  b.product(
    {
      m: { each: rows },
      n: ci,
      k: co,
      a: `return d[m * ${co}u + k];`,
      aAlongK: true,
      b: `return ${w(kernel, `n * ${co}u + k`)};`,
      bAlongK: true,
      store: put(`dx[m * ${ci}u + n]`, "v", op.add[0]!),
    },
    { reads: { d, p: b.p }, writes: { dx: b.gradient(op.in) } },
  );
}

const conv2d: Layer = (b, op) => {
  const [h, width, ci, co, kh, kw, sh, sw, dh, dw, top, , left, , kernel, bias] = op.f as unknown as number[];
  const [oh, ow] = convolutionSize(op.f);
  const { forth } = arraysOf(b, op);
  const taps = kh * kw * ci;
  // The input's element for output position `at` and tap `tap`; outside it is zero, by unsigned numbers that wrap around.
  const patch = (at: string, tap: string) => `
    let ox = ${at} % ${ow}u; let oy = ${at} / ${ow}u % ${oh}u; let clip = ${at} / ${oh * ow}u;
    let c = ${tap} % ${ci}u; let kx = ${tap} / ${ci}u % ${kw}u; let ky = ${tap} / ${ci * kw}u;
    let iy = oy * ${sh}u + ky * ${dh}u - ${top}u; let ix = ox * ${sw}u + kx * ${dw}u - ${left}u;
    if (iy >= ${h}u || ix >= ${width}u) { return 0.0; }
    return x[((clip * ${h}u + iy) * ${width}u + ix) * ${ci}u + c];`;
  b.product(
    {
      m: { each: oh * ow },
      n: co,
      k: taps,
      a: patch("m", "k"),
      aAlongK: true,
      b: `return ${w(kernel, `k * ${co}u + n`)};`,
      bAlongK: false,
      store: `y[m * ${co}u + n] = v${bias === NONE ? "" : ` + ${w(bias, "n")}`};`,
    },
    forth,
  );
  return () => {
    const d = b.gradient(op.out);
    if (b.learns(kernel, bias)) {
      b.weights(
        {
          m: taps + (bias === NONE ? 0 : 1),
          n: co,
          k: { each: oh * ow },
          a: `if (m == ${taps}u) { return 1.0; } ${patch("k", "m")}`,
          aAlongK: false,
          b: `return d[k * ${co}u + n];`,
          bAlongK: false,
          dest: `select(${kernel}u + m * ${co}u, ${Math.max(0, bias)}u, m == ${taps}u) + n`,
          add: b.given(`${kernel}`),
        },
        { reads: { x: b.value(op.in), d } },
      );
    }
    if (!op.want[0]) return;
    b.product(
      {
        m: { each: h * width },
        n: ci,
        k: kh * kw * co,
        a: `
          let ix = m % ${width}u; let iy = m / ${width}u % ${h}u; let clip = m / ${h * width}u;
          let c = k % ${co}u; let kx = k / ${co}u % ${kw}u; let ky = k / ${co * kw}u;
          let y0 = iy + ${top}u - ky * ${dh}u; let x0 = ix + ${left}u - kx * ${dw}u;
          let oy = y0 / ${sh}u; let ox = x0 / ${sw}u;
          if (y0 % ${sh}u != 0u || x0 % ${sw}u != 0u || oy >= ${oh}u || ox >= ${ow}u) { return 0.0; }
          return d[((clip * ${oh}u + oy) * ${ow}u + ox) * ${co}u + c];`,
        aAlongK: true,
        b: `return ${w(kernel, `(k / ${co}u * ${ci}u + n) * ${co}u + k % ${co}u`)};`,
        bAlongK: true,
        store: put(`dx[m * ${ci}u + n]`, "v", op.add[0]!),
      },
      { reads: { d, p: b.p }, writes: { dx: b.gradient(op.in) } },
    );
  };
};

const depthwise: Layer = (b, op) => {
  const [h, width, c, many, kh, kw, sh, sw, dh, dw, top, , left, , kernel, bias] =
    op.f as unknown as number[];
  const [oh, ow] = convolutionSize(op.f);
  const { forth, back } = arraysOf(b, op);
  const co = c * many;
  const loop = (body: string) =>
    `for (var ky = 0u; ky < ${kh}u; ky++) { for (var kx = 0u; kx < ${kw}u; kx++) { ${body} } }`;
  b.map(
    { each: oh * ow * co },
    `let o = i % ${co}u; let ox = i / ${co}u % ${ow}u; let oy = i / ${co * ow}u % ${oh}u; let clip = i / ${co * ow * oh}u;
     var v = ${bias === NONE ? "0.0" : w(bias, "o")};
     ${loop(`
       let iy = oy * ${sh}u + ky * ${dh}u - ${top}u; let ix = ox * ${sw}u + kx * ${dw}u - ${left}u;
       if (iy < ${h}u && ix < ${width}u) {
         v += x[((clip * ${h}u + iy) * ${width}u + ix) * ${c}u + o / ${many}u] * ${w(kernel, `(ky * ${kw}u + kx) * ${co}u + o`)};
       }`)}
     y[i] = v;`,
    forth,
  );
  return () => {
    if (b.learns(kernel, bias)) {
      // One tap a row of a product with the channel's own column: a sum over positions for each tap and channel.
      const taps = kh * kw;
      b.weights(
        {
          z: co,
          m: taps + (bias === NONE ? 0 : 1),
          n: 1,
          k: { each: oh * ow },
          a: `if (m == ${taps}u) { return 1.0; }
            let ox = k % ${ow}u; let oy = k / ${ow}u % ${oh}u; let clip = k / ${oh * ow}u;
            let iy = oy * ${sh}u + m / ${kw}u * ${dh}u - ${top}u; let ix = ox * ${sw}u + m % ${kw}u * ${dw}u - ${left}u;
            if (iy >= ${h}u || ix >= ${width}u) { return 0.0; }
            return x[((clip * ${h}u + iy) * ${width}u + ix) * ${c}u + z / ${many}u];`,
          aAlongK: true,
          b: `return d[k * ${co}u + z];`,
          bAlongK: true,
          dest: `select(${kernel}u + m * ${co}u, ${Math.max(0, bias)}u, m == ${taps}u) + z`,
          add: b.given(`${kernel}`),
        },
        { reads: { x: b.value(op.in), d: b.gradient(op.out) } },
      );
    }
    giveBack(
      b,
      op,
      "v",
      `let c = i % ${c}u; let ix = i / ${c}u % ${width}u; let iy = i / ${c * width}u % ${h}u; let clip = i / ${c * width * h}u;
       var v = 0.0;
       ${loop(`
         let y0 = iy + ${top}u - ky * ${dh}u; let x0 = ix + ${left}u - kx * ${dw}u;
         let oy = y0 / ${sh}u; let ox = x0 / ${sw}u;
         if (y0 % ${sh}u == 0u && x0 % ${sw}u == 0u && oy < ${oh}u && ox < ${ow}u) {
           for (var q = 0u; q < ${many}u; q++) {
             let o = c * ${many}u + q;
             v += d[((clip * ${oh}u + oy) * ${ow}u + ox) * ${co}u + o] * ${w(kernel, `(ky * ${kw}u + kx) * ${co}u + o`)};
           }
         }`)}`,
      back(),
    );
  };
};

const grouped: Layer = (b, op) => {
  const [rows, ci, co, k, groups, left, kernel, bias] = op.f as unknown as number[];
  const [inner, outer] = [ci / groups, co / groups];
  const { forth } = arraysOf(b, op);
  const patch = (at: string, tap: string) => `
    let t = ${at} % ${rows}u + ${tap} / ${inner}u - ${left}u;
    if (t >= ${rows}u) { return 0.0; }
    return x[(${at} / ${rows}u * ${rows}u + t) * ${ci}u + z * ${inner}u + ${tap} % ${inner}u];`;
  b.product(
    {
      z: groups,
      m: { each: rows },
      n: outer,
      k: k * inner,
      a: patch("m", "k"),
      aAlongK: true,
      b: `return ${w(kernel, `k * ${co}u + z * ${outer}u + n`)};`,
      bAlongK: false,
      store: `let o = z * ${outer}u + n; y[m * ${co}u + o] = v${bias === NONE ? "" : ` + ${w(bias, "o")}`};`,
    },
    forth,
  );
  return () => {
    const d = b.gradient(op.out);
    if (b.learns(kernel, bias)) {
      b.weights(
        {
          z: groups,
          m: k * inner + (bias === NONE ? 0 : 1),
          n: outer,
          k: { each: rows },
          a: `if (m == ${k * inner}u) { return 1.0; } ${patch("k", "m")}`,
          aAlongK: false,
          b: `return d[k * ${co}u + z * ${outer}u + n];`,
          bAlongK: false,
          dest: `select(${kernel}u + m * ${co}u, ${Math.max(0, bias)}u, m == ${k * inner}u) + z * ${outer}u + n`,
          add: b.given(`${kernel}`),
        },
        { reads: { x: b.value(op.in), d } },
      );
    }
    if (!op.want[0]) return;
    b.product(
      {
        z: groups,
        m: { each: rows },
        n: inner,
        k: k * outer,
        a: `let t = m % ${rows}u + ${left}u - k / ${outer}u;
          if (t >= ${rows}u) { return 0.0; }
          return d[(m / ${rows}u * ${rows}u + t) * ${co}u + z * ${outer}u + k % ${outer}u];`,
        aAlongK: true,
        b: `return ${w(kernel, `(k / ${outer}u * ${inner}u + n) * ${co}u + z * ${outer}u + k % ${outer}u`)};`,
        bAlongK: true,
        store: put(`dx[m * ${ci}u + z * ${inner}u + n]`, "v", op.add[0]!),
      },
      { reads: { d, p: b.p }, writes: { dx: b.gradient(op.in) } },
    );
  };
};

/** Moments of each column in parts, put together as Chan et al. 1979 do. */
const batchNorm: Layer = (b, op) => {
  const [rows, c, gamma, beta, mean, variance, epsilon, momentum] = op.f as unknown as number[];
  const { forth, back } = arraysOf(b, op);
  const all: { each: number } = { each: rows };
  const parts = b.columnParts(all, c);
  const partial = b.floats(2 * parts * c);
  const lines = b.floats(6 * c); // scale, shift, centre, inverse, level, slope
  const chunk = `let all = s.count * ${rows}u; let chunk = (all + ${parts - 1}u) / ${parts}u;`;
  b.map(
    parts * c,
    `if (s.training == 0u) { return; }
     let j = i % ${c}u; let part = i / ${c}u; ${chunk}
     let first = part * chunk; let last = min(all, first + chunk);
     var total = 0.0;
     for (var row = first; row < last; row++) { total += x[row * ${c}u + j]; }
     let centre = total / max(1.0, f32(last) - f32(first));
     var square = 0.0;
     for (var row = first; row < last; row++) { let e = x[row * ${c}u + j] - centre; square += e * e; }
     partial[i] = centre;
     partial[${parts * c}u + i] = square;`,
    { reads: forth.reads, writes: { partial } },
  );
  b.map(
    c,
    `var centre = p[${mean}u + i]; var spread = p[${variance}u + i];
     if (s.training != 0u) {
       ${chunk}
       var total = 0.0; var square = 0.0; var before = 0.0;
       for (var part = 0u; part < ${parts}u && part * chunk < all; part++) {
         let n = f32(min(all, (part + 1u) * chunk) - part * chunk);
         let e = partial[part * ${c}u + i] - total;
         square += partial[${parts * c}u + part * ${c}u + i] + e * e * (before * n / (before + n));
         total += e * (n / (before + n));
         before += n;
       }
       let old = ${literal(float(momentum))}; let fresh = ${literal(1 - float(momentum))};
       if (s.moving != 0u) {
         p[${mean}u + i] = centre * old + total * fresh;
         p[${variance}u + i] = spread * old + square / before * fresh;
       }
       centre = total; spread = square / before;
     }
     let inverse = 1.0 / sqrt(spread + ${literal(float(epsilon))});
     let scale = inverse${gamma === NONE ? "" : ` * ${w(gamma, "i")}`};
     lines[i] = scale;
     lines[${c}u + i] = ${beta === NONE ? "0.0" : w(beta, "i")} - centre * scale;
     lines[${2 * c}u + i] = centre;
     lines[${3 * c}u + i] = inverse;`,
    { reads: { partial }, writes: { lines, p: b.p } },
  );
  b.map({ each: rows * c }, `let j = i % ${c}u; y[i] = x[i] * lines[j] + lines[${c}u + j];`, {
    reads: { ...forth.reads, lines },
    writes: forth.writes,
  });
  return () => {
    const reads = { ...back().reads, lines };
    b.columns(
      all,
      c,
      ["e", `e * (x[row * ${c}u + j] - lines[${2 * c}u + j])`],
      `let e = d[row * ${c}u + j];`,
      partial,
      { reads, writes: {} },
    );
    const [addGamma, addBeta] = [b.given(`${gamma}`), b.given(`${beta}`)];
    b.map(
      c,
      `var level = 0.0; var slope = 0.0;
       for (var part = 0u; part < ${parts}u; part++) {
         level += partial[part * ${c}u + i]; slope += partial[${parts * c}u + part * ${c}u + i];
       }
       slope *= lines[${3 * c}u + i];
       ${gamma === NONE ? "" : put(`g[${gamma}u + i]`, "slope", addGamma)}
       ${beta === NONE ? "" : put(`g[${beta}u + i]`, "level", addBeta)}
       let n = f32(s.count * ${rows}u);
       lines[${4 * c}u + i] = level / n;
       lines[${5 * c}u + i] = slope / n * lines[${3 * c}u + i];`,
      { reads: { partial }, writes: { lines, g: b.g } },
    );
    giveBack(
      b,
      op,
      `lines[j] * (d[i] - lines[${4 * c}u + j] - (x[i] - lines[${2 * c}u + j]) * lines[${5 * c}u + j])`,
      `let j = i % ${c}u;`,
      { reads, writes: back().writes },
    );
  };
};

const layerNorm: Layer = (b, op) => {
  const [rows, c, gamma, beta, epsilon] = op.f as unknown as number[];
  const { forth, back } = arraysOf(b, op);
  const moments = b.perClip(2 * rows);
  const across = (body: string) =>
    `for (var j = li; j < ${c}u; j += ACROSS) { let i = row * ${c}u + j; ${body} }`;
  b.rows(
    { each: rows },
    `var v = 0.0;
     ${across("v += x[i];")}
     let mean = sum(v, li) / ${literal(c)};
     v = 0.0;
     ${across("v += (x[i] - mean) * (x[i] - mean);")}
     let inverse = 1.0 / sqrt(sum(v, li) / ${literal(c)} + ${literal(float(epsilon))});
     ${across(`y[i] = (x[i] - mean) * inverse${gamma === NONE ? "" : ` * ${w(gamma, "j")}`}${beta === NONE ? "" : ` + ${w(beta, "j")}`};`)}
     if (li == 0u) { moments[row * 2u] = mean; moments[row * 2u + 1u] = inverse; }`,
    { reads: forth.reads, writes: { ...forth.writes, moments } },
  );
  return () => {
    const reads = { ...back().reads, moments };
    if (b.learns(gamma, beta)) {
      normWeights(
        b,
        { rows, c, gamma, beta },
        "(x[row * COLS + j] - moments[row * 2u]) * moments[row * 2u + 1u]",
        reads,
      );
    }
    if (!op.want[0]) return;
    const v = `d[i]${gamma === NONE ? "" : ` * ${w(gamma, "j")}`}`;
    b.rows(
      { each: rows },
      `let mean = moments[row * 2u]; let inverse = moments[row * 2u + 1u];
       var t = 0.0; var q = 0.0;
       ${across(`let v = ${v}; t += v; q += v * (x[i] - mean) * inverse;`)}
       let level = sum(t, li) / ${literal(c)};
       let steep = sum(q, li) / ${literal(c)};
       ${across(put("dx[i]", `inverse * (${v} - level - (x[i] - mean) * inverse * steep)`, op.add[0]!))}`,
      { reads, writes: back().writes },
    );
  };
};

/** Gradients of a scale and a shift: sums over all rows of `d * normal` and `d`. COLS stands for the columns. */
function normWeights(
  b: Builder,
  { rows, c, gamma, beta }: { rows: number; c: number; gamma: number; beta: number },
  normal: string,
  reads: Arrays["reads"],
): void {
  const parts = b.columnParts({ each: rows }, c);
  const partial = b.floats(2 * parts * c);
  b.columns(
    { each: rows },
    c,
    [`e * (${normal.replaceAll("COLS", `${c}u`)})`, "e"],
    `let e = d[row * ${c}u + j];`,
    partial,
    { reads, writes: {} },
  );
  const [addGamma, addBeta] = [b.given(`${gamma}`), b.given(`${beta}`)];
  b.map(
    c,
    `var steep = 0.0; var level = 0.0;
     for (var part = 0u; part < ${parts}u; part++) {
       steep += partial[part * ${c}u + i]; level += partial[${parts * c}u + part * ${c}u + i];
     }
     ${gamma === NONE ? "" : put(`g[${gamma}u + i]`, "steep", addGamma)}
     ${beta === NONE ? "" : put(`g[${beta}u + i]`, "level", addBeta)}`,
    { reads: { partial }, writes: { g: b.g } },
  );
}

const groupNorm: Layer = (b, op) => {
  const [rows, c, gamma, beta, epsilon] = op.f as unknown as number[];
  const { forth, back } = arraysOf(b, op);
  const moments = b.perClip(2 * c); // of each clip and column: mean, inverse
  const sums = b.program.forward ? moments : b.perClip(2 * c);
  // A workgroup for each clip and column; around the clip's first row, so that numbers far from zero lose nothing.
  const along = (body: string) =>
    `for (var t = li; t < ${rows}u; t += ACROSS) { let i = (clip * ${rows}u + t) * ${c}u + j; ${body} }`;
  const place = `let clip = row / ${c}u; let j = row % ${c}u;`;
  b.rows(
    { each: c },
    `${place}
     let first = x[clip * ${rows * c}u + j];
     var v = 0.0;
     ${along("v += x[i] - first;")}
     let mean = first + sum(v, li) / ${literal(rows)};
     v = 0.0;
     ${along("v += (x[i] - mean) * (x[i] - mean);")}
     let inverse = 1.0 / sqrt(sum(v, li) / ${literal(rows)} + ${literal(float(epsilon))});
     let scale = inverse * ${w(gamma, "j")};
     ${along(`y[i] = (x[i] - mean) * scale + ${w(beta, "j")};`)}
     if (li == 0u) { moments[row * 2u] = mean; moments[row * 2u + 1u] = inverse; }`,
    { reads: forth.reads, writes: { ...forth.writes, moments } },
  );
  return () => {
    const reads = { ...back().reads, moments };
    b.rows(
      { each: c },
      `${place}
       let mean = moments[row * 2u]; let inverse = moments[row * 2u + 1u];
       var t0 = 0.0; var q = 0.0;
       ${along("t0 += d[i]; q += d[i] * (x[i] - mean) * inverse;")}
       let level = sum(t0, li); let steep = sum(q, li);
       ${
         op.want[0]
           ? along(
               put(
                 "dx[i]",
                 `inverse * ${w(gamma, "j")} * (d[i] - (level + (x[i] - mean) * inverse * steep) / ${literal(rows)})`,
                 op.add[0]!,
               ),
             )
           : ""
       }
       if (li == 0u) { sums[row * 2u] = steep; sums[row * 2u + 1u] = level; }`,
      { reads, writes: { sums, ...(op.want[0] ? back().writes : {}) } },
    );
    if (!b.learns(gamma, beta)) return;
    const [addGamma, addBeta] = [b.given(`${gamma}`), b.given(`${beta}`)];
    b.map(
      c,
      `var steep = 0.0; var level = 0.0;
       for (var clip = 0u; clip < s.count; clip++) {
         steep += sums[(clip * ${c}u + i) * 2u]; level += sums[(clip * ${c}u + i) * 2u + 1u];
       }
       ${put(`g[${gamma}u + i]`, "steep", addGamma)} ${put(`g[${beta}u + i]`, "level", addBeta)}`,
      { reads: { sums }, writes: { g: b.g } },
    );
  };
};

const activate: Layer = (b, op) => {
  const [rows, c, kind, bits] = op.f as unknown as number[];
  const { forth, back } = arraysOf(b, op);
  const alpha = float(bits);
  if (kind !== ACTIVATION.softmax) {
    b.map({ each: rows * c }, `let v = x[i]; y[i] = ${activation(kind, "v", alpha)};`, forth);
    return () => giveBack(b, op, `d[i] * ${slope(kind, "x[i]", "y[i]", alpha)}`, "", back());
  }
  softmaxRows(b, { each: rows }, c, "x[i]", "y[i]", forth);
  return () => {
    if (!op.want[0]) return;
    const across = (body: string) =>
      `for (var j = li; j < ${c}u; j += ACROSS) { let i = row * ${c}u + j; ${body} }`;
    b.rows(
      { each: rows },
      `var v = 0.0; ${across("v += d[i] * y[i];")}
       let level = sum(v, li);
       ${across(put("dx[i]", "y[i] * (d[i] - level)", op.add[0]!))}`,
      back(),
    );
  };
};

/** What is far below the largest is 0, so that padding counts nothing at all. */
function softmaxRows(
  b: Builder,
  rows: { each: number },
  c: number,
  x: string,
  y: string,
  arrays: Arrays,
): void {
  const across = (body: string) =>
    `for (var j = li; j < ${c}u; j += ACROSS) { let i = row * ${c}u + j; ${body} }`;
  b.rows(
    rows,
    `var v = -3e38;
     ${across(`v = select(v, ${x}, !(${x} <= v));`)}
     let top = most(v, li);
     v = 0.0;
     ${across(`let e = select(exp_(${x} - top), 0.0, ${x} - top < -87.0); ${y} = e; v += e;`)}
     let inverse = 1.0 / sum(v, li);
     ${across(`${y} = ${y} * inverse;`)}`,
    arrays,
  );
}

const pool: Layer = (b, op) => {
  const [h, width, c, ph, pw, sh, sw, top, left, oh, ow] = op.f as unknown as number[];
  const mean = op.code === OP.avgPool;
  const { forth, back } = arraysOf(b, op);
  const window = `
    let y0 = max(0, i32(oy * ${sh}u) - ${top}); let y1 = min(${h}, i32(oy * ${sh}u) - ${top} + ${ph});
    let x0 = max(0, i32(ox * ${sw}u) - ${left}); let x1 = min(${width}, i32(ox * ${sw}u) - ${left} + ${pw});`;
  const walk = (body: string) => `
    for (var iy = y0; iy < y1; iy++) { for (var ix = x0; ix < x1; ix++) {
      let at = ((clip * ${h}u + u32(iy)) * ${width}u + u32(ix)) * ${c}u + j; ${body} } }`;
  // Of each window: the element that is its maximum, the first of equal ones.
  const winners = mean || b.program.forward ? undefined : b.perClip(oh * ow * c);
  b.map(
    { each: oh * ow * c },
    `let j = i % ${c}u; let ox = i / ${c}u % ${ow}u; let oy = i / ${c * ow}u % ${oh}u; let clip = i / ${c * ow * oh}u;
     ${window}
     ${
       mean
         ? `var v = 0.0; ${walk("v += x[at];")} y[i] = v / f32((y1 - y0) * (x1 - x0));`
         : `var v = -3e38; var won = 0u; ${walk("let e = x[at]; if (!(e <= v)) { v = e; won = at; }")} y[i] = v;
            ${winners ? "winners[i] = bitcast<f32>(won);" : ""}`
     }`,
    { reads: forth.reads, writes: { ...forth.writes, ...(winners && { winners }) } },
  );
  return () =>
    giveBack(
      b,
      op,
      "v",
      `let j = i % ${c}u; let ix = i / ${c}u % ${width}u; let iy = i / ${c * width}u % ${h}u; let clip = i / ${c * width * h}u;
       var v = 0.0;
       let first_y = max(0, (i32(iy) + ${top} - ${ph} + ${sh}) / ${sh}); let last_y = min(${oh - 1}, (i32(iy) + ${top}) / ${sh});
       let first_x = max(0, (i32(ix) + ${left} - ${pw} + ${sw}) / ${sw}); let last_x = min(${ow - 1}, (i32(ix) + ${left}) / ${sw});
       for (var ty = first_y; ty <= last_y; ty++) { for (var tx = first_x; tx <= last_x; tx++) {
         let oy = u32(ty); let ox = u32(tx);
         let o = ((clip * ${oh}u + oy) * ${ow}u + ox) * ${c}u + j;
         ${
           mean
             ? `${window} v += d[o] / f32((y1 - y0) * (x1 - x0));`
             : "if (bitcast<u32>(winners[o]) == i) { v += d[o]; }"
         }
       } }`,
      { ...back(), reads: { ...back().reads, ...(winners && { winners }) } },
    );
};

const globalPool: Layer = (b, op) => {
  const [rows, c, kind] = op.f as unknown as number[];
  const { forth, back } = arraysOf(b, op);
  const winners = kind === 1 ? b.perClip(c) : undefined;
  b.map(
    { each: c },
    `let base = i / ${c}u * ${rows * c}u + i % ${c}u;
     var v = x[base]; var won = base;
     for (var row = 1u; row < ${rows}u; row++) {
       let at = base + row * ${c}u; let e = x[at];
       ${kind === 1 ? "if (!(e <= v)) { v = e; won = at; }" : "v += e;"}
     }
     y[i] = v${kind === 1 ? "" : ` / ${literal(rows)}`};
     ${kind === 1 ? "winners[i] = bitcast<f32>(won);" : ""}`,
    { reads: forth.reads, writes: { ...forth.writes, ...(winners && { winners }) } },
  );
  return () =>
    giveBack(
      b,
      op,
      kind === 1 ? "select(0.0, d[o], bitcast<u32>(winners[o]) == i)" : `d[o] / ${literal(rows)}`,
      `let o = i / ${rows * c}u * ${c}u + i % ${c}u;`,
      { ...back(), reads: { ...back().reads, ...(winners && { winners }) } },
    );
};

const dropout: Layer = (b, op) => {
  const [rows, c, bits, salt, spatial] = op.f as unknown as number[];
  const rate = float(bits);
  const { forth, back } = arraysOf(b, op);
  const index =
    spatial === DROPOUT.clips
      ? `i / ${rows * c}u`
      : spatial === DROPOUT.channels
        ? `i / ${rows * c}u * ${c}u + i % ${c}u`
        : "i";
  const masked = (value: string) => `
    var v = ${value};
    if (s.training != 0u) {
      let keep = (mix_(${index} + mix_(s.key + ${salt >>> 0}u)) >> 8u) >= ${Math.floor(Math.fround(rate * 16777216))}u;
      v = select(0.0, v * ${literal(1 / (1 - rate))}, keep);
    }`;
  const size = { each: rows * c };
  b.map(size, `${masked("x[i]")} y[i] = v;`, forth);
  return () => {
    if (op.want[0]) b.map(size, `${masked("d[i]")} ${put("dx[i]", "v", op.add[0]!)}`, back());
  };
};

const concat: Layer = (b, op) => {
  const [rows, n] = op.f as unknown as number[];
  const widths = Array.from({ length: n }, (_, k) => op.f[3 + 2 * k]!);
  const all = widths.reduce((sum, width) => sum + width, 0);
  const each = (body: (k: number, index: string, width: number) => void) => {
    let column = 0;
    for (const [k, width] of widths.entries()) {
      body(k, `i / ${width}u * ${all}u + ${column}u + i % ${width}u`, width);
      column += width;
    }
  };
  each((k, index, width) => {
    b.map({ each: rows * width }, `y[${index}] = x[i];`, {
      reads: { x: b.value(op.inputs[k]!) },
      writes: { y: b.value(op.out) },
    });
  });
  return () =>
    each((k, index, width) => {
      if (!op.want[k]) return;
      b.map({ each: rows * width }, put("dx[i]", `d[${index}]`, op.add[k]!), {
        reads: { d: b.gradient(op.out) },
        writes: { dx: b.gradient(op.inputs[k]!) },
      });
    });
};

/** Of two inputs; each gradient by an expression. */
function pair(b: Builder, op: Op, forth: string, back: readonly string[]): () => void {
  const reads = { x: b.value(op.in), x2: b.value(op.inputs[1]!) };
  // One buffer twice: a kernel has it once.
  if (op.in === op.inputs[1]) reads.x2 = reads.x;
  const size = { each: b.program.sizes[op.out]! };
  b.map(size, forth, { reads, writes: { y: b.value(op.out) } });
  return () => {
    op.inputs.forEach((input, k) => {
      if (!op.want[k]) return;
      b.map({ each: b.program.sizes[input]! }, `${back[k]!} ${put("dx[i]", "v", op.add[k]!)}`, {
        reads: { ...reads, d: b.gradient(op.out) },
        writes: { dx: b.gradient(input) },
      });
    });
  };
}

const add: Layer = (b, op) => pair(b, op, "y[i] = x[i] + x2[i];", ["let v = d[i];", "let v = d[i];"]);

const multiply: Layer = (b, op) => {
  const [, , c, c2] = op.f as unknown as number[];
  if (c2 === c) return pair(b, op, "y[i] = x[i] * x2[i];", ["let v = d[i] * x2[i];", "let v = d[i] * x[i];"]);
  return pair(b, op, `y[i] = x[i] * x2[i / ${c}u];`, [
    `let v = d[i] * x2[i / ${c}u];`,
    `var v = 0.0; for (var j = 0u; j < ${c}u; j++) { v += d[i * ${c}u + j] * x[i * ${c}u + j]; }`,
  ]);
};

const dot: Layer = (b, op) => {
  const [, k, m, n] = op.f as unknown as number[];
  const reads = { x: b.value(op.in), x2: b.value(op.inputs[1]!) };
  const z = { each: 1 };
  b.product(
    {
      z,
      m,
      n,
      k,
      a: `return x[(z * ${k}u + k) * ${m}u + m];`,
      aAlongK: false,
      b: `return x2[(z * ${k}u + k) * ${n}u + n];`,
      bAlongK: false,
      store: `y[(z * ${m}u + m) * ${n}u + n] = v;`,
    },
    { reads, writes: { y: b.value(op.out) } },
  );
  return () => {
    const back = { ...reads, d: b.gradient(op.out) };
    // dx[k, m] = sum over n of d[m, n] x2[k, n]; dx2[k, n] = sum over m of d[m, n] x[k, m]
    if (op.want[0]) {
      b.product(
        {
          z,
          m: k,
          n: m,
          k: n,
          a: `return x2[(z * ${k}u + m) * ${n}u + k];`,
          aAlongK: true,
          b: `return d[(z * ${m}u + n) * ${n}u + k];`,
          bAlongK: true,
          store: put(`dx[(z * ${k}u + m) * ${m}u + n]`, "v", op.add[0]!),
        },
        { reads: back, writes: { dx: b.gradient(op.in) } },
      );
    }
    if (op.want[1]) {
      b.product(
        {
          z,
          m: k,
          n,
          k: m,
          a: `return x[(z * ${k}u + m) * ${m}u + k];`,
          aAlongK: true,
          b: `return d[(z * ${m}u + k) * ${n}u + n];`,
          bAlongK: false,
          store: put(`dx[(z * ${k}u + m) * ${n}u + n]`, "v", op.add[1]!),
        },
        { reads: back, writes: { dx: b.gradient(op.inputs[1]!) } },
      );
    }
  };
};

const reverse: Layer = (b, op) => {
  const [rows, c] = op.f as unknown as number[];
  const { forth } = arraysOf(b, op);
  const from = `(i / ${rows * c}u * ${rows}u + ${rows - 1}u - i / ${c}u % ${rows}u) * ${c}u + i % ${c}u`;
  b.map({ each: rows * c }, `y[i] = x[${from}];`, forth);
  return () => giveBack(b, op, `d[${from}]`);
};

const permute: Layer = (b, op) => {
  const [d0, d1, d2, d3, ...order] = op.f as unknown as number[];
  const sizes = [d0, d1, d2, d3];
  const strides = [d1 * d2 * d3, d2 * d3, d3, 1];
  const total = d0 * d1 * d2 * d3;
  // Of output element i of a clip: the coordinates, last axis first, and the input's element.
  let rest = `(i % ${total}u)`;
  const terms: string[] = [];
  for (const axis of [...order.slice(0, 4)].reverse()) {
    terms.push(`${rest} % ${sizes[axis]}u * ${strides[axis]}u`);
    rest = `(${rest} / ${sizes[axis]}u)`;
  }
  const from = `i / ${total}u * ${total}u + ${terms.join(" + ")}`;
  const { forth, back } = arraysOf(b, op);
  b.map({ each: total }, `y[i] = x[${from}];`, forth);
  return () => {
    if (op.want[0]) b.map({ each: total }, `let to = ${from}; ${put("dx[to]", "d[i]", op.add[0]!)}`, back());
  };
};

const frames: Layer = (b, op) => {
  const [rows, c, padding, stride, kind] = op.f as unknown as number[];
  const out = Math.floor(rows / stride);
  const real = (row: string) => `
    var n = 0.0;
    for (var q = 0u; q < ${stride}u; q++) {
      var any = false;
      for (var j = 0u; j < ${c}u; j++) {
        any = any || x[(clip * ${rows}u + ${row} * ${stride}u + q) * ${c}u + j] != ${literal(float(padding))};
      }
      if (any) { n += 1.0; }
    }`;
  const { forth } = arraysOf(b, op);
  b.map(
    { each: out },
    `let clip = i / ${out}u; let row = i % ${out}u; ${real("row")} y[i] = ${
      kind === FRAMES.log ? `select(-1e9, log_(max(n, 1.0) / ${literal(stride)}), n > 0.0)` : "n"
    };`,
    forth,
  );
  if (kind === FRAMES.share) {
    b.map(
      { each: 1 },
      `var v = 0.0;
       for (var row = 0u; row < ${out}u; row++) { v += y[i * ${out}u + row]; }
       for (var row = 0u; row < ${out}u; row++) { y[i * ${out}u + row] /= max(v, 1.0); }`,
      { writes: forth.writes },
    );
  }
  return () => {};
};

const positions: Layer = (b, op) => {
  const [rows, c, table] = op.f as unknown as number[];
  const { forth, back } = arraysOf(b, op);
  b.map({ each: rows * c }, `y[i] = x[i] + ${w(table, `i % ${rows * c}u`)};`, forth);
  return () => {
    giveBack(b, op, "d[i]", "", back());
    if (!b.learns(table)) return;
    b.map(
      rows * c,
      `var v = 0.0;
       for (var clip = 0u; clip < s.count; clip++) { v += d[clip * ${rows * c}u + i]; }
       ${put(`g[${table}u + i]`, "v", b.given(`${table}`))}`,
      { reads: { d: b.gradient(op.out) }, writes: { g: b.g } },
    );
  };
};

/** Scores of all pairs of frames lie in memory, once for each head. */
const attention: Layer = (b, op) => {
  const [rows, width, heads, mask] = op.f as unknown as number[];
  const d = width / heads;
  const z = { each: heads };
  const scale = literal(1 / Math.sqrt(d));
  const x = b.value(op.in);
  const y = b.value(op.out);
  const scores = b.perClip(heads * rows * rows);
  /** Element (row, column) of the queries (0), keys (1) or values (2) of head z. */
  const part = (array: string, which: number, row: string, column: string) =>
    `${array}[(z / ${heads}u * ${rows}u + ${row}) * ${3 * width}u + ${which * width}u + z % ${heads}u * ${d}u + ${column}]`;
  const merged = (array: string, row: string, column: string) =>
    `${array}[(z / ${heads}u * ${rows}u + ${row}) * ${width}u + z % ${heads}u * ${d}u + ${column}]`;
  const score = (array: string, row: string, column: string) =>
    `${array}[(z * ${rows}u + ${row}) * ${rows}u + ${column}]`;
  b.product(
    {
      z,
      m: rows,
      n: rows,
      k: d,
      a: `return ${part("x", 0, "m", "k")};`,
      aAlongK: true,
      b: `return ${part("x", 1, "n", "k")} * ${scale};`,
      bAlongK: true,
      store: `${score("scores", "m", "n")} = v${mask === NONE ? "" : ` + mask[z / ${heads}u * ${rows}u + n]`};`,
    },
    { reads: { x, ...(mask !== NONE && { mask: b.value(mask) }) }, writes: { scores } },
  );
  softmaxRows(b, { each: heads * rows }, rows, "scores[i]", "scores[i]", { writes: { scores } });
  b.product(
    {
      z,
      m: rows,
      n: d,
      k: rows,
      a: `return ${score("scores", "m", "k")};`,
      aAlongK: true,
      b: `return ${part("x", 2, "k", "n")};`,
      bAlongK: false,
      store: `${merged("y", "m", "n")} = v;`,
    },
    { reads: { x, scores }, writes: { y } },
  );
  return () => {
    if (!op.want[0] && !op.want[1]) return;
    const dy = b.gradient(op.out);
    const ds = b.perClip(heads * rows * rows);
    b.product(
      {
        z,
        m: rows,
        n: rows,
        k: d,
        a: `return ${merged("dy", "m", "k")};`,
        aAlongK: true,
        b: `return ${part("x", 2, "n", "k")};`,
        bAlongK: true,
        store: `${score("ds", "m", "n")} = v;`,
      },
      { reads: { x, dy }, writes: { ds } },
    );
    const across = (body: string) =>
      `for (var j = li; j < ${rows}u; j += ACROSS) { let i = row * ${rows}u + j; ${body} }`;
    b.rows(
      { each: heads * rows },
      `var v = 0.0; ${across("v += ds[i] * scores[i];")}
       let level = sum(v, li);
       ${across("ds[i] = scores[i] * (ds[i] - level);")}`,
      { reads: { scores }, writes: { ds } },
    );
    if (op.want[1]) {
      b.map(
        { each: rows },
        `let clip = i / ${rows}u; let j = i % ${rows}u;
         var v = 0.0;
         for (var q = 0u; q < ${heads * rows}u; q++) { v += ds[(clip * ${heads * rows}u + q) * ${rows}u + j]; }
         ${put("dx[i]", "v", op.add[1]!)}`,
        { reads: { ds }, writes: { dx: b.gradient(op.inputs[1]!) } },
      );
    }
    if (!op.want[0]) return;
    const dx = b.gradient(op.in);
    const give = (which: number, from: string, alongK: boolean, other: string, times: string) =>
      b.product(
        {
          z,
          m: rows,
          n: d,
          k: rows,
          a: `return ${from};`,
          aAlongK: alongK,
          b: `return ${other};`,
          bAlongK: false,
          store: put(part("dx", which, "m", "n"), `v * ${times}`, op.add[0]!),
        },
        { reads: { x, dy, scores, ds }, writes: { dx } },
      );
    give(0, score("ds", "m", "k"), true, part("x", 1, "k", "n"), scale);
    give(1, score("ds", "k", "m"), false, part("x", 0, "k", "n"), scale);
    give(2, score("scores", "k", "m"), false, merged("dy", "k", "n"), "1.0");
  };
};

/** Clips whose state a workgroup holds: few, so that there are many workgroups, until the GPU is full. */
function clipsOf(maxBatch: number): number {
  return maxBatch <= 128 ? 1 : maxBatch <= 512 ? 2 : 4;
}

/**
 * LSTM and GRU: one kernel walks through all frames, with the states of a few clips in its workgroup's memory; each thread has
 * some units, and reads their columns of the recurrent weights through the cache. Rows are the input's: a backwards layer
 * walks from the last.
 */
const recurrent: Layer = (b, op) => {
  const [t, ci, h, flags, kernel, matrix, bias, gate, act, column, stride, mask] =
    op.f as unknown as number[];
  const lstm = op.code === OP.lstm;
  const n = (lstm ? 4 : 3) * h;
  const clips = clipsOf(b.maxBatch);
  const threads = Math.min(256, Math.ceil(h / 32) * 32);
  const need = 4 * clips * h * (lstm ? 6 : 4);
  if (need > b.gear.info.workgroupBytes) {
    throw new UserError(
      `a recurrent layer of ${h} units needs ${need} bytes of a workgroup's memory; the GPU "${b.gear.info.name}" has ${b.gear.info.workgroupBytes}: use fewer units, or --engine native`,
    );
  }
  const backwards = (flags & RNN.backwards) !== 0;
  const row = (step: string) => (backwards ? `(${t - 1}u - ${step})` : step);
  const sequences = (flags & RNN.sequences) !== 0;
  const outRow = flags & RNN.inTime ? "now" : "step";
  const place = `(clip * ${sequences ? t : 1}u + ${sequences ? outRow : "0u"}) * ${stride}u + ${column}u + j`;
  const gives = sequences ? "true" : `step == ${t - 1}u`;
  const x = b.value(op.in);
  const gates = b.perClip(t * n);
  const states = b.perClip(t * h);
  const memory = b.perClip(t * h); // an LSTM's cells, a GRU's products r h
  const masks: Arrays["reads"] = mask === NONE ? {} : { mask: b.value(mask) };
  const real = mask === NONE ? "true" : `(mask[clip * ${t}u + now] != 0.0)`;
  const bend = (kind: number, value: string) => `${activation(kind, value, 1)}`;
  const curve = (kind: number, value: string) => slope(kind, value, value, 1);

  b.product(
    {
      m: { each: t },
      n,
      k: ci,
      a: `return x[m * ${ci}u + k];`,
      aAlongK: true,
      b: `return ${w(kernel, `k * ${n}u + n`)};`,
      bAlongK: false,
      store: `gates[m * ${n}u + n] = v${bias === NONE ? "" : ` + ${w(bias, "n")}`};`,
    },
    { reads: { x, p: b.p }, writes: { gates } },
  );

  const each = (line: (r: number) => string) => Array.from({ length: clips }, (_, r) => line(r)).join("\n");
  /** For each unit j of this thread. */
  const units = (body: string) => `for (var j = li; j < ${h}u; j += ${threads}u) { ${body} }`;
  /** In which `clip`, `now`, the row before it, and the unit's places are known. */
  const places = (r: number, body: string) => `{
    let clip = first + ${r}u;
    if (clip < s.count) {
      let at = (clip * ${t}u + now) * ${h}u + j; let before = (clip * ${t}u + then) * ${h}u + j;
      let z = (clip * ${t}u + now) * ${n}u + j;
      ${body}
    } }`;
  const walk = (memories: string, body: string, downwards: boolean, start: string) => `
    ${memories}
    @compute @workgroup_size(${threads}) fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) li: u32) {
      let first = id.x * ${clips}u;
      ${units(each((r) => start.replaceAll("R", `${r}u`)))}
      for (var turn = 0u; turn < ${t}u; turn++) {
        let step = ${downwards ? `${t - 1}u - turn` : "turn"};
        let now = ${row("step")};
        let then = ${row("max(step, 1u) - 1u".replace(/^/, "(").replace(/$/, ")"))};
        workgroupBarrier();
        ${body}
      }
    }`;
  const groups = (count: number): [number, number, number] => [Math.ceil(count / clips), 1, 1];
  /** Sums over the state (or what else lies in the workgroup's memory) times columns of a matrix. */
  const sums = (names: string[], length: number, from: string, weight: (name: number) => string) => `
    ${names.map((name) => each((r) => `var ${name}${r} = 0.0;`)).join("\n")}
    for (var k = 0u; k < ${length}u; k++) {
      ${names.map((name, i) => `let w_${name} = ${weight(i)};`).join("\n")}
      ${each(
        (r) => `let held${r} = ${from.replaceAll("R", `${r}u`)};
        ${names.map((name) => `${name}${r} += held${r} * w_${name};`).join(" ")}`,
      )}
    }`;

  if (lstm) {
    b.kernel(
      walk(
        `var<workgroup> hs: array<f32, ${clips * h}>;`,
        `${units(`
          ${sums(["i", "f", "c", "o"], h, `hs[R * ${h}u + k]`, (q) => w(matrix, `k * ${n}u + ${q * h}u + j`))}
          ${each((r) =>
            places(
              r,
              `let gi = ${"gates[z]"} + i${r}; let gf = gates[z + ${h}u] + f${r};
               let gc = gates[z + ${2 * h}u] + c${r}; let go = gates[z + ${3 * h}u] + o${r};
               let bi = ${bend(gate, "gi")}; let bf = ${bend(gate, "gf")}; let bc = ${bend(act, "gc")}; let bo = ${bend(gate, "go")};
               var old = 0.0;
               if (step > 0u) { old = memory[before]; }
               var cell = bf * old + bi * bc;
               var state = bo * ${bend(act, "cell")};
               if (!${real}) { cell = old; state = hs[${r * h}u + j]; }
               gates[z] = bi; gates[z + ${h}u] = bf; gates[z + ${2 * h}u] = bc; gates[z + ${3 * h}u] = bo;
               memory[at] = cell; states[at] = state;
               if (${gives}) { y[${place}] = state; }`,
            ),
          )}`)}
        workgroupBarrier();
        ${units(each((r) => places(r, `hs[${r * h}u + j] = states[at];`)))}`,
        false,
        `hs[R * ${h}u + j] = 0.0;`,
      ),
      { reads: { p: b.p, ...masks }, writes: { gates, memory, states, y: b.value(op.out) } },
      groups,
    );
  } else {
    b.kernel(
      walk(
        `var<workgroup> hs: array<f32, ${clips * h}>; var<workgroup> kept: array<f32, ${clips * h}>;`,
        `${units(`
          ${sums(["u", "q"], h, `hs[R * ${h}u + k]`, (q) => w(matrix, `k * ${n}u + ${q * h}u + j`))}
          ${each((r) =>
            places(
              r,
              `let gu = gates[z] + u${r}; let gq = gates[z + ${h}u] + q${r};
               let bq = ${bend(gate, "gq")};
               gates[z] = ${bend(gate, "gu")}; gates[z + ${h}u] = bq;
               let product = bq * hs[${r * h}u + j];
               kept[${r * h}u + j] = product; memory[at] = product;`,
            ),
          )}`)}
        workgroupBarrier();
        ${units(`
          ${sums(["c"], h, `kept[R * ${h}u + k]`, () => w(matrix, `k * ${n}u + ${2 * h}u + j`))}
          ${each((r) =>
            places(
              r,
              `let gc = gates[z + ${2 * h}u] + c${r}; let bc = ${bend(act, "gc")};
               let old = hs[${r * h}u + j];
               let u = gates[z];
               let state = select(old, u * old + (1.0 - u) * bc, ${real});
               gates[z + ${2 * h}u] = bc; states[at] = state;
               if (${gives}) { y[${place}] = state; }`,
            ),
          )}`)}
        workgroupBarrier();
        ${units(each((r) => places(r, `hs[${r * h}u + j] = states[at];`)))}`,
        false,
        `hs[R * ${h}u + j] = 0.0;`,
      ),
      { reads: { p: b.p, ...masks }, writes: { gates, memory, states, y: b.value(op.out) } },
      groups,
    );
  }

  return () => {
    const dy = b.gradient(op.out);
    const turned = b.floats(h * n);
    b.map(h * n, `turned[i] = ${w(matrix, `i % ${h}u * ${n}u + i / ${h}u`)};`, {
      reads: { p: b.p },
      writes: { turned },
    });
    const back = (length: number, offset: number, name: string) =>
      sums([name], length, `dz[R * ${n}u + ${offset}u + k]`, () => `turned[(${offset}u + k) * ${h}u + j]`);
    if (lstm) {
      b.kernel(
        walk(
          `var<workgroup> dz: array<f32, ${clips * n}>; var<workgroup> dh: array<f32, ${clips * h}>; var<workgroup> dc: array<f32, ${clips * h}>;`,
          `${units(
            each((r) =>
              places(
                r,
                `var e = dh[${r * h}u + j];
                 if (${gives}) { e += dy[${place}]; }
                 var di = 0.0; var df = 0.0; var dg = 0.0; var de = 0.0;
                 if (${real}) {
                   let gi = gates[z]; let gf = gates[z + ${h}u]; let gc = gates[z + ${2 * h}u]; let go = gates[z + ${3 * h}u];
                   let cell = memory[at]; let bent = ${bend(act, "cell")};
                   let v = e * go * ${curve(act, "bent")} + dc[${r * h}u + j];
                   di = v * gc * ${curve(gate, "gi")};
                   if (step > 0u) { df = v * memory[before] * ${curve(gate, "gf")}; }
                   dg = v * gi * ${curve(act, "gc")};
                   de = e * bent * ${curve(gate, "go")};
                   dc[${r * h}u + j] = v * gf;
                   e = 0.0;
                 }
                 dh[${r * h}u + j] = e;
                 let q = ${r * n}u + j;
                 dz[q] = di; dz[q + ${h}u] = df; dz[q + ${2 * h}u] = dg; dz[q + ${3 * h}u] = de;
                 gates[z] = di; gates[z + ${h}u] = df; gates[z + ${2 * h}u] = dg; gates[z + ${3 * h}u] = de;`,
              ),
            ),
          )}
          workgroupBarrier();
          ${units(`${back(n, 0, "e")} ${each((r) => `dh[${r * h}u + j] += e${r};`)}`)}`,
          true,
          `dh[R * ${h}u + j] = 0.0; dc[R * ${h}u + j] = 0.0;`,
        ),
        { reads: { turned, memory, dy, ...masks }, writes: { gates } },
        groups,
      );
    } else {
      b.kernel(
        walk(
          `var<workgroup> dz: array<f32, ${clips * n}>; var<workgroup> dh: array<f32, ${clips * h}>;`,
          `${units(
            each((r) =>
              places(
                r,
                `var e = dh[${r * h}u + j];
                 if (${gives}) { e += dy[${place}]; }
                 var du = 0.0; var dg = 0.0;
                 if (${real}) {
                   let u = gates[z]; let gc = gates[z + ${2 * h}u];
                   var old = 0.0;
                   if (step > 0u) { old = states[before]; }
                   du = e * (old - gc) * ${curve(gate, "u")};
                   dg = e * (1.0 - u) * ${curve(act, "gc")};
                   e = e * u;
                 }
                 dh[${r * h}u + j] = e;
                 dz[${r * n}u + j] = du; dz[${r * n + 2 * h}u + j] = dg;
                 gates[z] = du; gates[z + ${2 * h}u] = dg;`,
              ),
            ),
          )}
          workgroupBarrier();
          ${units(`${back(h, 2 * h, "k_")}
            ${each((r) =>
              places(
                r,
                `let reset = gates[z + ${h}u];
                 var old = 0.0;
                 if (step > 0u) { old = states[before]; }
                 let v = k_${r} * old * ${curve(gate, "reset")};
                 dz[${r * n + h}u + j] = v; gates[z + ${h}u] = v;
                 dh[${r * h}u + j] += k_${r} * reset;`,
              ),
            )}`)}
          workgroupBarrier();
          ${units(`${back(2 * h, 0, "e")} ${each((r) => `dh[${r * h}u + j] += e${r};`)}`)}`,
          true,
          `dh[R * ${h}u + j] = 0.0;`,
        ),
        { reads: { turned, states, dy, ...masks }, writes: { gates } },
        groups,
      );
    }
    denseBackward(b, { rows: t, ci, co: n, kernel, bias }, op, { x, d: gates });
    if (!b.learns(matrix)) return;
    const earlier = backwards ? `k % ${t}u == ${t - 1}u` : `k % ${t}u == 0u`;
    const before = `if (${earlier}) { return 0.0; } return states[(k ${backwards ? "+" : "-"} 1u) * ${h}u + m];`;
    const sum = (columns: number, offset: number, a: string, add: boolean) =>
      b.weights(
        {
          m: h,
          n: columns,
          k: { each: t },
          a,
          aAlongK: false,
          b: `return gates[k * ${n}u + ${offset}u + n];`,
          bAlongK: false,
          dest: `${matrix}u + m * ${n}u + ${offset}u + n`,
          add,
        },
        { reads: { states, memory, gates } },
      );
    const given = b.given(`${matrix}`);
    sum(lstm ? n : 2 * h, 0, before, given);
    if (!lstm) sum(h, 2 * h, `return memory[k * ${h}u + m];`, given);
  };
};

/** Adds the kernels of an op's forward pass; returns what adds those of its backward pass. */
export const LAYERS: Readonly<Record<number, Layer>> = {
  [OP.dense]: dense,
  [OP.conv2d]: conv2d,
  [OP.depthwise]: depthwise,
  [OP.batchNorm]: batchNorm,
  [OP.layerNorm]: layerNorm,
  [OP.activation]: activate,
  [OP.maxPool]: pool,
  [OP.avgPool]: pool,
  [OP.globalPool]: globalPool,
  [OP.dropout]: dropout,
  [OP.lstm]: recurrent,
  [OP.gru]: recurrent,
  [OP.concat]: concat,
  [OP.add]: add,
  [OP.multiply]: multiply,
  [OP.dot]: dot,
  [OP.reverse]: reverse,
  [OP.permute]: permute,
  [OP.frames]: frames,
  [OP.positions]: positions,
  [OP.attention]: attention,
  [OP.groupNorm]: groupNorm,
  [OP.grouped]: grouped,
};
