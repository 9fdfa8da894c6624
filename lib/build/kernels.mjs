// Compiles every lib/*/kernel.c to kernelBinary.ts beside it. Needs clang and wasm-ld (Debian: apt-get install clang
// lld). Run it from the project's folder after every change of a kernel.c. Clang 14 reproduces the committed bytes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FLAGS = "--target=wasm32 -O3 -msimd128 -nostdlib -fno-builtin -Wall -Wextra -Werror".split(" ");
const LINKER = ["--no-entry", "--export=__heap_base", "--strip-all", "-z,stack-size=16384"];

for (const room of readdirSync("lib")) {
  const source = `lib/${room}/kernel.c`;
  if (!existsSync(source)) continue;
  const folder = mkdtempSync(join(tmpdir(), "kernel-"));
  const binary = join(folder, "kernel.wasm");
  const options = [...FLAGS, ...LINKER.map((option) => `-Wl,${option}`), "-o", binary, source];
  execFileSync("clang", options, { stdio: "inherit" });
  writeFileSync(
    `lib/${room}/kernelBinary.ts`,
    `// Made by lib/build/kernels.mjs from kernel.c; not to be edited.

/** SHA-256 of the kernel.c that was compiled. */
export const KERNEL_SOURCE = "${createHash("sha256").update(readFileSync(source)).digest("hex")}";

/** The WebAssembly module, in base64. */
export const KERNEL_BINARY =
  "${readFileSync(binary).toString("base64")}";
`,
  );
  rmSync(folder, { recursive: true });
}
