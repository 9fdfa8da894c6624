import type { Command } from "commander";
import type { Unpacked } from "../corpora/unpack.js";
import { dataFolder, interruptSignal, printJson } from "./common.js";

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
    .description("Fetch the four corpora as one archive from Kaggle and unpack them.")
    .argument("[dir]", "folder to unpack into (default: SER_DATA, else data/)")
    .option("--url <url>", "another address of the archive")
    .option("--archive <file>", "unpack this archive instead of downloading one")
    .option("--keep-archive", "keep the downloaded archive")
    .option("--json", "JSON")
    .addHelpText(
      "after",
      `
About 1 GB, 1.6 GB unpacked. Stopped at any time, the same command goes on where it was. Files that are there
already stay as they are. Mind the corpora's licences: research use, and no redistribution.

The archive has RAVDESS, TESS, SAVEE and CREMA-D. EMO-DB, EMOVO and URDU come from their own pages: "ser data list --corpus
emodb emovo urdu" names them. Unpack them into the same folder, in any layout.

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
      log(`${(size / 1e6).toFixed(0)} MB are kept in ${part}: the same command goes on from there`);
    }
    throw error;
  }
}

function summary(folder: string, { written, present, differing }: Unpacked): string {
  const lines = [`${written} clips unpacked into ${folder}, ${present} were there already`];
  if (differing.length > 0) {
    lines.push(
      `${differing.length} were there with another size and stay as they are, for example ${differing[0]}`,
    );
  }
  return [...lines, `Now check them: ser data check --data ${folder}`].join("\n");
}
