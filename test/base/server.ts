import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => unknown;

/** A web server on this machine, for tests of downloads; it takes down what it was asked. */
export class TestServer {
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;
  /** `http://127.0.0.1:PORT` */
  url = "";

  private constructor(handler: Handler) {
    this.#server = createServer((request, response) => {
      this.requests.push(request);
      handler(request, response, this.requests.length);
    });
  }

  static async start(handler: Handler): Promise<TestServer> {
    const server = new TestServer(handler);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What a well-behaved server does (RFC 9110, sections 13.1.5 and 14.2); it may hang up after `cut` bytes, once these have `arrived`. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  {
    etag = '"v1"',
    cut = Number.POSITIVE_INFINITY,
    ranges = true,
    type = "application/zip",
    arrived = Promise.resolve(),
  } = {},
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const partial = ranges && from > 0 && request.headers["if-range"] === etag;
  const start = partial ? from : 0;
  const headers = { etag, "content-length": content.length - start, "content-type": type };
  const range = { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(partial ? 206 : 200, partial ? { ...headers, ...range } : headers);
  const body = content.subarray(start);
  if (cut >= body.length) response.end(body);
  else response.write(body.subarray(0, cut), () => void arrived.then(() => response.destroy()));
}
