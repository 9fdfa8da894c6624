import { readFile } from "node:fs/promises";
import { win32 } from "node:path";
import { parseDelimited, textOf } from "../base/delimited.js";
import { systemReason, UserError } from "../base/errors.js";

/** A stretch of a recording that somebody, or a program, has marked. */
export interface Segment {
  /** Where it stands in its file. */
  line: number;
  /** Seconds; finite, in any order until `checkSegments` has seen them. */
  start: number;
  end: number;
  speaker?: string;
  /** What is said or noted. */
  label?: string;
}

/** Options of {@link readSegments}. */
export interface SegmentFileOptions {
  /** The recording, for files that have the segments of several. */
  recording?: string;
  /** Only this interval tier of a TextGrid; default: all. */
  tier?: string;
}

/**
 * Reads the segments of a recording. The format is detected from the content: Praat's TextGrid (long or short; interval tiers), RTTM,
 * SRT, WebVTT, Audacity's labels, or a table with the columns start and end (or duration), and where there are any speaker, label
 * and file.
 *
 * @throws {UserError} naming the file and the line: it cannot be read, a time is no number, there are no segments
 * @example for (const { start, end, speaker } of await readSegments("talk.rttm")) console.log(start, end, speaker);
 */
export async function readSegments(path: string, options: SegmentFileOptions = {}): Promise<Segment[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`cannot read the segments ${path}: ${systemReason(error)}`, { cause: error });
  });
  // Subtitles are often of a Windows code page; only names and words suffer when it is another one.
  const text = textOf(bytes) ?? new TextDecoder("windows-1252").decode(bytes);
  if (text.includes("\0")) throw new UserError(`${path} is not text: ${KINDS}`);
  return parseSegments(text, path, options);
}

const KINDS =
  "segments are read from TextGrid, RTTM, SRT, WebVTT, Audacity's labels, or CSV with start and end";

/**
 * As {@link readSegments}, of text.
 *
 * @param path for messages
 */
export function parseSegments(text: string, path: string, options: SegmentFileOptions = {}): Segment[] {
  const whole = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const segments = parserOf(whole)(whole, path, options);
  if (segments.length === 0) throw new UserError(`${path} holds no segments; ${KINDS}`);
  return segments;
}

type Parser = (text: string, path: string, options: SegmentFileOptions) => Segment[];

const RTTM_LINE =
  /^(SPEAKER|LEXEME|NON-LEX|NON-SPEECH|SEGMENT|NOSCORE|NO_RT_METADATA|SPKR-INFO|A\/P|FILLER|IP|SU|CB|EDIT)\s+\S+\s+\S+\s/;

function parserOf(text: string): Parser {
  if (/^\s*(File type\s*=\s*)?"(ooTextFile|Praat chronological)/.test(text)) return parseTextGrid;
  if (/^WEBVTT(\s|$)/.test(text) || text.split(LINE_END).some((line) => CUE.test(line)))
    return parseSubtitles;
  const first = text.split(LINE_END).find((line) => line.trim() !== "" && !line.startsWith(";;")) ?? "";
  if (RTTM_LINE.test(first)) return parseRttm;
  return LABEL_LINE.test(first) ? parseLabels : parseTable;
}

const LINE_END = /\r\n|\n|\r/;

function linesOf(text: string): { line: number; content: string }[] {
  return text.split(LINE_END).map((content, i) => ({ line: i + 1, content }));
}

const SECONDS = /^[-+]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d+)?$/i;
const CLOCK = /^(?:(\d+):)?(\d+):(\d+(?:[.,]\d*)?)$/;

/** Seconds, with a decimal point or comma, or `[hours:]minutes:seconds`. */
function secondsOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (SECONDS.test(trimmed)) {
    const value = Number(trimmed.replace(",", "."));
    return Number.isFinite(value) ? value : undefined;
  }
  const [, hours = "0", minutes, seconds] = CLOCK.exec(trimmed) ?? [];
  if (minutes === undefined || seconds === undefined) return undefined;
  return sum(3600 * Number(hours), 60 * Number(minutes), Number(seconds.replace(",", ".")));
}

/** To the microsecond: 0.1 + 0.2 is 0.3. */
function sum(...seconds: readonly number[]): number {
  const value = seconds.reduce((a, b) => a + b, 0);
  return Math.abs(value) < 1e9 ? Math.round(1e6 * value) / 1e6 : value;
}

/** @throws {UserError} for what is no time */
function timeOf(text: string | undefined, what: string, path: string, line: number): number {
  const value = secondsOf(text ?? "");
  if (value !== undefined) return value;
  throw new UserError(`${path}, line ${line}: ${what} is "${text ?? ""}", which is no time in seconds`);
}

/** Without the members that say nothing. */
function segment(line: number, start: number, end: number, speaker = "", label = ""): Segment {
  return {
    ...{ line, start, end },
    ...(speaker.trim() && { speaker: speaker.trim() }),
    ...(label.trim() && { label: label.trim() }),
  };
}

