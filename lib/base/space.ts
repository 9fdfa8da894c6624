import { statfs } from "node:fs/promises";
import { UserError } from "./errors.js";

/**
 * Checks the free space of a disk.
 *
 * @param folder an existing folder on the disk
 * @param bytes that are about to be written
 * @throws {UserError} when the disk has less free space
 */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  const megabytes = (n: number) => `${Math.ceil(n / 1e6)} MB`;
  throw new UserError(
    `no space for ${megabytes(bytes)} in ${folder}: ${megabytes(bavail * bsize)} are free; free some space, or choose a folder on another disk`,
  );
}
