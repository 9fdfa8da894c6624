import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dealer, Subscriber } from "zeromq";
import { needs } from "../needs.js";

/** A frontend as Jupyter's protocol 5.3 describes it (https://jupyter-client.readthedocs.io/en/stable/messaging.html). */
interface Message {
  type: string;
  parent: string;
  content: Record<string, unknown>;
}

const KEY = "secret";
let shell: Dealer;
let iopub: Subscriber;
const heard: Message[] = [];
let wake = () => {};
let folder: string;
let kernel: ChildProcess;

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function parse(frames: readonly Buffer[]): Message {
  const start = frames.findIndex((frame) => frame.toString() === "<IDS|MSG>");
  const [header, parent, , content] = frames.slice(start + 2).map((frame) => JSON.parse(frame.toString()));
  return { type: header.msg_type, parent: parent.msg_id, content };
}

async function send(type: string, content: object): Promise<string> {
  const id = randomUUID();
  const header = {
    msg_id: id,
    session: "s",
    username: "u",
    date: new Date().toISOString(),
    msg_type: type,
    version: "5.3",
  };
  const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
  const signature = createHmac("sha256", KEY).update(parts.join("")).digest("hex");
  await shell.send(["<IDS|MSG>", signature, ...parts]);
  return id;
}

/** The first message that fits, heard already or to come. */
async function hear(fits: (message: Message) => boolean): Promise<Message> {
  for (;;) {
    const message = heard.find(fits);
    if (message) return message;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

async function listen(socket: AsyncIterable<Buffer[]>): Promise<void> {
  for await (const frames of socket) {
    heard.push(parse(frames));
    wake();
  }
}

interface Answer {
  status: unknown;
  outputs: Message[];
}

/** Of a cell whose failure does not abort those that are sent soon after. */
async function request(code: string): Promise<string> {
  return send("execute_request", { code, stop_on_error: false, store_history: true });
}

async function execute(code: string): Promise<Answer> {
  return answerTo(await request(code));
}

/** The source of a cell that waits until there is a file. */
function waitingFor(file: string): string {
  return `while (!require("node:fs").existsSync(${JSON.stringify(file)})) await new Promise(setImmediate);`;
}

/** The kernel has a request; it may be carrying out another. */
async function received(id: string): Promise<void> {
  await hear(({ type, parent }) => type === "status" && parent === id);
}

async function printed(id: string): Promise<void> {
  await hear(({ type, parent }) => type === "stream" && parent === id);
}

async function answerTo(id: string): Promise<Answer> {
  const reply = await hear(({ type, parent }) => type === "execute_reply" && parent === id);
  await hear(
    ({ type, parent, content }) => type === "status" && parent === id && content.execution_state === "idle",
  );
  const outputs = heard.filter(
    ({ type, parent }) => parent === id && !/status|execute_input|execute_reply/.test(type),
  );
  return { status: reply.content.status, outputs };
}

async function ask(type: string, content: object): Promise<Record<string, unknown>> {
  const id = await send(type, content);
  return (await hear((message) => message.parent === id && message.type === type.replace("request", "reply")))
    .content;
}

async function start(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "kernel-"));
  // A port that was free may be taken by the time that the kernel binds it, and then the kernel ends.
  while (!(await startOn(await freePorts(5))));
  // A subscription takes effect some time after it is asked for: until then what is published is not heard.
  heard.length = 0;
  while (!heard.some(({ type }) => type === "status")) {
    await ask("kernel_info_request", {});
  }
}

/** Whether a kernel serves on these ports. */
async function startOn([
  shell_port,
  iopub_port,
  control_port,
  stdin_port,
  hb_port,
]: number[]): Promise<boolean> {
  const connection = {
    ...{ transport: "tcp", ip: "127.0.0.1", key: KEY, signature_scheme: "hmac-sha256" },
    ...{ shell_port, iopub_port, control_port, stdin_port, hb_port },
  };
  await writeFile(join(folder, "connection.json"), JSON.stringify(connection));
  const ser = join(import.meta.dirname, "../../dist/ser.cjs");
  kernel = spawn(process.execPath, [ser, "notebook", "kernel", join(folder, "connection.json")], {
    cwd: folder,
  });
  shell = new Dealer();
  iopub = new Subscriber();
  shell.connect(`tcp://127.0.0.1:${shell_port}`);
  iopub.connect(`tcp://127.0.0.1:${iopub_port}`);
  iopub.subscribe();
  void listen(shell as AsyncIterable<Buffer[]>);
  void listen(iopub as AsyncIterable<Buffer[]>);
  const gone = once(kernel, "exit").then(() => false);
  const serves = await Promise.race([ask("kernel_info_request", {}).then(() => true), gone]);
  if (serves) return true;
  shell.close();
  iopub.close();
  return false;
}

async function stop(): Promise<void> {
  kernel?.kill("SIGKILL");
  shell.close();
  iopub.close();
  await rm(folder, { recursive: true, force: true });
}

beforeAll(start);
afterAll(stop);

test("the kernel is TypeScript's", async () => {
  expect(await ask("kernel_info_request", {})).toMatchObject({
    status: "ok",
    implementation: "ser-typescript",
    language_info: { name: "typescript", file_extension: ".ts", version: expect.stringMatching(/^5\.0/) },
  });
});

