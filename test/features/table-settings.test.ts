import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { knownTables, openTable, rememberTables, tableFeatures } from "../../lib/features/table-settings.js";

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-table-settings-"));
  file = join(folder, "x.csv");
  await writeFile(file, "id,x,y\na,1,2\nb,3,4\n");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the settings name the numbers, and not their place", () => {
  const settings = tableFeatures({ kind: "table", file });
  expect(settings).toEqual({
    ...{ kind: "table", name: "x.csv", columns: 2 },
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(openTable(settings).ids).toEqual(["a", "b"]);
  expect(tableFeatures(settings)).toEqual(settings);
  expect(tableFeatures({ ...settings, file })).toEqual(settings);
  expect(knownTables()).toContainEqual([settings.digest, file]);
});

test("what is asked for must be there", () => {
  expect(() => tableFeatures({ kind: "table", file, columns: 3 })).toThrow(
    new UsageError(`columns is 3: ${file} has 2`),
  );
  expect(() => tableFeatures({ kind: "table" })).toThrow('takes "file"');
  expect(() => tableFeatures({ kind: "table", flie: "x" })).toThrow('did you mean "file"?');
  expect(() => tableFeatures({ kind: "table", file: join(folder, "none.csv") })).toThrow(UserError);
});

test("a table that was not named, or has changed, is not taken", async () => {
  const strange = { kind: "table", name: "y.csv", columns: 2, digest: "0".repeat(64) } as const;
  expect(() => openTable(strange)).toThrow(
    "the file of the table y.csv (000000000000) is not known: name it",
  );
  rememberTables([[strange.digest, file]]);
  expect(() => openTable(strange)).toThrow(`${file} has changed since it was read`);
  const changing = join(folder, "z.csv");
  await writeFile(changing, "id,x\na,1\nb,2\n");
  const before = tableFeatures({ kind: "table", file: changing });
  await writeFile(changing, "id,x\na,1\nb,2.5\n");
  expect(() => openTable(before)).toThrow("has changed");
  expect(tableFeatures({ kind: "table", file: changing }).digest).not.toBe(before.digest);
});
