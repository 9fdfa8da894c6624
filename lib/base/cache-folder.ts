import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The workbench's folder in the user's cache folder: in `XDG_CACHE_HOME`, else in the system's; never in the checkout.
 *
 * @param path parts of the path below it
 * @example cacheFolder("readings") // "/home/ada/.cache/speech-emotion-workbench/readings"
 */
export function cacheFolder(...path: string[]): string {
  return join(systemFolder(), "speech-emotion-workbench", ...path);
}

function systemFolder(): string {
  const { XDG_CACHE_HOME: named, LOCALAPPDATA: windows } = process.env;
  if (named) return named;
  if (process.platform === "win32" && windows) return windows;
  return join(homedir(), process.platform === "darwin" ? "Library/Caches" : ".cache");
}
