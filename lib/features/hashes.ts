import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { KERNEL_SOURCE } from "../audio/kernelBinary.js";
import { writeAtomic } from "../base/atomic.js";
import { messageOf } from "../base/errors.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { FEATURE_VERSION } from "./cache.js";

/** What is known of a sound file, in hexadecimal. */
export interface FileHash {
  /** SHA-256 of the file; of a segment, of that and its times. */
  hash: string;
  /** SHA-256 of its decoded samples. */
  samples: string;
}

interface Table {
  /** Of the code that decodes: another one's table counts for nothing. */
  code: string;
  files: Record<string, [stamp: string, hash: string, samples: string]>;
}

const CODE = sha256(canonicalJson([FEATURE_VERSION, KERNEL_SOURCE])).slice(0, 16);

/**
 * SHA-256 of sound files and of their samples, remembered in `FOLDER/hashes.json` by path, size, times and inode, so that
 * a second look at a corpus need not read it.
 */
export class FileHashes {
  readonly #path: string;
  readonly #files: Table["files"];
  readonly #warn: (text: string) => void;
  #changed = false;

  /** Opens what there is; a damaged or missing table only means that the files are read once more. */
  constructor(folder: string, warn: (text: string) => void) {
    this.#path = join(folder, "hashes.json");
    this.#files = readTable(this.#path);
    this.#warn = warn;
  }

  /**
   * The hashes of a file that is as it was, `undefined` for any other.
   *
   * @param fragment of a segment, see `fragmentOf`
   */
  of(path: string, fragment = ""): FileHash | undefined {
    const [stamp, hash, samples] = this.#files[path + fragment] ?? [];
    if (stamp === undefined || hash === undefined || samples === undefined) return undefined;
    return stamp === stampNow(path) ? { hash, samples } : undefined;
  }

  /** @param stamp see {@link stampOf}; a file without one is not remembered */
  remember(path: string, stamp: string | undefined, { hash, samples }: FileHash, fragment = ""): void {
    if (stamp === undefined) return;
    this.#files[path + fragment] = [stamp, hash, samples];
    this.#changed = true;
  }

  /** Writes what is new, beside what another process wrote meanwhile. Where that fails, it warns. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    try {
      const table: Table = { code: CODE, files: { ...readTable(this.#path), ...this.#files } };
      await writeAtomic(this.#path, JSON.stringify(table));
      this.#changed = false;
    } catch (error) {
      this.#warn(`the feature cache cannot be written (${messageOf(error)}); going on without it`);
    }
  }
}

/** What changes whenever a file does: size, times of change of content and of inode, inode. */
export function stampOf(stat: { size: bigint; mtimeNs: bigint; ctimeNs: bigint; ino: bigint }): string {
  return `${stat.size}-${stat.mtimeNs}-${stat.ctimeNs}-${stat.ino}`;
}

function stampNow(path: string): string | undefined {
  try {
    return stampOf(statSync(path, { bigint: true }));
  } catch {
    return undefined; // whoever reads the file says what is wrong with it
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
