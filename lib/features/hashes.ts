import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { KERNEL_SOURCE } from "../audio/kernelBinary.js";
import { writeAtomic } from "../base/atomic.js";
import { messageOf } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { FEATURE_VERSION } from "./cache.js";

/** The hashes of a sound file, in hexadecimal. */
export interface FileHash {
  /** SHA-256 of the file; for a segment, of that hash and its times. */
  hash: string;
  /** SHA-256 of its decoded samples. */
  samples: string;
}

interface Table {
  /** Identifies the decoding code: tables of other versions are ignored. */
  code: string;
  files: Record<string, [stamp: string, hash: string, samples: string]>;
}

const CODE = sha256(canonicalJson([FEATURE_VERSION, KERNEL_SOURCE])).slice(0, 16);

/**
 * SHA-256 of sound files and of their samples, stored in `FOLDER/hashes.json` by path, size, times and inode, so that
 * unchanged files need not be read again.
 */
export class FileHashes {
  readonly #path: string;
  readonly #files: Table["files"];
  readonly #warn: (text: string) => void;
  #changed = false;

  /** Opens the existing table; if it is damaged or missing, the files are read again. */
  constructor(folder: string, warn: (text: string) => void) {
    this.#path = join(folder, "hashes.json");
    this.#files = readTable(this.#path);
    this.#warn = warn;
  }

  /**
   * The hashes of an unchanged file, otherwise `undefined`.
   *
   * @param fragment of a segment, see `fragmentOf`
   */
  of(path: string, fragment = ""): FileHash | undefined {
    const [stamp, hash, samples] = this.#files[path + fragment] ?? [];
    if (stamp === undefined || hash === undefined || samples === undefined) return undefined;
    return stamp === stampNow(path) ? { hash, samples } : undefined;
  }

  /** @param stamp see `stampOf`; a file without one is not stored */
  remember(path: string, stamp: string | undefined, { hash, samples }: FileHash, fragment = ""): void {
    if (stamp === undefined) return;
    this.#files[path + fragment] = [stamp, hash, samples];
    this.#changed = true;
  }

  /** Writes new hashes, merged with those that another process wrote meanwhile. If that fails, warns. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    try {
      const table: Table = { code: CODE, files: { ...readTable(this.#path), ...this.#files } };
      await writeAtomic(this.#path, JSON.stringify(table));
      this.#changed = false;
    } catch (error) {
      this.#warn(`the feature cache cannot be written (${messageOf(error)}); continuing without it`);
    }
  }
}

/** A value that changes whenever the file does: size, modification time, change time and inode. */
export function stampOf(stat: { size: bigint; mtimeNs: bigint; ctimeNs: bigint; ino: bigint }): string {
  return `${stat.size}-${stat.mtimeNs}-${stat.ctimeNs}-${stat.ino}`;
}

function stampNow(path: string): string | undefined {
  try {
    return stampOf(statSync(path, { bigint: true }));
  } catch {
    return undefined; // reading the file reports the error
  }
}

function readTable(path: string): Table["files"] {
  try {
    const table = JSON.parse(readFileSync(path, "utf8")) as Partial<Table> | null;
    return table?.code === CODE && typeof table.files === "object" && table.files ? table.files : {};
  } catch {
    return {};
  }
}
