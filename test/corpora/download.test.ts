import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { downloadCorpora } from "../../lib/corpora/download.js";
import { type Handler, send, TestServer } from "../base/server.js";
import { zip } from "./zip.js";

let folder: string;
let server: TestServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "download-"));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true });
});

/** Starts a server on this machine and gives the address to ask. */
async function serve(handler: Handler): Promise<string> {
  server = await TestServer.start(handler);
  return `${server.url}/clips`;
}

const fast = { backoffMs: 1, stallMs: 120_000 };

describe("downloadCorpora", () => {
  const archive = zip([
    { name: "Savee/DC_a01.wav", data: Buffer.alloc(3000, 1) },
    { name: "Tess/OAF_angry/OAF_back_angry.wav", data: Buffer.alloc(4000, 2) },
  ]);

  test("fetches, unpacks and tidies up", async () => {
    const url = await serve((request, response) => send(request, response, archive));
    const options = { url, ...fast, quiet: true };
    expect(await downloadCorpora(folder, options)).toEqual({ written: 2, present: 0, differing: [] });
    expect((await readdir(folder)).sort()).toEqual(["Savee", "Tess"]);
    expect(await downloadCorpora(folder, options)).toEqual({ written: 0, present: 2, differing: [] });
  });

  test("unpacks an archive that was fetched by hand, and keeps it", async () => {
    const file = join(folder, "clips.zip");
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
