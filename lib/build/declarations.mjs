// Makes dist/types/, the declarations of the public API: of lib/index.ts and all that it passes on. For the package.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

rmSync("dist/types", { recursive: true, force: true });
const arguments_ = ["node_modules/typescript/bin/tsc", "-p", "lib/build/types.json"];
execFileSync(process.execPath, arguments_, { stdio: "inherit" });
// TypeScript 6 and later see the types of Node only where they are asked for.
const index = "dist/types/index.d.ts";
writeFileSync(index, `/// <reference types="node" />\n${readFileSync(index, "utf8")}`);
