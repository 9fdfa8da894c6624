// Bundles the command line and the worker threads into dist/, so that `ser` starts fast and needs no loader.
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const workers = readdirSync("lib", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".worker.ts"))
  .map((path) => `lib/${path.replaceAll("\\", "/")}`);
const name = (path) =>
  path
    .replace(/^lib\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: { ser: "lib/cli/ser.ts", ...Object.fromEntries(workers.map((path) => [name(path), path])) },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "warning",
});