test("results, text, displays and errors come as the messages that frontends know", async () => {
  const { status, outputs } = await execute(
    'import { show } from "../lib/notebook/display.ts";\nconsole.log("text");\nawait show([{ a: 1 }]);\n6 * 7',
  );
  expect(status).toBe("ok");
  expect(
    outputs.map(({ type, content }) => [type, content.text ?? Object.keys(content.data as object).at(-1)]),
  ).toEqual([
    ["stream", "text\n"],
    ["display_data", "text/plain"],
    ["execute_result", "text/plain"],
  ]);
  const wrong = await execute("const b: string = 1;");
  expect(wrong.status).toBe("error");
  expect(wrong.outputs).toMatchObject([{ type: "error", content: { ename: "TypeScriptError" } }]);
  expect(wrong.outputs[0]!.content.traceback).toEqual([
    expect.stringMatching(/^cell-\d+:1:7 - TS2322/),
    "  const b: string = 1;",
    "        ^",
  ]);
});

test("all that a cell prints arrives, also beyond what ZeroMQ sends at a stretch", async () => {
  const { outputs } = await execute("for (let i = 0; i < 600; i++) console.log(i);");
  expect(outputs.map(({ content }) => content.text)).toEqual(Array.from({ length: 600 }, (_, i) => `${i}\n`));
});

test("after an error the cells already sent are not carried out", async () => {
  const go = join(folder, "go");
  const first = await send("execute_request", { code: `${waitingFor(go)}\nthrow new Error("stop");` });
  const second = await send("execute_request", { code: '"after"' });
  await received(second);
  await writeFile(go, "");
  expect((await answerTo(first)).status).toBe("error");
  expect((await answerTo(second)).status).toBe("aborted");
  // For a moment the kernel cannot tell what was sent before it failed from what is sent now.
  while ((await execute("6 * 7")).status === "aborted");
});

test("process.exit leaves the kernel and its variables alive", async () => {
  await execute("const kept = 5;");
  const { outputs } = await execute("process.exit(1)");
  expect(outputs).toMatchObject([
    { type: "error", content: { evalue: expect.stringContaining("does nothing") } },
  ]);
  expect((await execute("kept")).outputs).toMatchObject([{ content: { data: { "text/plain": "5" } } }]);
});

// Windows has no signals: there a kernel is not interrupted but restarted.
test.each([
  ["waits", 'console.log("on");\nawait new Promise(() => {});'],
  ["loops", 'console.log("on");\nfor (;;) {}'],
  ["loops behind an await", 'await null;\nconsole.log("on");\nfor (;;) {}'],
  [
    "loops behind a timer",
    'await new Promise((resolve) => setTimeout(resolve, 1));\nconsole.log("on");\nfor (;;) {}',
  ],
  [
    "loops in a callback",
    'setTimeout(() => { console.log("on"); for (;;) {} });\nawait new Promise(() => {});',
  ],
  ["catches everything", 'console.log("on");\nfor (;;) try { await null; for (;;) {} } catch {}'],
  [
    "begins to loop as the signal comes",
    'console.log("on");\nconst until = performance.now() + 50;\nwhile (performance.now() < until) {}\nawait null;\nfor (;;) {}',
  ],
])("one interrupt ends a cell that %s, and what was computed stays", needs("posix"), async (_what, code) => {
  await execute("const before = 7;");
  const id = await request(code);
  await printed(id);
  kernel.kill("SIGINT");
  const { status, outputs } = await answerTo(id);
  expect(status).toBe("error");
  expect(outputs.at(-1)).toMatchObject({ type: "error", content: { ename: "Interrupted" } });
  const after =
    "await new Promise((resolve) => setTimeout(resolve, 1));\nawait new Promise(setImmediate);\nbefore";
  expect((await execute(after)).outputs).toMatchObject([{ content: { data: { "text/plain": "7" } } }]);
});

test(
  "an interrupt ends what an earlier cell left running, when it keeps the kernel from its work",
  needs("posix"),
  async () => {
    await execute('setTimeout(() => { console.log("late"); for (;;) {} });');
    // An interrupt before it would be one of an idle kernel.
    await hear(({ type, content }) => type === "stream" && String(content.text).includes("late"));
    const id = await request("6 * 7");
    kernel.kill("SIGINT");
    expect((await answerTo(id)).outputs).toMatchObject([{ content: { data: { "text/plain": "42" } } }]);
  },
);

test(
  "an interrupt of an idle kernel changes nothing, however soon a cell comes after it",
  needs("posix"),
  async () => {
    const cell = "for (let i = 0; i < 200; i++) await new Promise(setImmediate);\n6 * 7";
    for (let time = 0; time < 10; time++) {
      kernel.kill("SIGINT");
      expect((await execute(cell)).outputs).toMatchObject([{ content: { data: { "text/plain": "42" } } }]);
    }
  },
);

test("completion and inspection", async () => {
  await execute("const emotion = { anger: 1 };");
  expect(await ask("complete_request", { code: "emotion.ang", cursor_pos: 11 })).toMatchObject({
    matches: ["anger"],
  });
  const { data } = (await ask("inspect_request", { code: "emotion", cursor_pos: 3 })) as {
    data: Record<string, string>;
  };
  expect(data["text/plain"]).toContain("anger: number");
  expect(await ask("is_complete_request", { code: "if (true) {" })).toMatchObject({ status: "incomplete" });
  expect(await ask("comm_info_request", {})).toEqual({ status: "ok", comms: {} });
});

test("a kernel that computes ends with the process that Jupyter knows, however that ends", async () => {
  const id = await request('await null;\nconsole.log("on");\nfor (;;) {}');
  await printed(id);
  // The kernel has it too, and is the last to close it.
  const closed = once(kernel.stdout!.resume(), "close");
  kernel.kill("SIGKILL");
  await closed;
});

test("a shutdown is answered, and ends the process", async () => {
  await stop();
  await start();
  const exited = once(kernel, "exit");
  expect(await ask("shutdown_request", { restart: true })).toMatchObject({ restart: true });
  expect(await exited).toEqual([0, null]);
});
