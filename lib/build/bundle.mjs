// Bundles the command line, the library and the worker threads into dist/, so that `ser` starts fast and needs no loader.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";

const workers = readdirSync("lib", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".worker.ts"))
  .map((path) => `lib/${path.replaceAll("\\", "/")}`);
const name = (path) =>
  path
    .replace(/^lib\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
const { outputFiles } = await build({
  entryPoints: {
    ser: "lib/cli/ser.ts",
    index: "lib/index.ts",
    ...Object.fromEntries(workers.map((path) => [name(path), path])),
  },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  target: "node20",
  format: "cjs",
  // Lines of lib/ in traces (node --enable-source-maps); with the sources themselves the package would be 6 MB.
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
  write: false,
});
// What `import` finds. The library itself is CommonJS, as the command line is: there Node says which folder a file is in.
const entry = { path: "dist/index.js", contents: 'export * from "./index.cjs";\n' };
// Renamed into place, since a command or a test may be running from dist/. Executable, since npx runs the command line as it
// lies there, and makes it so only the first time.
mkdirSync("dist", { recursive: true });
for (const { path, contents } of [...outputFiles, entry]) {
  writeFileSync(`${path}.${process.pid}.tmp`, contents, { mode: 0o755 });
  renameSync(`${path}.${process.pid}.tmp`, path);
}
// "types" is made by declarations.mjs.
const current = new Set(["types", ...[...outputFiles, entry].map(({ path }) => basename(path))]);
for (const file of readdirSync("dist")) {
  if (!current.has(file) && !file.endsWith(".tmp")) rmSync(`dist/${file}`, { recursive: true, force: true });
}
