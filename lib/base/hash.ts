import { createHash } from "node:crypto";
import { byText } from "./text.js";

/** SHA-256 of bytes or text, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** SHA-256 of a set of texts, in hexadecimal; independent of their order. */
export function setDigest(texts: Iterable<string>): string {
  return sha256(canonicalJson([...new Set(texts)].sort()));
}

/**
 * JSON with the keys of every object sorted and no white space, so that equal settings have equal text
 * (RFC 8785 for the values used here). `undefined` members are left out.
 *
 * @throws {TypeError} for NaN or an infinity, which JSON would silently turn into null
 * @example canonicalJson({ b: 1, a: [2] }) // '{"a":[2],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** A copy with sorted keys; a function that JSON.stringify calls for each member would take twice the time. */
function sorted(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`not JSON: ${value}`);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sorted);
  if ("toJSON" in value && typeof value.toJSON === "function") return sorted(value.toJSON());
  const entries = Object.entries(value).map(([key, member]) => [key, sorted(member)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => byText(a, b)));
}
