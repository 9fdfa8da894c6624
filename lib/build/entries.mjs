// The entries of the package: lib/index.ts, and each folder of lib/ that has an index.ts, under the folder's name.
import { readdirSync } from "node:fs";

const rooms = readdirSync("lib", { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /^\w+\/index\.ts$/.test(path))
  .map((path) => path.split("/")[0])
  .sort();

/** `name` is the file's name in dist/, `subpath` the entry's key in "exports" of package.json. */
export const entries = [
  { name: "index", subpath: ".", source: "lib/index.ts" },
  ...rooms.map((room) => ({ name: room, subpath: `./${room}`, source: `lib/${room}/index.ts` })),
];
