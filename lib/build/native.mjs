// Compiles the training core as a Node addon with the C compiler (CC, else cc): for `npm ci`, and when an installed package is
// first used, into the folder that is given (lib/engine/native-build.ts). If there is no compiler, or it fails, that is not an
// error: one line gives the reason, and the WebAssembly build is used.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const core = join(root, "lib/engine/core");
const sources = readdirSync(core)
  .filter((name) => /\.[ch]$/.test(name))
  .sort();
const hash = createHash("sha256");
for (const name of sources) hash.update(readFileSync(join(core, name)));
const [, , folderNamed] = process.argv;
// lib/engine/native.ts looks for the same name.
const target = join(
  folderNamed ?? join(root, ".cache"),
  `native-${process.platform}-${process.arch}-${hash.digest("hex").slice(0, 16)}.node`,
);

const BUILDS = {
  x64: {
    avx512: "-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mprefer-vector-width=512",
    avx2: "-mavx2 -mfma",
    base: "",
  },
};
const COMMON = "-O3 -std=gnu11 -fPIC -fno-math-errno -fvisibility=hidden -pthread -w".split(" ");

/** As lib/base/folder.ts: `recursive` never ends where /proc is the home folder. */
function makeFolder(path) {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
}

async function compile() {
  const cc = process.env.CC || "cc";
  const headers = join(
    dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json")),
    "include",
  );
  makeFolder(dirname(target));
  const folder = mkdtempSync(join(dirname(target), "native-"));
  try {
    const builds = Object.entries(BUILDS[process.arch] ?? { base: "" });
    const parts = builds.map(([name, flags]) => ({
      object: join(folder, `${name}.o`),
      options: [...flags.split(" ").filter(Boolean), `-DCORE_API=core_${name}`, join(core, "core.c")],
    }));
    parts.push({ object: join(folder, "addon.o"), options: [`-I${headers}`, join(core, "addon.c")] });
    await Promise.all(
      parts.map(({ object, options }) => run(cc, [...COMMON, "-c", ...options, "-o", object])),
    );
    const shared =
      process.platform === "darwin" ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared", "-pthread"];
    const built = join(folder, "native.node");
    await run(cc, [...shared, "-o", built, ...parts.map(({ object }) => object)]);
    // Old builds stay in a user's cache folder, where other versions may be using them, and so do those of other systems.
    const own = `native-${process.platform}-${process.arch}-`;
    for (const old of folderNamed ? [] : readdirSync(dirname(target)))
      if (old.startsWith(own) && old.endsWith(".node")) rmSync(join(dirname(target), old));
    renameSync(built, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.platform === "win32")
  console.log("The native engine is not made for Windows; training runs on the wasm engine.");
else if (!existsSync(target))
  try {
    await compile();
  } catch (error) {
    const complaint = (error.stderr || error.message).split("\n").find((line) => /error/i.test(line));
    const reason =
      error.syscall === "mkdir" || error.syscall === "mkdtemp"
        ? `cannot write ${dirname(target)}`
        : error.code === "ENOENT"
          ? "no C compiler found"
          : complaint || "the C compiler failed";
    const told = `The native engine was not compiled (${reason}); training runs on the wasm engine.`;
    console.log(folderNamed ? reason : told);
  }
