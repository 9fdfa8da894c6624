import { expect, test } from "vitest";
import { isDevice, isFolderName } from "../../lib/base/names.js";

test("a name of a folder is one on every system", () => {
  for (const name of ["a", "four-corpora", "v1.2", "console", "com", "com10", "1"])
    expect([name, isFolderName(name)]).toEqual([name, true]);
  for (const name of [
    "",
    ".",
    "..",
    ".a",
    "-a",
    "a.",
    "a b",
    "a/b",
    "a\\b",
    "a:b",
    "a?",
    "nul",
    "CON",
    "Aux.x",
    "lpt1",
  ])
    expect([name, isFolderName(name)]).toEqual([name, false]);
});

test("Windows keeps names for devices, whatever their ending", () => {
  expect(["nul", "NUL.csv", "com1.tar.gz", "prn"].every(isDevice)).toBe(true);
  expect(["null", "con-a", "my.con", ""].some(isDevice)).toBe(false);
});
