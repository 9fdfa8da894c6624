// What one core can do with vectors of a kind, measured: multiplications and additions in registers, and nothing else.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNative } from "../../lib/engine/native.js";
import type { EngineName } from "../../lib/engine/trainer.js";

/** GFLOP/s of one core; nothing without a C compiler. */
export interface Peaks {
  /** With the vectors that the native core was started with, and PyTorch has. */
  native?: number;
  /** With 128 bits, and a sum apart from its product: all that WebAssembly has. */
  wasm?: number;
}

const SOURCE = `
#include <stdio.h>
#include <time.h>
typedef float v __attribute__((vector_size(N * 4)));
int main(void) {
  double best = 0;
  for (int round = 0; round < 30; round++) {
    v a[12], x, y;
    for (int j = 0; j < N; j++) x[j] = 0.999f, y[j] = 0.001f;
    _Pragma("GCC unroll 12") for (int i = 0; i < 12; i++) a[i] = x * (float)i;
    struct timespec s, e;
    clock_gettime(CLOCK_MONOTONIC, &s);
    for (int k = 0; k < 1000000; k++)
      _Pragma("GCC unroll 12") for (int i = 0; i < 12; i++) a[i] = a[i] * x + y;
    clock_gettime(CLOCK_MONOTONIC, &e);
    double t = e.tv_sec - s.tv_sec + (e.tv_nsec - s.tv_nsec) * 1e-9, rate = 1e6 * 12 * N * 2 / t / 1e9;
    _Pragma("GCC unroll 12") for (int i = 1; i < 12; i++) a[0] += a[i];
    if (a[0][0] != 0 && rate > best) best = rate;
  }
  printf("%f", best);
}`;

/** Compiler's options by instruction set of the core. */
const NATIVE: Readonly<Record<string, string>> = {
  "AVX-512": "-DN=16 -mavx512f -mprefer-vector-width=512",
  "AVX2+FMA": "-DN=8 -mavx2 -mfma",
};
const NARROW = `-DN=4 -ffp-contract=off${process.arch === "x64" ? " -mavx" : ""}`;

export function measurePeaks(): Peaks {
  const native = loadNative();
  const set = "core" in native ? native.core.instructionSet : "";
  return { native: measure(NATIVE[set] ?? "-DN=4"), wasm: measure(NARROW) };
}

function measure(options: string): number | undefined {
  const folder = mkdtempSync(join(tmpdir(), "peak-"));
  try {
    const [source, program] = [join(folder, "peak.c"), join(folder, "peak")];
    writeFileSync(source, SOURCE);
    const flags = ["-O3", ...options.split(" "), "-o", program, source];
    execFileSync(process.env.CC ?? "cc", flags, { stdio: "ignore" });
    return Number(execFileSync(program, { encoding: "utf8" }));
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of what the engine's vectors allow, to three digits. */
export function shareOfPeak(
  peaks: Peaks,
  engine: EngineName | "pytorch",
  gflopsOfCore: number,
): number | null {
  const peak = engine === "wasm" ? peaks.wasm : peaks.native;
  return peak ? Math.round((gflopsOfCore / peak) * 1e3) / 1e3 : null;
}

export function peaksText({ native, wasm }: Peaks): string {
  if (!native || !wasm) return "no C compiler to measure the peak with";
  return `peak of a core ${native.toFixed(0)} GFLOP/s, with WebAssembly's vectors ${wasm.toFixed(0)}`;
}
