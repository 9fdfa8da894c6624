import { isSoundName } from "../audio/endings.js";
import type { ClipName, KnownCorpus } from "./clip.js";

/** A file of this name marks everything at and under its folder as synthetic. */
export const SYNTHETIC_MARKER = "SYNTHETIC.json";

/** The published facts of a corpus, and the parser of its file names. */
export interface CorpusDefinition {
  name: KnownCorpus;
  /** The name as papers write it: "CREMA-D". */
  title: string;
  description: string;
  language: "English" | "German" | "Italian" | "Urdu";
  /** For English corpora. */
  accent?: "North American" | "British";
  homepage: string;
  licence: string;
  /** BibTeX. */
  citation: string;
  /** The published sampling rate, Hz; absent where none is published. */
  sampleRate?: number;
  /** Number of published clips. */
  clipCount: number;
  speakers: readonly string[];
  /**
   * Reads a clip's metadata from its path: from the file name and, where that is not enough, from the name of the folder.
   * Reads no file and never throws.
   *
   * @param path relative to any folder above the file, with `/`
   * @returns `undefined` for a name that is not this corpus's
   */
  parse(path: string): ClipName | undefined;
  /** The ids of all published clips, sorted. */
  expectedIds(): readonly string[];
}

/** The file name without its folder and `.wav`; `undefined` for a file of another kind. */
export function wavName(path: string): string | undefined {
  const file = path.slice(path.lastIndexOf("/") + 1);
  return /\.wav$/i.test(file) ? file.slice(0, -4) : undefined;
}

/**
 * The path that a sound file would have as a WAV. Corpora are passed on in compressed copies under the same names; CREMA-D itself has
 * `AudioMP3`.
 *
 * @example asWav("AudioMP3/1001_DFA_ANG_XX.mp3") // "AudioMP3/1001_DFA_ANG_XX.wav"
 */
export function asWav(path: string): string {
  if (!isSoundName(path) || wavName(path) !== undefined) return path;
  return `${path.slice(0, path.lastIndexOf("."))}.wav`;
}

/** The name of a file's folder, or "". */
export function folderName(path: string): string {
  return path.split("/").at(-2) ?? "";
}

/** Whole numbers from `first` to `last` as text, padded with zeros to `digits`. */
export function numbers(first: number, last: number, digits = 2): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => String(first + i).padStart(digits, "0"));
}
