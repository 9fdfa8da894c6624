/**
 * The orthonormal DCT-II: `basis[k * inputs + j] = sqrt(2 / inputs) cos(pi k (2 j + 1) / (2 inputs))`, the row
 * k = 0 divided by sqrt(2) (Davis and Mermelstein 1980, IEEE Trans. ASSP 28(4), apply it to log mel energies).
 *
 * @param outputs rows, the first coefficients of the transform
 * @param inputs columns, the values to transform
 * @example dctBasis(1, 4) // [0.5, 0.5, 0.5, 0.5]
 */
export function dctBasis(outputs: number, inputs: number): Float64Array {
  const basis = new Float64Array(outputs * inputs);
  for (let k = 0; k < outputs; k++) {
    const scale = Math.sqrt((k === 0 ? 1 : 2) / inputs);
    for (let j = 0; j < inputs; j++) {
      basis[k * inputs + j] = scale * Math.cos((Math.PI * k * (2 * j + 1)) / (2 * inputs));
    }
  }
  return basis;
}

/**
 * The gains of cepstral liftering, `1 + lifter / 2 * sin(pi (k + 1) / lifter)` for coefficient k, which equalise
 * the ranges of the coefficients (Juang, Rabiner and Wilpon 1987, IEEE Trans. ASSP 35(7)); all 1 if `lifter` is 0.
 *
 * @example lifterGains(13, 22)[0] // 2.565...
 */
export function lifterGains(count: number, lifter: number): Float64Array {
  return Float64Array.from({ length: count }, (_, k) =>
    lifter > 0 ? 1 + (lifter / 2) * Math.sin((Math.PI * (k + 1)) / lifter) : 1,
  );
}
