// Compiles kernel.c to kernelBinary.ts. Needs clang and wasm-ld (Debian: apt-get install clang lld); run it from
// the project's folder after every change of kernel.c. Clang 14 gives the committed bytes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "kernel-"));
const binary = join(folder, "kernel.wasm");
const linker = ["--no-entry", "--export=__heap_base", "--strip-all", "-z,stack-size=16384"];
execFileSync(
  "clang",
  [
    ..."--target=wasm32 -O3 -msimd128 -nostdlib -fno-builtin -Wall -Wextra -Werror".split(" "),
    ...linker.map((option) => `-Wl,${option}`),
    ...["-o", binary, "lib/features/kernel.c"],
  ],
  { stdio: "inherit" },
);
const source = createHash("sha256").update(readFileSync("lib/features/kernel.c")).digest("hex");
const base64 = readFileSync(binary).toString("base64");
rmSync(folder, { recursive: true });
writeFileSync(
  "lib/features/kernelBinary.ts",
  `// Made by build-kernel.mjs from kernel.c; not to be edited.

/** SHA-256 of the kernel.c that was compiled. */
export const KERNEL_SOURCE = "${source}";

/** The WebAssembly module, in base64. */
export const KERNEL_BINARY =
  "${base64}";
`,
);
