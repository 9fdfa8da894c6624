// Prints which rooms of lib/ use which, and how often: rows use columns.
import { readSources, roomTable, usesOf } from "./architecture.js";

const [head, ...rows] = roomTable(usesOf(readSources("lib"))) as [string[], ...string[][]];
const width = 1 + Math.max(...head.map((name) => name.length));
for (const [name, ...counts] of [head, ...rows]) {
  console.log(name!.padEnd(width) + counts.map((count) => count.slice(0, 6).padStart(7)).join(""));
}
