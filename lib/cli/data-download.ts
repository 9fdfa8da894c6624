import type { Command } from "commander";
import { dataFolder } from "../base/root.js";
import type { Unpacked } from "../corpora/unpack.js";
import { interruptSignal, printJson } from "./common.js";

interface DownloadOptions {
  url?: string;
  archive?: string;
  keepArchive?: boolean;
  json?: boolean;
}

/** Adds `ser data download`. */
export function addDownload(data: Command): void {
  data
    .command("download")
    .description("Download RAVDESS, TESS, SAVEE and CREMA-D as one archive from Kaggle, and unpack it.")
    .argument("[dir]", "folder to unpack into (default: SER_DATA, else data/)")
    .option("--url <url>", "download the archive from this address instead")
    .option("--archive <file>", "unpack this archive instead of downloading it")
    .option("--keep-archive", "keep the downloaded archive after unpacking")
    .option("--json", "print the counts as JSON")
    .addHelpText(
      "after",
      `
The archive has about 1 GB, unpacked 1.6 GB. The same command resumes an interrupted download.
Existing files are not changed. Respect the licences of the corpora: research use, and no
redistribution.

EMO-DB, EMOVO and URDU are not in the archive. While none of them is found, "ser data list
--corpus emodb emovo urdu" prints the pages to get them from. Unpack them into the same folder;
any folder layout works.

Examples:
  ser data download
  ser data download ~/corpora
  ser data download ~/corpora --archive ~/Downloads/archive.zip`,
    )
    .action(async (dir: string | undefined, options: DownloadOptions) => {
      const folder = dir ?? dataFolder();
      const unpacked = await download(folder, options);
      if (options.json) printJson({ folder, ...unpacked });
      else process.stdout.write(`${summary(folder, unpacked)}\n`);
    });
}

async function download(folder: string, options: DownloadOptions): Promise<Unpacked> {
  const { archiveIn, downloadCorpora } = await import("../corpora/download.js");
  const { sizeOf } = await import("../base/download.js");
  const signal = interruptSignal();
  const { url, archive, keepArchive } = options;
  const log = (line: string) => process.stderr.write(`ser: ${line}\n`);
  try {
    return await downloadCorpora(folder, { url, archive, keep: keepArchive, signal, log });
  } catch (error) {
    const part = `${archiveIn(folder)}.part`;
    const size = await sizeOf(part);
    if (signal.aborted && size > 0) {
      log(`${(size / 1e6).toFixed(0)} MB are kept in ${part}: the same command resumes the download`);
    }
    throw error;
  }
}

function summary(folder: string, { written, present, differing }: Unpacked): string {
  const lines = [`${written} clips unpacked into ${folder}, ${present} existed already`];
  if (differing.length > 0) {
    lines.push(
      `${differing.length} of the existing files have another size and were not changed, for example ${differing[0]}`,
    );
  }
  return [...lines, `Now check them: ser data check --data ${folder}`].join("\n");
}
