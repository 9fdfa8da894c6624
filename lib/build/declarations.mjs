// Makes dist/types/: the type declarations of the package's entries and of everything that they re-export.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { entries } from "./entries.mjs";

rmSync("dist/types", { recursive: true, force: true });
const arguments_ = ["node_modules/typescript/bin/tsc", "-p", "lib/build/types.json"];
execFileSync(process.execPath, arguments_, { stdio: "inherit" });
// TypeScript 6 and later load the types of Node only where they are referenced.
for (const { source } of entries) {
  const file = source.replace(/^lib/, "dist/types").replace(/\.ts$/, ".d.ts");
  writeFileSync(file, `/// <reference types="node" />\n${readFileSync(file, "utf8")}`);
}
rmSync("dist/types/build", { recursive: true, force: true });
