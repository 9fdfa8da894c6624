import { randomBytes } from "node:crypto";
import { open, readdir, readFile } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { makeFolder } from "../base/atomic.js";
import { cacheFolder } from "../base/cache-folder.js";
import { commitOf } from "../base/commit.js";
import { eachOf } from "../base/each.js";
import { cannotWrite, systemCode, systemReason, UserError } from "../base/errors.js";
import { notebookHost } from "../base/notebook.js";
import { projectRoot } from "../base/root.js";
import { byText } from "../base/text.js";

/** One reading of a test part: a model predicted its clips. */
export interface Reading {
  /** Name of the run whose model it was; absent for a model of no run. */
  run?: string;
  /** Protocol, as `name@version`. */
  protocol: string;
  fold: string;
  /** Number of clips that were predicted. */
  clips: number;
  /** The voices are synthetic, so the reading says nothing about real ones. */
  synthetic: boolean;
  /** The protocol leaks on purpose. */
  leaky: boolean;
  /** The command, its paths without their folders. */
  command: string;
  /** SHA-256 of the grid as canonical JSON, if the run belongs to a grid. */
  grid?: string;
  /** The workbench's commit, if it runs from a checkout. */
  commit?: string;
  /** ISO 8601. */
  time: string;
}

/** A reading as stored in a {@link Ledger}; `id` is the name of its file. */
export interface LedgerEntry extends Reading {
  id: string;
}

/**
 * A record of how often test parts were read: a folder with one file per reading. A file is created exclusively and never
 * changed, so that many processes on many machines can write at once, also over NFS, and no reading is lost.
 *
 * @example
 * const ledger = new Ledger("readings");
 * await ledger.enter({ protocol: "savee/loso@1", fold: "1", clips: 120, synthetic: true, leaky: false });
 * const last = (await ledger.entries()).at(-1);
 * [last?.protocol, last?.clips]; // => ["savee/loso@1", 120]
 */
export class Ledger {
  readonly folder: string;
  readonly #grid: string | undefined;

  /**
   * @param folder created by the first reading
   * @param grid SHA-256 of the grid whose runs read
   */
  constructor(folder: string, grid?: string) {
    this.folder = folder;
    this.#grid = grid;
  }

  /**
   * Records that a test part is about to be predicted. Resolves once the record is on disk.
   *
   * @throws {UserError} when it cannot be written
   */
  async enter(
    reading: Pick<Reading, "run" | "protocol" | "fold" | "clips" | "synthetic" | "leaky">,
  ): Promise<void> {
    const time = new Date().toISOString();
    const commit = commitOf(projectRoot());
    const entry: Reading = {
      ...reading,
      command: commandText(),
      ...(this.#grid && { grid: this.#grid }),
      ...(commit && { commit }),
      time,
    };
    // If two processes ever drew the same name, the second would fail rather than overwrite.
    const path = join(this.folder, `${time.replace(/\D/g, "")}-${randomBytes(8).toString("hex")}.json`);
    try {
      await makeFolder(this.folder);
      const file = await open(path, "wx");
      try {
        await file.writeFile(`${JSON.stringify(entry)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new UserError(
        `${cannotWrite(path, error).message}. A test part is read only if the reading can be recorded`,
        { cause: error },
      );
    }
  }

  /**
   * All entries, sorted by time. A damaged one (after a power cut, say) still counts, as a reading of an unknown protocol.
   *
   * @throws {UserError} when the folder cannot be read
   */
  async entries(): Promise<LedgerEntry[]> {
    const files = await readdir(this.folder, { withFileTypes: true }).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return [];
      throw new UserError(`cannot read ${this.folder}: ${systemReason(error)}`, { cause: error });
    });
    const names = files
      .filter((file) => file.isFile() && file.name.endsWith(".json"))
      .map(({ name }) => name);
    return eachOf(names.sort(byText), async (name) => {
      const text = await readFile(join(this.folder, name), "utf8").catch(() => "");
      return entryOf(name.slice(0, -".json".length), text);
    });
  }
}

/**
 * The ledger for readings outside of any experiment, as in a notebook cell. It is in the user's cache folder, never in the
 * checkout.
 *
 * @example
 * const entries = await userLedger().entries();
 * console.log(`${entries.length} readings of test parts`);
 */
export function userLedger(): Ledger {
  return new Ledger(cacheFolder("readings"));
}

const UNKNOWN = "unknown";
const DAMAGED: Omit<LedgerEntry, "id"> = {
  ...{ protocol: UNKNOWN, fold: "", clips: 0, synthetic: false, leaky: false, command: "", time: "" },
};

function entryOf(id: string, text: string): LedgerEntry {
  try {
    const { run, protocol, fold, clips, synthetic, leaky, command, grid, commit, time } = JSON.parse(
      text,
    ) as Reading;
    const texts = [protocol, fold, command, time].every((one) => typeof one === "string");
    if (!texts || typeof clips !== "number") return { ...DAMAGED, id };
    const marks = { synthetic: synthetic === true, leaky: leaky === true };
    return { id, run, protocol, fold, clips, ...marks, command, grid, commit, time };
  } catch {
    return { ...DAMAGED, id };
  }
}

/** Whether an entry could not be read; it counts as a reading of an unknown protocol. */
export function isDamaged({ protocol }: LedgerEntry): boolean {
  return protocol === UNKNOWN;
}

let told: string | undefined;

/** Sets the command in a process that another one started: what the user ran there. */
export function setCommand(command: string | undefined): void {
  told = command;
}

/** The command that the user ran. Paths are cut to their last part, for privacy. */
export function commandText(): string {
  if (told !== undefined) return told;
  const host = notebookHost();
  if (host) return `notebook, cell ${host.cell}`;
  const [, script = "", ...args] = process.argv;
  const name = basename(script).replace(/^ser\.(cjs|ts)$/, "ser");
  return [name, ...args.map((word) => word.replace(/[^=]+$/, bare))].join(" ");
}

function bare(text: string): string {
  return isAbsolute(text) || text.startsWith("..") || text.startsWith("~") ? basename(text) : text;
}
