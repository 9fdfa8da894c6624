/** What a notebook's output is made of: a value in several forms, by MIME type; JSON types hold objects. */
export type MimeBundle = Record<string, unknown>;

/** One thing to display. */
export interface Display {
  data: MimeBundle;
  metadata?: Record<string, unknown>;
  /** Displays with an id can be replaced later. */
  id?: string;
  /** Replaces what was displayed under this id instead of adding to the cell's output. */
  update?: boolean;
}

/** Where library code that runs in a cell sends its output. */
export interface NotebookHost {
  display(display: Display): void;
  /** The number of the cell that runs. */
  readonly cell: number;
}

// A global: the session and the library of the cells are two copies of this module.
const KEY = Symbol.for("speech-emotion-workbench.notebook");
const globals = globalThis as { [KEY]?: NotebookHost };

/** The notebook this code runs in, or `undefined` outside of one. */
export function notebookHost(): NotebookHost | undefined {
  return globals[KEY];
}

/** Makes `host` the notebook that library code displays in; `undefined` ends that. */
export function setNotebookHost(host: NotebookHost | undefined): void {
  globals[KEY] = host;
}
