import { createHash } from "node:crypto";
import { canonicalJson } from "../base/hash.js";
import { bytesOf } from "./bytes.js";
import { toHalf } from "./half.js";
import type { StoredTensor } from "./safetensors.js";
import type { Tensor } from "./types.js";

/**
 * Tensors in their stored form: float16 if every value of every tensor is exactly a float16, else all in float32. So the same
 * weights give the same bytes, whichever of the two types a file used.
 */
export function compact(tensors: ReadonlyMap<string, Tensor>): StoredTensor[] {
  const named = [...tensors];
  const halves: Uint16Array[] = [];
  for (const [, { data }] of named) {
    const half = toHalf(data);
    if (!half) break;
    halves.push(half);
  }
  const type = halves.length === named.length ? "F16" : "F32";
  return named.map(([name, { shape, data }], i) => ({
    name,
    type,
    shape,
    bytes: bytesOf(type === "F16" ? halves[i]! : data),
  }));
}

/**
 * An encoder's digest: SHA-256 over its number of heads, which no tensor shows, and over names, types, shapes and bytes of its
 * tensors in their order.
 *
 * @example encoderDigest(8, compact(tensors)) // "f1c3..."
 */
export async function encoderDigest(
  heads: number,
  tensors: Iterable<StoredTensor> | AsyncIterable<StoredTensor>,
): Promise<string> {
  const hash = createHash("sha256").update(`${canonicalJson({ heads })}\n`);
  for await (const { name, type, shape, bytes } of tensors)
    hash.update(`${canonicalJson({ name, type, shape })}\n`).update(bytes);
  return hash.digest("hex");
}
