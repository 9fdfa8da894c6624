import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type DownloadOptions, downloadWithProgress, sizeOf } from "../base/download.js";
import { UsageError, UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import { KNOWN_CORPORA } from "./clip.js";
import { corpora } from "./registry.js";
import { type Unpacked, unpackClips } from "./unpack.js";

/** The page of the archive with the four English corpora, and the URL behind its download button. */
const KAGGLE_PAGE = "https://www.kaggle.com/datasets/dmitrybabko/speech-emotion-recognition-en";
const KAGGLE_ARCHIVE =
  "https://www.kaggle.com/api/v1/datasets/download/dmitrybabko/speech-emotion-recognition-en";

/** Options of {@link downloadCorpora}. */
export interface CorporaDownload extends Omit<DownloadOptions, "onProgress"> {
  /** Where to download from; default: the archive of the four English corpora on Kaggle. */
  url?: string;
  /** Path of an archive that you already have: it is unpacked and kept, and nothing is downloaded. */
  archive?: string;
  /** Keeps the downloaded archive; default false. */
  keep?: boolean;
  /** Shows no progress bar. */
  quiet?: boolean;
}

/** Where {@link downloadCorpora} keeps the archive until it is unpacked. */
export function archiveIn(folder: string): string {
  return join(folder, "speech-emotion-recognition-en.zip");
}

/**
 * Downloads the archive of the four English corpora from Kaggle and unpacks its clips into a folder. A call after an
 * interruption resumes; a call after completion writes nothing.
 *
 * @param folder the target; clips that are already there are kept
 * @returns how many clips were written, and how many were already there
 * @throws {UserError} with the reason and manual download instructions, or when the archive is damaged
 * @throws {DOMException} AbortError when `signal` is aborted; what was downloaded is kept
 * @example
 * const message = await downloadCorpora("data", { archive: "archive.zip" }).catch((error: UserError) => error.message);
 * message; // => "cannot unpack archive.zip: no such file or folder"
 */
export async function downloadCorpora(folder: string, options: CorporaDownload = {}): Promise<Unpacked> {
  const archive = options.archive ?? archiveIn(folder);
  const url = options.url ?? KAGGLE_ARCHIVE;
  if (!options.archive && (await sizeOf(archive)) === 0) await fetchArchive(url, archive, folder, options);
  const unpacked = await unpackWithProgress(archive, folder, options);
  if (!options.archive && !options.keep) await rm(archive, { force: true });
  return unpacked;
}

async function fetchArchive(
  url: string,
  archive: string,
  folder: string,
  options: CorporaDownload,
): Promise<void> {
  try {
    await downloadWithProgress(url, archive, options);
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof UsageError) throw error;
    throw new UserError(`${error.message}\n${byHand(folder)}`, { cause: error });
  }
}

async function unpackWithProgress(
  archive: string,
  folder: string,
  options: CorporaDownload,
): Promise<Unpacked> {
  let bar: Progress | undefined;
  try {
    return await unpackClips(archive, folder, {
      signal: options.signal,
      onProgress: (_done, total) => {
        bar ??= new Progress("unpack", total, { quiet: options.quiet });
        bar.step();
      },
    });
  } finally {
    bar?.done();
  }
}

/** Manual download instructions. */
function byHand(folder: string): string {
  const homes = KNOWN_CORPORA.map((name) => `  ${corpora[name].title.padEnd(9)}${corpora[name].homepage}`);
  return [
    "To download by hand, get the four English corpora from Kaggle, or each corpus from its home page:",
    `  Kaggle   ${KAGGLE_PAGE}`,
    ...homes,
    `Unpack into ${folder} in any layout, then run: ser data check --data ${folder}`,
    `For an archive that your browser downloaded from Kaggle: ser data download ${folder} --archive FILE`,
  ].join("\n");
}
