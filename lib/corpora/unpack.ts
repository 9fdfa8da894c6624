import { existsSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { writeAtomic } from "../base/atomic.js";
import { messageOf, systemCode, systemReason, UserError } from "../base/errors.js";
import { makeFolder } from "../base/folder.js";
import { requireSpace } from "../base/space.js";

export interface UnpackOptions {
  signal?: AbortSignal;
  /** Called after every clip with the number done and the total. */
  onProgress?: (done: number, total: number) => void;
  /** Default {@link UNPACK_LIMITS}. */
  limits?: UnpackLimits;
}

export interface UnpackLimits {
  /** Entries of an archive. */
  entries: number;
  /** Bytes of a clip, unpacked. */
  clip: number;
  /** Bytes of all clips together, unpacked. */
  total: number;
}

/** The four English corpora have 12,162 clips of at most 3 MB, 1.6 GB in total: anything far larger is not a speech corpus. */
export const UNPACK_LIMITS: UnpackLimits = { entries: 100_000, clip: 64e6, total: 8e9 };

/** The result of unpacking an archive of clips. */
export interface Unpacked {
  /** Number of clips written by this call. */
  written: number;
  /** Number of clips that were already there, with the same size as in the archive. */
  present: number;
  /** Paths of clips that were already there with another size; they are left as they are. */
  differing: string[];
}

/**
 * Unpacks the .wav files of a zip archive into a folder, in the archive's layout. Other files are skipped. Each file is written
 * completely or not at all, and its checksum (CRC-32) is verified. Existing files are kept, so that an interrupted call resumes.
 *
 * Nothing is written from an archive that has paths outside the folder (`..`, absolute paths, backslashes), contains symbolic
 * links, is encrypted, or declares more than the limits; no file can grow beyond its declared size.
 *
 * @throws {UserError} naming the archive and the entry
 * @throws {DOMException} AbortError when `signal` is aborted
 * @example await unpackClips("speech-emotion-recognition-en.zip", "data");
 */
export async function unpackClips(
  archive: string,
  folder: string,
  options: UnpackOptions = {},
): Promise<Unpacked> {
  const zip = await openArchive(archive);
  try {
    const entries = await clipEntries(zip, archive, options.limits ?? UNPACK_LIMITS);
    await checkSpace(entries, folder);
    const result: Unpacked = { written: 0, present: 0, differing: [] };
    for (const [i, entry] of entries.entries()) {
      options.signal?.throwIfAborted();
      await unpackEntry(zip, entry, archive, folder, result);
      options.onProgress?.(i + 1, entries.length);
    }
    return result;
  } finally {
    zip.close();
  }
}

async function openArchive(archive: string): Promise<ZipFile> {
  try {
    return await openPromise(archive, { autoClose: false, strictFileNames: true, validateEntrySizes: true });
  } catch (error) {
    const reason = systemCode(error)
      ? systemReason(error)
      : `it is not a complete zip archive (${messageOf(error)})`;
    throw new UserError(`cannot unpack ${archive}: ${reason}`, { cause: error });
  }
}

/** The entries that are clips, all of them checked before the first is written. */
async function clipEntries(zip: ZipFile, archive: string, limits: UnpackLimits): Promise<Entry[]> {
  const refuse = (reason: string, cause?: unknown) =>
    new UserError(`${archive} is not safe to unpack: ${reason}; nothing was written`, { cause });
  if (zip.entryCount > limits.entries) throw refuse(`it has ${zip.entryCount} entries`);
  const clips: Entry[] = [];
  let total = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      if (isLink(entry)) throw refuse(`${entry.fileName} is a symbolic link`);
      if (!isClip(entry.fileName)) continue;
      if (entry.isEncrypted()) throw refuse(`${entry.fileName} is encrypted`);
      if (entry.uncompressedSize > limits.clip) {
        throw refuse(`${entry.fileName} would have ${entry.uncompressedSize} bytes`);
      }
      total += entry.uncompressedSize;
      if (total > limits.total) throw refuse(`its clips would have more than ${limits.total} bytes`);
      clips.push(entry);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    // yauzl refuses absolute names, `..` and backslashes.
    throw refuse(messageOf(error), error);
  }
  if (clips.length === 0) throw new UserError(`${archive} contains no .wav files`);
  return clips;
}

/** The Unix file type is in the upper half of the attributes. */
function isLink(entry: Entry): boolean {
  return ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000;
}

/** macOS's copies of metadata (`__MACOSX/._a01.wav`) are not clips. */
function isClip(name: string): boolean {
  return /\.wav$/i.test(name) && !name.split("/").some((part) => part === "__MACOSX" || part.startsWith("."));
}

async function checkSpace(entries: readonly Entry[], folder: string): Promise<void> {
  await makeFolder(folder).catch((error: unknown) => {
    throw new UserError(`cannot make ${folder}: ${systemReason(error)}`, { cause: error });
  });
  const missing = entries.filter((entry) => !existsSync(resolve(folder, entry.fileName)));
  const needed = missing.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  await requireSpace(folder, needed);
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  archive: string,
  folder: string,
  result: Unpacked,
): Promise<void> {
  const path = resolve(folder, entry.fileName);
  if (!path.startsWith(resolve(folder) + sep))
    throw new UserError(`${archive}: ${entry.fileName} points outside the folder`);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === entry.uncompressedSize) result.present++;
  else if (size !== undefined) result.differing.push(path);
  else {
    const bytes = await readEntry(zip, entry, archive);
    await writeAtomic(path, (temporary) => writeFile(temporary, bytes));
    result.written++;
  }
}

async function readEntry(zip: ZipFile, entry: Entry, archive: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece);
  } catch (error) {
    throw damaged(archive, entry, messageOf(error), error);
  }
  const bytes = Buffer.concat(pieces);
  if (crc32(bytes) !== entry.crc32) throw damaged(archive, entry, "its checksum does not match");
  return bytes;
}

function damaged(archive: string, entry: Entry, reason: string, cause?: unknown): UserError {
  return new UserError(
    `${archive} is damaged at ${entry.fileName}: ${reason}; delete the archive and download it again`,
    { cause },
  );
}
