import { createHash } from "node:crypto";
import { send, TestServer } from "../base/server.js";
import { configOf, huggingFaceParts, safetensorsOf } from "./files.js";

const SIZES = { width: 96, hidden: 96, blocks: 1 };
export const WEIGHTS = safetensorsOf(huggingFaceParts(SIZES));
/** Where a connection may break. What is sent just before a break may be lost, so there must be enough. */
export const MIDDLE = 250_000;

export interface HubOptions {
  /** What Git LFS says of the file; default: the truth. */
  pointer?: string | Buffer;
  /** Whether and after how many bytes the connection breaks, at the n-th request for the weights. */
  cut?: (n: number) => number | undefined;
  /** The connection stays open where it is cut. */
  stall?: boolean;
}

export function pointerOf(content: Buffer): string {
  const oid = createHash("sha256").update(content).digest("hex");
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
}

/** Starts what Hugging Face is for the encoder of a small Whisper, under any name. */
export function startHub({ pointer = pointerOf(WEIGHTS), cut, stall }: HubOptions = {}): Promise<TestServer> {
  let asked = 0;
  return TestServer.start((request, response) => {
    const path = /^\/openai\/whisper-[\w.]+\/(.*)$/.exec(request.url ?? "")?.[1];
    const text = (content: string | Buffer) =>
      send(request, response, Buffer.from(content), { type: "text/plain" });
    if (path === "resolve/main/config.json") return text(JSON.stringify(configOf(SIZES)));
    if (path === "raw/main/model.safetensors") return text(pointer);
    if (path !== "resolve/main/model.safetensors") return response.writeHead(404).end();
    const end = cut?.(++asked);
    if (!stall || end === undefined) return send(request, response, WEIGHTS, { cut: end });
    response.writeHead(200, { etag: '"v1"', "content-length": WEIGHTS.length });
    return response.write(WEIGHTS.subarray(0, end));
  });
}