/** Segments whose file belongs to the recording. */
function ofRecording(
  found: readonly [file: string, segment: Segment][],
  path: string,
  recording?: string,
): Segment[] {
  const files = new Set(found.map(([file]) => file));
  if (recording === undefined || files.size < 2) return found.map(([, one]) => one);
  // With either slash: the table may have been made on another system.
  const bare = (name: string) => win32.basename(name, win32.extname(name));
  const own = found.filter(
    ([file]) => file === recording || bare(file) === bare(recording) || file === bare(recording),
  );
  if (own.length > 0) return own.map(([, one]) => one);
  const names = [...files].slice(0, 3).join(", ");
  throw new UserError(
    `${path} has segments of ${files.size} recordings (${names}, ...), and none of ${recording}`,
  );
}

/** https://github.com/nryant/dscore#rttm: type, file, channel, start, duration, -, -, speaker. */
function parseRttm(text: string, path: string, { recording }: SegmentFileOptions): Segment[] {
  const found = linesOf(text).flatMap(({ line, content }): [string, Segment][] => {
    const [type, file = "", , start, duration, , , name = ""] = content.trim().split(/\s+/);
    if (type !== "SPEAKER") return [];
    const from = timeOf(start, "the start", path, line);
    const end = sum(from, timeOf(duration, "the duration", path, line));
    return [[file, segment(line, from, end, name === "<NA>" ? "" : name)]];
  });
  return ofRecording(found, path, recording);
}

/** https://manual.audacityteam.org/man/importing_and_exporting_labels.html: start, end, text; lines with "\" have frequencies. */
const LABEL_LINE = /^\s*[-+\d.,]+\t\s*[-+\d.,]+\s*(\t|$)/;

function parseLabels(text: string, path: string): Segment[] {
  return linesOf(text).flatMap(({ line, content }) => {
    if (content.trim() === "" || content.startsWith("\\")) return [];
    const [start, end, ...label] = content.split("\t");
    return [
      segment(
        line,
        timeOf(start, "the start", path, line),
        timeOf(end, "the end", path, line),
        "",
        label.join(" "),
      ),
    ];
  });
}

const CUE = /^\s*(\d[\d:.,]*)\s+-->\s+(\d[\d:.,]*)(\s|$)/;

/** `Anna: ...` or `[SPEAKER_00]: ...`. */
const SPOKEN_BY = /^\[?([\p{L}\p{N}][\p{L}\p{N} ._-]{0,39})\]?:\s+/u;

/** https://www.w3.org/TR/webvtt1/ and SubRip. A speaker is that of `<v NAME>`, or what stands before a colon in most cues. */
function parseSubtitles(text: string, path: string): Segment[] {
  const lines = linesOf(text);
  const cues = lines.flatMap(({ line, content }, i) => {
    const [, start, end] = CUE.exec(content) ?? [];
    if (start === undefined) return [];
    const after = lines.slice(i + 1, i + 1 + SPOKEN_LINES).map((one) => one.content);
    const stop = after.findIndex((one) => one.trim() === "" || CUE.test(one));
    const words = after.slice(0, stop < 0 ? after.length : stop).join(" ");
    const voice = /<v(?:\.[^\s>]*)?\s+([^>]+)>/.exec(words)?.[1];
    return [
      {
        line,
        start: timeOf(start, "the start", path, line),
        end: timeOf(end, "the end", path, line),
        voice,
        words: words.replace(/<[^>]*>|\{\\[^}]*\}/g, "").trim(),
      },
    ];
  });
  const named = cues.filter(({ words }) => SPOKEN_BY.test(words)).length;
  const isNamed = 2 * named > cues.length;
  return cues.map(({ line, start, end, voice, words }) => {
    const name = voice ?? (isNamed ? SPOKEN_BY.exec(words)?.[1] : undefined);
    const said = voice === undefined && name !== undefined ? words.replace(SPOKEN_BY, "") : words;
    return segment(line, start, end, name, said);
  });
}

/** Most lines of one cue. */
const SPOKEN_LINES = 20;

/** The columns of a table, by the names that programs give them. */
const COLUMNS = {
  start: ["start", "begin", "onset", "from", "start_time", "starttime", "start (s)", "tmin", "xmin"],
  end: ["end", "stop", "offset", "to", "end_time", "endtime", "end (s)", "tmax", "xmax"],
  duration: ["duration", "dur"],
  speaker: ["speaker", "spk", "speaker_id", "name", "tier"],
  label: ["label", "text", "transcript", "words", "annotation"],
  file: ["file", "recording", "filename", "audio", "path"],
};

