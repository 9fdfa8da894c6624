import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { downloadFile } from "../../lib/base/download.js";
import { UsageError } from "../../lib/base/errors.js";
import { random } from "../../lib/base/random.js";
import { type Handler, send as sendContent, TestServer } from "./server.js";

const CONTENT = bytesOf("content", 400_000);
const OTHER = bytesOf("other", 300_000);

function bytesOf(seed: string, length: number): Buffer {
  const rng = random(seed);
  return Buffer.from(Uint8Array.from({ length }, () => rng.uint32() & 255));
}

let folder: string;
let file: string;
let server: TestServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "download-"));
  file = join(folder, "clips.zip");
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Starts a server on this machine and gives the address to ask. */
async function serve(handler: Handler): Promise<string> {
  server = await TestServer.start(handler);
  return `${server.url}/clips`;
}

type Options = NonNullable<Parameters<typeof sendContent>[3]>;

function send(
  request: Parameters<Handler>[0],
  response: Parameters<Handler>[1],
  { content = CONTENT, ...options }: Options & { content?: Buffer } = {},
): void {
  sendContent(request, response, content, options);
}

/** `arrived` is over when a part of the file is written: newer versions of Node forget what they have not passed on when a connection breaks. */
function arrival(): { arrived: Promise<void>; onProgress: (size: number) => void } {
  let tell = () => {};
  const arrived = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { arrived, onProgress: (size) => size > 0 && tell() };
}

const fast = { backoffMs: 1, stallMs: 120_000 };

