// Compiles the training core to WebAssembly, with threads and without, into ../coreBinary.ts. Needs Debian's clang and
// lld (apt-get install clang lld); version 14 reproduces the committed bytes. Run it after every change of the sources.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const core = join(dirname(fileURLToPath(import.meta.url)), "../engine/core");
const FLAGS =
  "--target=wasm32 -std=gnu11 -O3 -msimd128 -mbulk-memory -mmutable-globals -nostdlib -fno-math-errno -w".split(
    " ",
  );
const LINKER = [
  "--no-entry",
  "--import-memory",
  "--max-memory=4294967296",
  "--export=__stack_pointer",
  "--strip-all",
];
const THREADS = ["-matomics", "-Wl,--shared-memory"];

function compile(options) {
  const folder = mkdtempSync(join(tmpdir(), "core-"));
  const binary = join(folder, "core.wasm");
  const linker = LINKER.map((option) => `-Wl,${option}`);
  execFileSync("clang", [...FLAGS, ...options, ...linker, "-o", binary, "core.c"], {
    stdio: "inherit",
    cwd: core,
  });
  const base64 = readFileSync(binary).toString("base64");
  rmSync(folder, { recursive: true });
  return base64;
}

const hash = createHash("sha256");
for (const name of readdirSync(core)
  .filter((file) => /\.[ch]$/.test(file))
  .sort())
  hash.update(readFileSync(join(core, name)));
writeFileSync(
  join(core, "..", "coreBinary.ts"),
  `// Made by lib/build/wasm.mjs from core/; not to be edited.

/** SHA-256 of the sources (*.c, *.h, by name) that were compiled. */
export const CORE_SOURCE = "${hash.digest("hex")}";

/** The WebAssembly module with threads and shared memory, in base64. */
export const CORE_THREADS =
  "${compile(THREADS)}";

/** The module without threads. */
export const CORE_SINGLE =
  "${compile([])}";
`,
);
