import { statSync } from "node:fs";
import { resolve } from "node:path";
import type * as v from "valibot";
import { UsageError, UserError } from "../base/errors.js";
import { parseSettings } from "../base/schema.js";
import { type FeatureTable, readTable } from "./feature-table.js";
import { someTableSchema, type TableSettings } from "./settings.js";

/**
 * The paths of the tables whose settings were made in this process, by digest. Settings contain no path, since a run has the
 * same name on every machine.
 */
const places = new Map<string, string>();

/** Tables already read, by path, with a stamp that shows whether the file is unchanged. */
const tables = new Map<string, { stamp: string; table: FeatureTable }>();

/**
 * Settings of the features in a table that another program made (openSMILE, nkululeko, pandas): a CSV file with a row per
 * clip, or a `.npy` file with a list of ids beside it. The clip is named in the column `id`, `file`, `filename`, `path` or
 * `name`, otherwise in the first; columns with names of labels (`emotion`, `speaker`, ...) and constant columns are not used.
 * The process remembers the path of the file for {@link extractClips}.
 *
 * @param asked `{ kind: "table", file: PATH }`, as in a grid; or complete settings without `file`, which are returned
 * @returns the name of the file, the number of columns, and a digest of the numbers
 * @throws {UserError} when the file cannot be read, or is not a table of finite numbers
 * @throws {UsageError} when other settings are given that do not match the file
 * @example
 * import { writeFileSync } from "node:fs";
 * writeFileSync("egemaps.csv", "file,f0_mean,loudness\nDC_a01.wav,120,0.4\nDC_a02.wav,140,0.6\n");
 * tableFeatures({ kind: "table", file: "egemaps.csv" }).columns; // => 2
 */
export function tableFeatures(asked: object): TableSettings {
  const given: v.InferOutput<typeof someTableSchema> = parseSettings(someTableSchema, asked);
  const { file, name, columns, digest } = given;
  if (file === undefined) {
    if (name === undefined || columns === undefined || digest === undefined)
      throw new UsageError('a table takes "file", its CSV or .npy file');
    return { kind: "table", name, columns, digest };
  }
  const table = tableAt(file);
  const settings = {
    ...{ kind: "table" as const, name: table.name, columns: table.matrix.cols, digest: table.digest },
  };
  for (const key of ["name", "columns", "digest"] as const)
    if (given[key] !== undefined && given[key] !== settings[key])
      throw new UsageError(`${key} is ${given[key]}: ${file} has ${settings[key]}`);
  places.set(table.digest, resolve(file));
  return settings;
}

/**
 * The table with these settings.
 *
 * @throws {UserError} when this process does not know its file, or the file has changed since
 */
export function openTable({ name, digest }: TableSettings): FeatureTable {
  const path = places.get(digest);
  if (path === undefined)
    throw new UserError(
      `the file of the table ${name} (${digest.slice(0, 12)}) is not known: name it with --features csv:FILE or as "file" in the grid`,
    );
  const table = tableAt(path);
  if (table.digest === digest) return table;
  throw new UserError(
    `${path} has changed since it was read (${digest.slice(0, 12)}): run the command again to use the new version`,
  );
}

/** The known tables, to pass to another process: pairs of digest and path. */
export function knownTables(): [string, string][] {
  return [...places];
}

/** Adds the `knownTables` of another process. */
export function rememberTables(known: Iterable<readonly [string, string]>): void {
  for (const [digest, path] of known) places.set(digest, path);
}

function tableAt(file: string): FeatureTable {
  const path = resolve(file);
  const stamp = stampOf(path);
  const there = tables.get(path);
  if (there?.stamp === stamp) return there.table;
  const table = readTable(file);
  tables.set(path, { stamp, table });
  return table;
}

/** Identifies a version of a file; empty for a missing file, which is reported when it is read. */
function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.size} ${stat.mtimeNs} ${stat.ino}` : "";
}