describe("downloadFile", () => {
  test("fetches a file in one go and leaves nothing beside it", async () => {
    const url = await serve((request, response) => send(request, response));
    const seen: number[] = [];
    await downloadFile(url, file, {
      ...fast,
      onProgress: (done, total) => {
        expect(total).toBe(CONTENT.length);
        seen.push(done);
      },
    });
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
    expect(seen.at(-1)).toBe(CONTENT.length);
    expect(await readdir(folder)).toEqual(["clips.zip"]);
  });

  test("follows redirects", async () => {
    const url = await serve((request, response, count) => {
      if (count > 1) return send(request, response);
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    await downloadFile(url, file, fast);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("goes on after a cut, asking for the rest only", async () => {
    const { arrived, onProgress } = arrival();
    const url = await serve((request, response, count) =>
      send(request, response, { cut: count < 3 ? 150_000 : undefined, arrived }),
    );
    const lines: string[] = [];
    await downloadFile(url, file, { ...fast, onProgress, log: (line) => lines.push(line) });
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
    expect(server.requests.length).toBe(3);
    expect(server.requests[0]!.headers.range).toBeUndefined();
    expect(server.requests[1]!.headers).toMatchObject({
      range: expect.stringMatching(/^bytes=[1-9]/),
      "if-range": '"v1"',
    });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/trying again/);
  });

  test("goes on in a later call", async () => {
    const { arrived, onProgress } = arrival();
    const url = await serve((request, response, count) =>
      send(request, response, { cut: count === 1 ? 100_000 : undefined, arrived }),
    );
    await expect(downloadFile(url, file, { ...fast, onProgress, retries: 0 })).rejects.toThrow(/connection/);
    expect((await readdir(folder)).sort()).toEqual(["clips.zip.part", "clips.zip.part.json"]);
    await downloadFile(url, file, fast);
    expect(server.requests[1]!.headers.range).toBeDefined();
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("a server without ranges sends it all again", async () => {
    const url = await serve((request, response, count) =>
      send(request, response, { cut: count === 1 ? 100_000 : undefined, ranges: false }),
    );
    await downloadFile(url, file, fast);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("a file that changed meanwhile is fetched anew", async () => {
    const url = await serve((request, response, count) =>
      count === 1
        ? send(request, response, { cut: 100_000 })
        : send(request, response, { content: OTHER, etag: '"v2"' }),
    );
    await downloadFile(url, file, fast);
    expect((await readFile(file)).equals(OTHER)).toBe(true);
  });

  test("so it is when the server continues a changed file in spite of If-Range", async () => {
    const url = await serve((request, response, count) => {
      if (count === 1) return send(request, response, { cut: 100_000 });
      const condition = request.headers["if-range"] ? { "if-range": '"v2"' } : {};
      Object.assign(request.headers, condition);
      return send(request, response, { content: OTHER, etag: '"v2"' });
    });
    await downloadFile(url, file, fast);
    expect((await readFile(file)).equals(OTHER)).toBe(true);
  });

  test("a part from another address or without its notes is not continued", async () => {
    await writeFile(`${file}.part`, OTHER.subarray(0, 1000));
    await writeFile(
      `${file}.part.json`,
      JSON.stringify({ url: "http://x.org/", validator: '"v1"', total: 9 }),
    );
    const url = await serve((request, response) => send(request, response));
    await downloadFile(url, file, fast);
    expect(server.requests[0]!.headers.range).toBeUndefined();
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("a complete part is not asked for again", async () => {
    const url = await serve((request, response) => send(request, response));
    await writeFile(`${file}.part`, CONTENT);
    const state = { url, validator: '"v1"', total: CONTENT.length };
    await writeFile(`${file}.part.json`, JSON.stringify(state));
    await downloadFile(url, file, fast);
    expect(server.requests).toHaveLength(0);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("a stalled connection is given up and continued", async () => {
    const url = await serve((request, response, count) => {
      if (count > 1) return send(request, response);
      response.writeHead(200, { etag: '"v1"', "content-length": CONTENT.length });
      response.write(CONTENT.subarray(0, 1000));
    });
    const lines: string[] = [];
    await downloadFile(url, file, { ...fast, stallMs: 200, retries: 100, log: (line) => lines.push(line) });
    expect(lines[0]).toMatch(/no data for/);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("a server that never answers does not hang", async () => {
    const url = await serve(() => {});
    const lines: string[] = [];
    const options = { backoffMs: 1, stallMs: 50, retries: 1, log: (line: string) => lines.push(line) };
    await expect(downloadFile(url, file, options)).rejects.toThrow(/no data for/);
    expect(lines).toHaveLength(1);
  });

  test("a busy server is asked again", async () => {
    const url = await serve((request, response, count) => {
      if (count > 2) return send(request, response);
      response.writeHead(count === 1 ? 503 : 429).end();
    });
    await downloadFile(url, file, fast);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test.each([
    [401, /sign-in required/],
    [403, /access denied/],
    [404, /file not found/],
  ])("%d is final and said in words", async (status, words) => {
    const url = await serve((_, response) => response.writeHead(status).end("no"));
    await expect(downloadFile(url, file, fast)).rejects.toThrow(words);
    expect(server.requests).toHaveLength(1);
  });

  test("a page to sign in on is no archive", async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<p>"),
    );
    await expect(downloadFile(url, file, fast)).rejects.toThrow(/web page/);
  });

  test("stopped, it keeps the part", async () => {
    const controller = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200, { etag: '"v1"', "content-length": CONTENT.length });
      response.write(CONTENT.subarray(0, 50_000));
    });
    const onProgress = (done: number) => done > 0 && controller.abort();
    const stopped = downloadFile(url, file, { ...fast, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect((await readFile(`${file}.part`)).length).toBeGreaterThan(0);
  });

  test("a place that cannot be written, a server that is not there, no address", async () => {
    const url = await serve((request, response) => send(request, response));
    await writeFile(join(folder, "text"), "");
    await expect(downloadFile(url, join(folder, "text", "x"), fast)).rejects.toThrow(/cannot write/);
    await server.stop();
    await expect(downloadFile(url, file, { ...fast, retries: 1 })).rejects.toThrow(/refused the connection/);
    const nowhere = downloadFile("http://no-such-server.invalid/a", file, { ...fast, backoffMs: 60_000 });
    await expect(nowhere).rejects.toThrow(/name was not found/);
    await expect(downloadFile("ftp://x.org/a", file)).rejects.toThrow(UsageError);
  });
});
