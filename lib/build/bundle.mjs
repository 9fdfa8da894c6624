// Bundles the command line, the library and the worker threads into dist/, so that `ser` starts fast and needs no loader.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";
import { entries } from "./entries.mjs";

const workers = readdirSync("lib", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".worker.ts"))
  .map((path) => `lib/${path.replaceAll("\\", "/")}`);
const name = (path) =>
  path
    .replace(/^lib\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
const common = { bundle: true, packages: "external", platform: "node", target: "node20", write: false };
const { outputFiles } = await build({
  ...common,
  entryPoints: [
    { in: "lib/cli/ser.ts", out: "ser" },
    { in: "lib/build/library.ts", out: "library" },
    ...workers.map((path) => ({ in: path, out: name(path) })),
  ],
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  // Lines of lib/ in traces (node --enable-source-maps); with the sources themselves the package would be 6 MB.
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});
// What `import` finds: the names of an entry, all of one bundle, so that an error or a class is the same in each. The bundle is
// CommonJS, as the command line is: there Node says which folder a file is in.
const named = await build({
  ...common,
  entryPoints: entries.map(({ name, source }) => ({ in: source, out: name })),
  outdir: "dist",
  format: "esm",
  metafile: true,
});
const modules = Object.entries(named.metafile.outputs).map(([path, { exports }]) => ({
  path,
  contents: `export { ${exports.sort().join(", ")} } from "./library.cjs";\n`,
}));
// Renamed into place, since a command or a test may be running from dist/. Executable, since npx runs the command line as it
// lies there, and makes it so only the first time.
mkdirSync("dist", { recursive: true });
for (const { path, contents } of [...outputFiles, ...modules]) {
  writeFileSync(`${path}.${process.pid}.tmp`, contents, { mode: 0o755 });
  renameSync(`${path}.${process.pid}.tmp`, path);
}
// "types" is made by declarations.mjs.
const current = new Set(["types", ...[...outputFiles, ...modules].map(({ path }) => basename(path))]);
for (const file of readdirSync("dist")) {
  if (!current.has(file) && !file.endsWith(".tmp")) rmSync(`dist/${file}`, { recursive: true, force: true });
}
