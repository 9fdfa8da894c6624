import { resample } from "../audio/resample.js";
import { readSegment } from "../audio/segment.js";
import { encodeWav } from "../audio/write.js";
import { UsageError } from "../base/errors.js";
import { escapeHtml } from "../base/html.js";
import { notebookHost } from "../base/notebook.js";
import { type Cell, formatTable } from "../base/table.js";
import type { Clip } from "../corpora/clip.js";
import type { Figure } from "../figures/figure.js";
import { PRIVATE_AUDIO } from "./nbformat.js";

/** The parts of a danfojs data frame that are used here. */
export interface FrameLike {
  columns: readonly (string | number)[];
  index: readonly (string | number)[];
  values: readonly unknown[];
  shape: readonly number[];
}

/** Options of {@link show}. */
export interface ShowOptions {
  /** Largest number of table rows to show; default 20. */
  rows?: number;
  /** Pixels of the PNG per CSS pixel; default 1.5: sharp enough, and small enough to commit. */
  scale?: number;
}

/**
 * Shows a figure or a table below the cell. A figure is one output in two forms: interactive in an open notebook, and a PNG
 * for GitHub and for a notebook that is reopened without trust. A table is a danfojs data frame or a list of records.
 * Outside a notebook, a table is printed as text and of a figure only the title.
 *
 * @throws {UserError} for a figure that cannot be drawn
 * @throws {UsageError} for anything that is neither a figure nor a table
 * @example
 * await show([{ model: "linear", "UAR, %": 48.3 }, { model: "cnn", "UAR, %": 52.1 }]);
 * await show(classCounts({ corpora: [{ name: "savee", counts: { anger: 60, neutral: 120 } }] }));
 */
export async function show(
  what: Figure | FrameLike | readonly object[],
  options: ShowOptions = {},
): Promise<void> {
  if (isFigure(what)) return showFigure(what, options.scale ?? 1.5);
  const table = tableOf(what);
  if (!table) throw new UsageError("show takes a figure, a data frame or a list of records");
  showTable(table, options.rows ?? 20);
}

async function showFigure(figure: Figure, scale: number): Promise<void> {
  const host = notebookHost();
  const title = plainTitle(figure);
  if (!host) {
    process.stdout.write(`[figure: ${title}; saveFigure draws it into a file]\n`);
    return;
  }
  const { PAGE_CONFIG, renderPng } = await import("../figures/render.js");
  const png = await renderPng(figure, { scale });
  host.display({
    data: {
      "application/vnd.plotly.v1+json": { ...compact(figure), config: PAGE_CONFIG },
      "image/png": Buffer.from(png).toString("base64"),
      "text/plain": `[figure: ${title}]`,
    },
    metadata: { "image/png": { width: figure.layout.width, height: figure.layout.height } },
  });
}

/** A figure as plain JSON with six digits per number: more are not visible, and notebooks are committed. */
function compact(figure: Figure): object {
  const text = JSON.stringify(figure, (_key, value) => {
    if (typeof value === "number") return Number.isInteger(value) ? value : Number(value.toPrecision(6));
    return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
  });
  return JSON.parse(text);
}

function plainTitle({ layout }: Figure): string {
  const { title } = layout;
  const text = (typeof title === "string" ? title : title?.text) ?? "untitled";
  return text.replace(/<[^>]*>/g, " ").trim();
}

interface Table {
  header: string[];
  rows: Cell[][];
}

function isFigure(what: object): what is Figure {
  return "data" in what && "layout" in what && Array.isArray(what.data);
}

function tableOf(what: object): Table | undefined {
  if (Array.isArray(what)) {
    if (!what.every((record) => typeof record === "object" && record !== null)) return undefined;
    const header = [...new Set(what.flatMap((record) => Object.keys(record)))];
    return { header, rows: what.map((record) => header.map((name) => cellOf(record[name]))) };
  }
  if (!("columns" in what && "index" in what && "values" in what && "shape" in what)) return undefined;
  const { columns, index, values } = what as FrameLike;
  // A series has values, a frame has rows.
  const rows = values.map((row, i) => [cellOf(index[i]), ...(Array.isArray(row) ? row : [row]).map(cellOf)]);
  return { header: ["", ...columns.map(String)], rows };
}

