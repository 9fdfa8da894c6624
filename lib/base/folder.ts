import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** A file below a folder. */
export interface FileBelow {
  path: string;
  /** From the folder on, with `/`. */
  relative: string;
}

/** Options of {@link filesBelow}. */
export interface FilesBelowOptions {
  signal?: AbortSignal;
  /** Called with a folder below that cannot be read; the others are still read. Default: the error is thrown. */
  onProblem?: (path: string, error: unknown) => void;
}

/**
 * All files below a folder at any depth, in no order. Hidden files and folders, and macOS's copies of metadata (`._a01.wav`,
 * `__MACOSX`), are left out. Links are followed; a folder that is reached twice is read once, so that a loop of links ends.
 * A link to nowhere counts as a file: reading it says what is wrong.
 *
 * @throws the system's error for a folder that cannot be read
 * @example (await filesBelow("data")).map(({ relative }) => relative) // ["Savee/DC_a01.wav", ...]
 */
export async function filesBelow(root: string, options: FilesBelowOptions = {}): Promise<FileBelow[]> {
  const { signal, onProblem } = options;
  const files: FileBelow[] = [];
  const seen = new Set<string>();
  const folders: FileBelow[] = [{ path: root, relative: "" }];
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    signal?.throwIfAborted();
    try {
      const { dev, ino } = await stat(folder.path, { bigint: true });
      if (seen.has(`${dev}:${ino}`)) continue;
      seen.add(`${dev}:${ino}`);
      for (const entry of await readdir(folder.path, { withFileTypes: true })) {
        if (entry.name.startsWith(".") || entry.name === "__MACOSX") continue;
        const relative = folder.relative ? `${folder.relative}/${entry.name}` : entry.name;
        const one = { path: join(folder.path, entry.name), relative };
        const isFolder = entry.isSymbolicLink() ? await leadsToFolder(one.path) : entry.isDirectory();
        if (isFolder) folders.push(one);
        else if (entry.isFile() || entry.isSymbolicLink()) files.push(one);
      }
    } catch (error) {
      if (!onProblem || folder.path === root) throw error;
      onProblem(folder.path, error);
    }
  }
  return files;
}

async function leadsToFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
