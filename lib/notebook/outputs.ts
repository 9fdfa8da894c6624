import type { Display, MimeBundle } from "../base/notebook.js";
import type { Output } from "./nbformat.js";
import type { CellFailure } from "./session.js";

/** An event while a cell runs. */
export type CellEvent =
  | { kind: "stream"; name: "stdout" | "stderr"; text: string }
  | { kind: "display"; display: Display }
  | { kind: "result"; data: MimeBundle }
  | { kind: "error"; failure: CellFailure };

/** Text of a cell beyond this many characters is left out, so that a runaway loop cannot make the file too large to open. */
export const TEXT_LIMIT = 1_000_000;

/** Displays of a cell beyond this many characters are left out. */
export const DISPLAY_LIMIT = 20_000_000;

/** Limits the text of a cell; one for all streams of the cell. */
export class TextLimit {
  #left: number;
  #dropped = 0;

  constructor(limit = TEXT_LIMIT) {
    this.#left = limit;
  }

  /** The part of the text that is shown. */
  take(text: string): string {
    const shown = text.slice(0, this.#left);
    this.#left -= shown.length;
    this.#dropped += text.length - shown.length;
    return shown;
  }

  /** A note about text that was left out, or `undefined`. */
  note(): string | undefined {
    if (this.#dropped === 0) return undefined;
    return `... ${(this.#dropped / 1e6).toFixed(1)} MB more are left out: a cell shows at most ${TEXT_LIMIT / 1e6} MB of text\n`;
  }
}

/** Collects the outputs of cells in the format of a notebook file. */
export class Outputs {
  /** Outputs of the current cell. */
  #outputs: Output[] = [];
  #count: number | null = null;
  #size = 0;
  /** Displays of all cells by id: a later cell may replace an earlier display. */
  readonly #displays = new Map<string, Extract<Output, { output_type: "display_data" }>[]>();

  /** Starts a cell: from now on outputs go to this list. */
  startCell(outputs: Output[], count: number): void {
    this.#outputs = outputs;
    this.#count = count;
    this.#size = 0;
  }

  add(event: CellEvent): void {
    switch (event.kind) {
      case "stream":
        this.#stream(event.name, event.text);
        return;
      case "display":
        this.#display(event.display);
        return;
      case "result":
        this.#outputs.push({
          output_type: "execute_result",
          data: event.data,
          metadata: {},
          execution_count: this.#count,
        });
        return;
      case "error":
        this.#outputs.push({ output_type: "error", ...event.failure });
    }
  }

  #stream(name: "stdout" | "stderr", text: string): void {
    if (text === "") return;
    const last = this.#outputs.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text += text;
    else this.#outputs.push({ output_type: "stream", name, text });
  }

  #display({ data, metadata = {}, id, update }: Display): void {
    const known = id === undefined ? undefined : this.#displays.get(id);
    if (update && known) {
      for (const output of known) Object.assign(output, { data, metadata });
      return;
    }
    this.#size += JSON.stringify(data).length;
    if (this.#size > DISPLAY_LIMIT) {
      this.#stream("stderr", `a display was left out: a cell shows at most ${DISPLAY_LIMIT / 1e6} MB\n`);
      return;
    }
    const output: Output = { output_type: "display_data", data, metadata };
    this.#outputs.push(output);
    if (id !== undefined) this.#displays.set(id, [...(known ?? []), output]);
  }
}
