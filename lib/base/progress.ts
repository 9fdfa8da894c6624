import { randomUUID } from "node:crypto";
import { notebookHost } from "./notebook.js";
import { Pace } from "./pace.js";

/** Options of {@link Progress}. */
export interface ProgressOptions {
  /** Where it is shown; default: standard error, so that output can be piped. */
  stream?: NodeJS.WriteStream;
  /** Milliseconds between plain lines where the stream is not a terminal; default 5000. */
  lineEvery?: number;
  /** Shows nothing. */
  quiet?: boolean;
}

/**
 * A progress bar that updates in place on a terminal and in a notebook, and prints plain lines where the output is piped. On a
 * terminal and in a notebook it appears after half a second, so that quick work stays silent.
 *
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * const progress = new Progress("duration", clips.length);
 * for (const { path } of clips.slice(0, 5)) {
 *   await readAudio(path);
 *   progress.step();
 * }
 * progress.done();
 * progress.count; // => 5
 */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  readonly #lineEvery: number;
  readonly #quiet: boolean;
  /** Its place in a notebook's output; `undefined` elsewhere, and while it is not shown. */
  #place: Place | undefined;
  readonly #start = performance.now();
  readonly #pace: Pace;
  #count = 0;
  #note = "";
  #last = performance.now();
  #shown = false;
  /** The count of the last line. */
  #drawn = 0;

  constructor(label: string, total: number, options: ProgressOptions = {}) {
    this.#label = label;
    this.#total = total;
    this.#stream = options.stream ?? process.stderr;
    this.#lineEvery = options.lineEvery ?? 5000;
    this.#quiet = options.quiet ?? false;
    this.#pace = new Pace(total, this.#start);
  }

  /** Number of items done. */
  get count(): number {
    return this.#count;
  }

  /** Counts `n` more items as done; `note` is shown at the end of the line. */
  step(n = 1, note = this.#note): void {
    const now = performance.now();
    if (n > 0) this.#pace.step(n, now);
    this.#advance(n, note, now);
  }

  /** Counts `n` items that were done earlier: they do not count for the speed and the time left. */
  skip(n: number): void {
    const now = performance.now();
    this.#pace.skip(now);
    this.#advance(n, this.#note, now);
  }

  #advance(n: number, note: string, now: number): void {
    this.#count += n;
    this.#note = note;
    if (now - this.#last < this.#pause()) return;
    this.#last = now;
    this.#draw();
  }

  /** Removes the bar. The next step shows it again. */
  clear(): void {
    if (this.#place) releasePlace(this.#place);
    else if (this.#shown && this.#stream.isTTY && !this.#quiet) this.#stream.write("\r\u001b[K");
    this.#place = undefined;
  }

  /** Ends the bar. A line remains only if one was shown. */
  done(note = this.#note): void {
    const news = note !== this.#note || this.#drawn < this.#count;
    this.#note = note;
    if (!this.#shown) return;
    if (news || this.#inPlace()) this.#draw();
    if (!this.#place && this.#stream.isTTY && !this.#quiet) this.#stream.write("\n");
  }

  /** Whether it is updated in place instead of printed line by line. */
  #inPlace(): boolean {
    return notebookHost() !== undefined || this.#stream.isTTY;
  }

  /** Milliseconds before it may be drawn again. */
  #pause(): number {
    if (!this.#inPlace()) return this.#lineEvery;
    return this.#shown ? 100 : 500;
  }

  #draw(): void {
    if (this.#quiet) return;
    this.#shown = true;
    this.#drawn = this.#count;
    const now = performance.now();
    const finished = this.#count >= this.#total;
    const pace = finished ? this.#pace.overall(now) : this.#pace.now(now);
    const text = progressLine(this.#label, this.#count, this.#total, now - this.#start, this.#note, pace);
    if (notebookHost()) {
      this.#place ??= claimPlace();
      showAt(this.#place, text);
    } else if (!this.#stream.isTTY) this.#stream.write(`${text}\n`);
    else this.#stream.write(`\r${text.slice(0, (this.#stream.columns ?? 80) - 1)}\u001b[K`);
  }
}

/** A place in a cell's output for a progress bar. */
export interface Place {
  id: string;
  cell: number;
  used: boolean;
}

// The next bar of a cell reuses the place of a cleared one: each epoch's bar replaces that of the epoch before.
let freePlaces: Place[] = [];

function claimPlace(): Place {
  const cell = notebookHost()?.cell ?? 0;
  freePlaces = freePlaces.filter((place) => place.cell === cell);
  return freePlaces.pop() ?? { id: `progress-${randomUUID()}`, cell, used: false };
}

function releasePlace(place: Place): void {
  if (place.used) showAt(place, "");
  freePlaces.push(place);
}

function showAt(place: Place, text: string): void {
  notebookHost()?.display({ data: { "text/plain": text }, id: place.id, update: place.used });
  place.used = true;
}

/** Writes a line to standard error, so that output can be piped: what is said unless a caller listens. */
export function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * One line of progress: label, bar, share, counts, and the pace with the time left by it; without a pace, the time so far.
 *
 * @param pace steps a second, see {@link Pace}; `undefined` while it is not known
 * @example progressLine("runs", 60, 78, 3.6e6, "", 2 / 3600) // "runs ██████████████████░░░░░░  77 % 60/78, 2.0/h, 9 h 0 min left"
 */
export function progressLine(
  label: string,
  count: number,
  total: number,
  ms: number,
  note = "",
  pace: number | undefined = undefined,
): string {
  const share = total > 0 ? Math.min(1, count / total) : 1;
  const filled = Math.round(share * 24);
  const bar = "█".repeat(filled) + "░".repeat(24 - filled);
  const speed = pace ? `, ${rateText(pace)}` : "";
  const left =
    count < total && pace ? `, ${duration((total - count) / pace)} left` : `, ${duration(ms / 1000)}`;
  return `${label} ${bar} ${(100 * share).toFixed(0).padStart(3)} % ${count}/${total}${speed}${left}${note && `  ${note}`}`;
}

/** A rate per second, or per minute or hour where it is low. */
function rateText(rate: number): string {
  const [value, unit] = rate >= 1 ? [rate, "s"] : rate >= 1 / 60 ? [60 * rate, "min"] : [3600 * rate, "h"];
  return `${value.toFixed(value >= 10 ? 0 : 1)}/${unit}`;
}

/** Seconds in words: "0.4 s", "12 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${seconds.toFixed(0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
