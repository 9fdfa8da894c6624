import { formatTable } from "../base/table.js";
import { percent } from "../base/text.js";
import { STANDARD_INPUT } from "../inference/recordings.js";
import {
  type Answer,
  csvHeader,
  csvRow,
  csvRows,
  type NamedModel,
  orderedClasses,
  predictionJson,
  predictionTable,
  windowJson,
} from "../inference/report.js";
import type { EmotionWindow } from "../inference/timeline.js";

/** Prints predictions as they are made. */
export interface PredictOutput {
  /** Before the first recording. */
  begin(): void;
  /** A window of a long recording is over. */
  window(window: EmotionWindow, file: string): void;
  /** A recording is over. */
  answer(answer: Answer): void;
  /** After the last recording. */
  end(): void;
}

/** Takes whole lines of the output. */
export type Print = (lines: string) => void;

/** What an earlier, stopped call has printed; see `readDone`. */
export interface Printed {
  /** The header is there. */
  begun: boolean;
  /** How many rows there are of the file in which it was stopped. */
  rows: ReadonlyMap<string, number>;
}

/**
 * The output that the options ask for; without one, a table.
 *
 * @param printed what is there already of CSV
 * @param several whether JSON is an array
 */
export function outputOf(
  { csv, jsonl, json }: { csv?: boolean; jsonl?: boolean; json?: boolean },
  {
    model,
    print,
    printed,
    several,
  }: { model: NamedModel; print: Print; printed?: Printed; several: boolean },
): PredictOutput {
  if (csv) return csvOutput(model, print, printed);
  if (jsonl) return jsonlOutput(model, print);
  return json ? jsonOutput(model, print, several) : tableOutput(model, print);
}

/**
 * A row for each window, and for each recording without windows, as soon as it is made.
 *
 * @param printed rows that are there already are not printed again
 */
function csvOutput(
  model: NamedModel,
  print: Print,
  printed: Printed = { begun: false, rows: new Map() },
): PredictOutput {
  /** Of the current recording. */
  let windows: EmotionWindow[] = [];
  let before = 0;
  const row = (file: string, text: string) => {
    if (before++ >= (printed.rows.get(file) ?? 0)) print(text);
  };
  return {
    begin() {
      if (!printed.begun) print(csvHeader(model));
    },
    window(window, file) {
      windows.push(window);
      row(file, csvRow(file, window, model));
    },
    answer(answer) {
      // What was printed by window is the answer, unless the recording turned out to be a single utterance.
      const isPrinted = windows.length > 0 && windows.at(-1) === answer.prediction.windows.at(-1);
      if (!isPrinted) for (const text of csvRows(answer, model)) row(answer.file, text);
      windows = [];
      before = 0;
    },
    end() {},
  };
}

/** An object for each recording on a line of its own; of standard input one for each window before it. */
function jsonlOutput(model: NamedModel, print: Print): PredictOutput {
  return {
    begin() {},
    window(window, file) {
      if (file === STANDARD_INPUT) print(`${JSON.stringify({ file, ...windowJson(window) })}\n`);
    },
    answer(answer) {
      print(`${JSON.stringify(predictionJson(answer, model))}\n`);
    },
    end() {},
  };
}

/** An object for one file, an array for several, in the end. */
function jsonOutput(model: NamedModel, print: Print, several: boolean): PredictOutput {
  const objects: object[] = [];
  return {
    begin() {},
    window() {},
    answer(answer) {
      objects.push(predictionJson(answer, model));
    },
    end() {
      if (objects.length > 0) print(`${JSON.stringify(several ? objects : objects[0], null, 2)}\n`);
    },
  };
}

/** A table in the end; of standard input a line for each window before it. */
function tableOutput(model: NamedModel, print: Print): PredictOutput {
  const answers: Answer[] = [];
  const live = new LiveLines(model);
  return {
    begin() {},
    window(window, file) {
      if (file === STANDARD_INPUT) print(live.line(window));
    },
    answer(answer) {
      answers.push(answer);
    },
    end() {
      if (answers.length > 0) print(`${live.begun ? "\n" : ""}${predictionTable(answers, model)}\n`);
    },
  };
}

/** Windows as the lines of a table whose later lines are not known yet. */
class LiveLines {
  begun = false;
  readonly #classes: string[];

  constructor({ card }: NamedModel) {
    this.#classes = orderedClasses(card.classes);
  }

  line({ start, end, emotion, probabilities }: EmotionWindow): string {
    const cells = [
      ...[start.toFixed(2), end.toFixed(2), emotion ?? "(unsure)"],
      ...this.#classes.map((name) => percent(probabilities[name]!)),
    ];
    // The widest cells that may come, so that all lines have the same columns.
    const longest = this.#classes.reduce((a, b) => (b.length > a.length ? b : a), "(unsure)");
    const widest = ["00000.00", "00000.00", longest, ...this.#classes.map(() => "100.0")];
    const [header, rule, , line] = formatTable(
      ["from s", "to s", "emotion", ...this.#classes],
      [widest, cells],
    ).split("\n");
    const text = this.begun ? `${line}\n` : `${header}\n${rule}\n${line}\n`;
    this.begun = true;
    return text;
  }
}
