import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { createGzip, gunzip } from "node:zlib";
import { messageOf, systemReason, UserError } from "./errors.js";

/** Characters that are compressed at a time: each time costs as much as some kilobytes. */
const PIECE = 2 ** 16;

/**
 * Writes a text line by line, compressed by gzip. What counts is the text: compressed bytes may differ between versions of zlib.
 *
 * @example
 * const file = new PackedLines("predictions.jsonl.gz");
 * await file.write('{"run":"a"}');
 * await file.end(); // the SHA-256 of the text
 */
export class PackedLines {
  readonly #hash = createHash("sha256");
  readonly #gzip = createGzip({ level: 9 });
  readonly #written: Promise<unknown>;
  #waiting = "";

  /** @param path of a file in a folder that exists */
  constructor(path: string) {
    const file = this.#gzip.pipe(createWriteStream(path));
    this.#written = once(file, "close");
    // Whoever awaits the end gets the error; until then it must not end the process.
    this.#written.catch((error: unknown) => this.#gzip.destroy(error as Error));
    this.#gzip.on("error", () => {});
  }

  /** Adds a line; resolves when there is room for the next. */
  async write(line: string): Promise<void> {
    this.#waiting += `${line}\n`;
    if (this.#waiting.length >= PIECE) await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = "";
    this.#hash.update(text);
    if (this.#gzip.write(text)) return;
    await Promise.race([once(this.#gzip, "drain"), this.#written]);
  }

  /**
   * Ends the file.
   *
   * @returns the SHA-256 of its text
   * @throws the system's error, if it could not be written
   */
  async end(): Promise<string> {
    await this.#flush();
    this.#gzip.end();
    await this.#written;
    return this.#hash.digest("hex");
  }
}

/**
 * The text of a file that {@link PackedLines} wrote.
 *
 * @throws {UserError} naming the file, if it is missing or damaged
 */
export async function readPacked(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  });
  try {
    return (await promisify(gunzip)(bytes)).toString("utf8");
  } catch (error) {
    throw new UserError(`${path} is damaged (${messageOf(error)})`, { cause: error });
  }
}