function cellOf(value: unknown): Cell {
  if (typeof value === "number") return Number.isInteger(value) ? value : Number(value.toPrecision(5));
  if (value === undefined || value === null || typeof value === "boolean") return value;
  return String(value);
}

function showTable({ header, rows }: Table, limit: number): void {
  const shown = rows.slice(0, limit);
  const rest = rows.length > limit ? `${rows.length - limit} more rows` : "";
  const text = `${formatTable(header, shown)}${rest && `\n... ${rest}`}`;
  const host = notebookHost();
  if (!host) {
    process.stdout.write(`${text}\n`);
    return;
  }
  host.display({ data: { "text/html": htmlTable(header, shown, rest), "text/plain": text } });
}

function htmlTable(header: readonly string[], rows: readonly Cell[][], rest: string): string {
  const head = header.map((name) => `<th>${escapeHtml(name)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map(htmlCell).join("")}</tr>`);
  const note = rest && `<p>... ${rest}</p>`;
  return `<table><thead><tr>${head}</tr></thead>\n<tbody>${body.join("\n")}</tbody></table>${note}`;
}

function htmlCell(cell: Cell): string {
  const text = cell === undefined || cell === null ? "-" : escapeHtml(String(cell));
  return typeof cell === "number" ? `<td align="right">${text}</td>` : `<td>${text}</td>`;
}

/** Sound that is not a clip: samples of one channel in [-1, 1], with their rate in Hz. */
export interface PlayableSound {
  samples: Float32Array;
  sampleRate: number;
}

/** Options of {@link listen}. */
export interface ListenOptions {
  /** Seconds to play from the beginning; at most and by default 10. */
  seconds?: number;
  /**
   * True for sound that may be published, such as your own voice: `--in-place` then leaves it in the notebook. Default:
   * true for synthetic clips only, since no corpus allows its recordings to be published.
   */
  keep?: boolean;
}

const LISTEN_RATE = 16000;
const LISTEN_SECONDS = 10;

/**
 * Shows an audio player below the cell: at most 10 s, one channel, 16 bits at 16 kHz, stored in the notebook's file.
 * Outside a notebook, the name of the clip and the seconds that would be played are printed.
 *
 * @param sound a clip, or samples with their rate
 * @throws {AudioError} for a clip that cannot be read
 * @throws {UsageError} when `seconds` is not above 0 and at most 10
 * @example
 * const [clip] = await loadClips("data", { names: ["savee"] });
 * await listen(clip!);
 * await listen(await readAudio("talk.wav"), { seconds: 3, keep: true });
 */
export async function listen(sound: Clip | PlayableSound, options: ListenOptions = {}): Promise<void> {
  const { seconds = LISTEN_SECONDS } = options;
  if (!(seconds > 0 && seconds <= LISTEN_SECONDS)) {
    throw new UsageError(`listen plays more than 0 and at most ${LISTEN_SECONDS} s, not ${seconds}`);
  }
  const isClip = "path" in sound;
  const { samples, sampleRate } = isClip ? await readSegment(sound) : sound;
  const part = samples.subarray(0, Math.ceil(seconds * sampleRate));
  const name = isClip ? sound.id : "sound";
  const text = `[audio: ${name}, ${(part.length / sampleRate).toFixed(2)} s]`;
  const host = notebookHost();
  if (!host) {
    process.stdout.write(`${text}\n`);
    return;
  }
  const wav = Buffer.from(encodeWav(resample(part, sampleRate, LISTEN_RATE), LISTEN_RATE)).toString("base64");
  const label = escapeHtml(name);
  const html = `<figure><audio controls src="data:audio/wav;base64,${wav}"></audio><figcaption>${label}</figcaption></figure>`;
  const keep = options.keep ?? (isClip && sound.synthetic);
  host.display({
    data: { "text/html": html, "text/plain": text },
    metadata: keep ? {} : { [PRIVATE_AUDIO]: true },
  });
}
