// The entries of the package: lib/index.ts, and the rooms that have an index.ts, each under its own name.
import { readdirSync } from "node:fs";

const rooms = readdirSync("lib", { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /^\w+\/index\.ts$/.test(path))
  .map((path) => path.split("/")[0])
  .sort();

/** `name` is that of the file in dist/, `subpath` what comes behind the package's name. */
export const entries = [
  { name: "index", subpath: ".", source: "lib/index.ts" },
  ...rooms.map((room) => ({ name: room, subpath: `./${room}`, source: `lib/${room}/index.ts` })),
];
