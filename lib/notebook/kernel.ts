import type { Display, MimeBundle } from "../base/notebook.js";
import { projectRoot } from "../base/root.js";
import { lateFailure } from "./child.js";
import { Interrupts } from "./interrupts.js";
import { TextLimit } from "./outputs.js";
import { type CellFailure, createSession, type Session } from "./session.js";
import type { WireMessage } from "./tslab.js";

interface ExecuteRequest {
  code: string;
  silent?: boolean;
  store_history?: boolean;
  stop_on_error?: boolean;
}

/** Publishes a message of a type to all frontends, as a result of the current request. */
type Publish = (type: string, content: object) => void;

/** Requests that arrive this soon after an error were sent before the user saw it ("run all") and are not executed. */
const ABORT_MS = 100;

/**
 * Serves Jupyter with tslab's protocol (sockets, completion, inspection) and our session. Ends when Jupyter shuts it down or
 * is gone. Runs in the process that `superviseKernel` starts.
 *
 * @param connectionFile Jupyter's file with ports and key
 */
export async function serveKernel(connectionFile: string): Promise<void> {
  const folder = process.cwd();
  let current: Execution | undefined;
  const root = projectRoot();
  const interrupts = new Interrupts(root, (ended) => session.interrupt(ended));
  const session: Session = interrupts.shield(() =>
    createSession({
      root,
      folder,
      interrupts,
      events: {
        display: (display) => current?.display(display),
        result: (data) => current?.result(data),
      },
    }),
  );
  const handler = createHandler(session, (execution) => {
    current = execution;
  });
  const server = createServer(session, handler, connectionFile);
  const exit = process.exit.bind(process);
  // A cell must not end the kernel, since all its values would be lost.
  process.exit = (code) => {
    throw new Error(
      `process.exit(${code ?? ""}) does nothing in a notebook: restart or stop the kernel in Jupyter`,
    );
  };
  const late = (error: unknown) => {
    process.stderr.write(`${lateFailure(session.describe(error)).traceback.join("\n")}\n`);
  };
  process.on("uncaughtException", late);
  process.on("unhandledRejection", late);
  await server.init();
  await server.closed;
  exit(0);
}

/** One request to execute a cell, running or done; later output of the cell still belongs to it. */
class Execution {
  readonly #publish: Publish;
  readonly #count: number;
  readonly #limit = new TextLimit();

  constructor(publish: Publish, count: number) {
    this.#publish = publish;
    this.#count = count;
  }

  print(name: "stdout" | "stderr", chunk: string | Uint8Array): void {
    const text = this.#limit.take(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    if (text !== "") this.#publish("stream", { name, text });
  }

  display({ data, metadata = {}, id, update }: Display): void {
    const transient = id === undefined ? {} : { display_id: id };
    this.#publish(update ? "update_display_data" : "display_data", { data, metadata, transient });
  }

  result(data: MimeBundle): void {
    this.#publish("execute_result", { execution_count: this.#count, data, metadata: {} });
  }

  end(failure: CellFailure | undefined): void {
    const note = this.#limit.note();
    if (note) this.#publish("stream", { name: "stderr", text: note });
    if (failure) this.#publish("error", failure);
  }
}

/** The request handler: tslab's class with our own execution. */
function createHandler(session: Session, onExecution: (execution: Execution) => void) {
  let queue: Promise<unknown> = Promise.resolve();
  let abortBefore = 0;
  let count = 0;

  async function execute(request: ExecuteRequest, publish: Publish): Promise<object> {
    const silent = request.silent ?? false;
    if (!silent && request.store_history !== false) count++;
    const execution = new Execution(silent ? () => {} : publish, count);
    onExecution(execution);
    process.stdout.write = writer(execution, "stdout");
    process.stderr.write = writer(execution, "stderr");
    if (!silent) publish("execute_input", { code: request.code, execution_count: count });
    const failure = request.code.trim() === "" ? undefined : await session.run(request.code, count);
    execution.end(failure);
    if (!failure) return { status: "ok", execution_count: count, payload: [], user_expressions: {} };
    if (request.stop_on_error !== false) abortBefore = performance.now() + ABORT_MS;
    return { status: "error", execution_count: count, ...failure };
  }

  return new (class extends session.jupyter.JupyterHandlerImpl {
    override handleKernel(): Record<string, unknown> {
      const info = super.handleKernel();
      const language = info.language_info as object;
      return {
        ...info,
        status: "ok",
        implementation: "ser-typescript",
        banner: `TypeScript ${session.typescriptVersion}, speech emotion workbench`,
        language_info: { ...language, version: session.typescriptVersion },
      };
    }

    override handleShutdown({ restart }: { restart: boolean }) {
      return { restart };
    }

    /** Executes requests in order, one at a time. */
    handleRequest(request: ExecuteRequest, publish: Publish): Promise<object> {
      const arrived = performance.now();
      const answer = queue.then(() =>
        arrived < abortBefore ? { status: "aborted", execution_count: count } : execute(request, publish),
      );
      queue = answer;
      return answer;
    }
  })(session.executor as never, false);
}

function writer(execution: Execution, name: "stdout" | "stderr"): typeof process.stdout.write {
  return ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    execution.print(name, chunk);
    const done = rest.find((argument): argument is () => void => typeof argument === "function");
    if (done) process.nextTick(done);
    return true;
  }) as typeof process.stdout.write;
}

/** tslab's sockets, with the messages that it sends wrongly or not at all. */
function createServer(session: Session, handler: ReturnType<typeof createHandler>, connectionFile: string) {
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  return new (class extends session.jupyter.ZmqServer {
    readonly closed = closed;

    override async init(): Promise<void> {
      await super.init();
      // By default every 512th message waits for a turn of the event loop, and the socket rejects messages sent meanwhile.
      // None of these sockets has to wait for its receivers.
      for (const socket of [this.iopub, this.shell, this.control]) socket.sendTimeout = 0;
    }

    async handleExecute(socket: unknown, message: WireMessage): Promise<void> {
      const publish: Publish = (type, content) => this.#send(this.iopub, message, type, content);
      const request = message.content as unknown as ExecuteRequest;
      this.#send(socket, message, "execute_reply", await handler.handleRequest(request, publish));
    }

    handleCommInfoRequest(socket: unknown, message: WireMessage): void {
      this.#send(socket, message, "comm_info_reply", { status: "ok", comms: {} });
    }

    override close(): void {
      // The reply to the shutdown must still be sent.
      setTimeout(() => {
        super.close();
        close();
      }, 100);
    }

    #send(socket: unknown, message: WireMessage, type: string, content: object): void {
      const reply = message.createReply();
      reply.header.msg_type = type;
      reply.content = content as Record<string, unknown>;
      reply.signAndSend(this.connInfo.key, socket);
    }
  })(handler, connectionFile);
}
