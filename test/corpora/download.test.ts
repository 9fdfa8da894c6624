import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { random } from "../../lib/base/random.js";
import { downloadCorpora, downloadFile } from "../../lib/corpora/download.js";
import { zip } from "./zip.js";

const CONTENT = bytesOf("content", 400_000);
const OTHER = bytesOf("other", 300_000);

function bytesOf(seed: string, length: number): Buffer {
  const rng = random(seed);
  return Buffer.from(Uint8Array.from({ length }, () => rng.uint32() & 255));
}

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

let folder: string;
let file: string;
let server: Server;
let requests: IncomingMessage[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "download-"));
  file = join(folder, "clips.zip");
  requests = [];
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

/** Starts a server on this machine and gives the address to ask. */
async function serve(handler: Handler): Promise<string> {
  server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/clips`;
}

/** What a well-behaved server does (RFC 9110, sections 13.1.5 and 14.2); it may hang up after `cut` bytes. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  { content = CONTENT, etag = '"v1"', cut = Number.POSITIVE_INFINITY, ranges = true } = {},
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const partial = ranges && from > 0 && request.headers["if-range"] === etag;
  const start = partial ? from : 0;
  const headers = { etag, "content-length": content.length - start, "content-type": "application/zip" };
  const range = { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(partial ? 206 : 200, partial ? { ...headers, ...range } : headers);
  const body = content.subarray(start);
  if (cut >= body.length) response.end(body);
  else response.write(body.subarray(0, cut), () => response.destroy());
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
    const url = await serve((request, response, count) =>
      send(request, response, { cut: count < 3 ? 150_000 : undefined }),
    );
    const lines: string[] = [];
    await downloadFile(url, file, { ...fast, log: (line) => lines.push(line) });
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
    expect(requests.length).toBe(3);
    expect(requests[0]!.headers.range).toBeUndefined();
    expect(requests[1]!.headers).toMatchObject({
      range: expect.stringMatching(/^bytes=[1-9]/),
      "if-range": '"v1"',
    });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/trying again/);
  });

  test("goes on in a later call", async () => {
    const url = await serve((request, response, count) =>
      send(request, response, { cut: count === 1 ? 100_000 : undefined }),
    );
    await expect(downloadFile(url, file, { ...fast, retries: 0 })).rejects.toThrow(/connection/);
    expect((await readdir(folder)).sort()).toEqual(["clips.zip.part", "clips.zip.part.json"]);
    await downloadFile(url, file, fast);
    expect(requests[1]!.headers.range).toBeDefined();
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
    expect(requests[0]!.headers.range).toBeUndefined();
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("a complete part is not asked for again", async () => {
    const url = await serve((request, response) => send(request, response));
    await writeFile(`${file}.part`, CONTENT);
    const state = { url, validator: '"v1"', total: CONTENT.length };
    await writeFile(`${file}.part.json`, JSON.stringify(state));
    await downloadFile(url, file, fast);
    expect(requests).toHaveLength(0);
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
    expect(lines[0]).toMatch(/nothing came/);
    expect((await readFile(file)).equals(CONTENT)).toBe(true);
  });

  test("a server that never answers does not hang", async () => {
    const url = await serve(() => {});
    const lines: string[] = [];
    const options = { backoffMs: 1, stallMs: 50, retries: 1, log: (line: string) => lines.push(line) };
    await expect(downloadFile(url, file, options)).rejects.toThrow(/nothing came/);
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
    [401, /sign in/],
    [403, /does not let you/],
    [404, /no such file/],
  ])("%d is final and said in words", async (status, words) => {
    const url = await serve((_, response) => response.writeHead(status).end("no"));
    await expect(downloadFile(url, file, fast)).rejects.toThrow(words);
    expect(requests).toHaveLength(1);
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
    await new Promise((resolve) => server.close(resolve));
    await expect(downloadFile(url, file, { ...fast, retries: 1 })).rejects.toThrow(/refuses the connection/);
    const nowhere = downloadFile("http://no-such-server.invalid/a", file, { ...fast, backoffMs: 60_000 });
    await expect(nowhere).rejects.toThrow(/name was not found/);
    await expect(downloadFile("ftp://x.org/a", file)).rejects.toThrow(UsageError);
  });
});

describe("downloadCorpora", () => {
  const archive = zip([
    { name: "Savee/DC_a01.wav", data: OTHER },
    { name: "Tess/OAF_angry/OAF_back_angry.wav", data: CONTENT },
  ]);

  test("fetches, unpacks and tidies up", async () => {
    const url = await serve((request, response) => send(request, response, { content: archive }));
    const options = { url, ...fast, quiet: true };
    expect(await downloadCorpora(folder, options)).toEqual({ written: 2, present: 0, differing: [] });
    expect((await readdir(folder)).sort()).toEqual(["Savee", "Tess"]);
    expect(await downloadCorpora(folder, options)).toEqual({ written: 0, present: 2, differing: [] });
  });

  test("unpacks an archive that was fetched by hand, and keeps it", async () => {
    await serve(() => {});
    await writeFile(file, archive);
    expect((await downloadCorpora(join(folder, "data"), { archive: file, quiet: true })).written).toBe(2);
    expect((await readdir(folder)).sort()).toEqual(["clips.zip", "data"]);
  });

  test("a failure says how to get the data by hand", async () => {
    const url = await serve((_, response) => response.writeHead(403).end());
    const failure = downloadCorpora(folder, { url, ...fast, quiet: true });
    await expect(failure).rejects.toThrow(UserError);
    await expect(failure).rejects.toThrow(/403.*kaggle\.com.*zenodo\.org.*ser data check/s);
  });
});
