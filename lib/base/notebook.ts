/** A notebook output: one value in several forms, by MIME type; JSON types hold objects. */
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

/** The receiver of the output of library code that runs in a cell. */
export interface NotebookHost {
  display(display: Display): void;
  /** Number of the running cell. */
  readonly cell: number;
}

// A global, since the session and the cells' library are two copies of this module.
const KEY = Symbol.for("speech-emotion-workbench.notebook");
const globals = globalThis as { [KEY]?: NotebookHost };

/** The notebook this code runs in, or `undefined` outside of one. */
export function notebookHost(): NotebookHost | undefined {
  return globals[KEY];
}

/** Sets the notebook that library code displays in; `undefined` unsets it. */
export function setNotebookHost(host: NotebookHost | undefined): void {
  globals[KEY] = host;
}