function parseTable(text: string, path: string, { recording }: SegmentFileOptions): Segment[] {
  const { header, rows } = parseDelimited(text, path);
  const names = header.map((name) => name.trim().toLowerCase());
  const at = (column: keyof typeof COLUMNS) => names.findIndex((name) => COLUMNS[column].includes(name));
  let columns = {
    ...{ start: at("start"), end: at("end"), duration: at("duration") },
    speaker: at("speaker"),
    label: at("label"),
    file: at("file"),
  };
  const records = [...rows];
  if (
    columns.start < 0 &&
    secondsOf(header[0] ?? "") !== undefined &&
    secondsOf(header[1] ?? "") !== undefined
  ) {
    columns = { start: 0, end: 1, duration: -1, speaker: 2, label: 3, file: -1 };
    records.unshift({ line: 1, cells: header });
  }
  if (columns.start < 0 || (columns.end < 0 && columns.duration < 0))
    throw new UserError(
      `${path} is not a known kind of segments (${header.slice(0, 4).join(", ")}); ${KINDS}`,
    );
  const found = records.map(({ line, cells }): [string, Segment] => {
    const start = timeOf(cells[columns.start], "start", path, line);
    const end =
      columns.end < 0
        ? sum(start, timeOf(cells[columns.duration], "duration", path, line))
        : timeOf(cells[columns.end], "end", path, line);
    return [
      cells[columns.file] ?? "",
      segment(line, start, end, cells[columns.speaker], cells[columns.label]),
    ];
  });
  return ofRecording(found, path, recording);
}

/** What Praat reads of a text file: free-standing numbers, quoted text, and flags; the rest explains them. */
const TOKEN = /"((?:[^"]|"")*)"|<(\w+)>|(?<=^|\s)([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?=\s|$)/gi;

/** https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html. Of several interval tiers each is a speaker. */
function parseTextGrid(text: string, path: string, { tier }: SegmentFileOptions): Segment[] {
  const tokens = new Tokens(text, path);
  if (!tokens.text().startsWith("ooTextFile"))
    throw new UserError(
      `${path} is a chronological TextGrid: save it in Praat as a text file or a short text file`,
    );
  if (tokens.text() !== "TextGrid") throw new UserError(`${path} is a file of Praat's, but not a TextGrid`);
  tokens.number();
  tokens.number();
  if (!tokens.flag("exists")) return [];
  const count = tokens.number();
  const tiers: { name: string; segments: Segment[] }[] = [];
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const isInterval = tokens.text() === "IntervalTier";
    const name = tokens.text();
    tokens.number();
    tokens.number();
    const size = tokens.number();
    const segments: Segment[] = [];
    for (let k = 0; k < size; k++) {
      const { line } = tokens;
      const start = tokens.number();
      const end = isInterval ? tokens.number() : start;
      // Intervals without text are the gaps between the others.
      const label = tokens.text();
      if (isInterval && label.trim() !== "") segments.push(segment(line, start, end, "", label));
    }
    if (!isInterval) continue;
    names.push(name);
    if (tier === undefined || tier === name) tiers.push({ name, segments });
  }
  if (tier !== undefined && tiers.length === 0)
    throw new UserError(
      `${path} has no interval tier "${tier}"; its tiers are ${names.join(", ") || "none"}`,
    );
  const filled = tiers.filter(({ segments }) => segments.length > 0);
  if (filled.length < 2) return filled.flatMap(({ segments }) => segments);
  return filled.flatMap(({ name, segments }) =>
    segments.map(({ line, start, end, label }) => segment(line, start, end, name, label)),
  );
}

class Tokens {
  readonly #tokens: RegExpMatchArray[];
  readonly #text: string;
  readonly #path: string;
  #at = 0;
  #seen = 0;
  #line = 1;

  constructor(text: string, path: string) {
    this.#tokens = [...text.matchAll(TOKEN)];
    this.#text = text;
    this.#path = path;
  }

  /** Of the next token. */
  get line(): number {
    const to = this.#tokens[this.#at]?.index ?? this.#text.length;
    this.#line += this.#text.slice(this.#seen, to).match(/\r\n|\n|\r/g)?.length ?? 0;
    this.#seen = Math.max(this.#seen, to);
    return this.#line;
  }

  text(): string {
    const token = this.#tokens[this.#at];
    if (token?.[1] === undefined) throw this.#damaged("a text in quotes");
    this.#at++;
    return token[1].replaceAll('""', '"');
  }

  number(): number {
    const token = this.#tokens[this.#at];
    const value = Number(token?.[3] ?? Number.NaN);
    if (!Number.isFinite(value)) throw this.#damaged("a number");
    this.#at++;
    return value;
  }

  flag(name: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.[2] === undefined) throw this.#damaged("a flag such as <exists>");
    this.#at++;
    return token[2].toLowerCase() === name;
  }

  #damaged(wanted: string): UserError {
    return new UserError(`${this.#path}, line ${this.line}: the TextGrid is damaged: ${wanted} is missing`);
  }
}
