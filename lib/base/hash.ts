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
  return JSON.stringify(value, (_key, member) => {
    if (typeof member === "number" && !Number.isFinite(member)) throw new TypeError(`not JSON: ${member}`);
    if (member === null || typeof member !== "object" || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => byText(a, b)));
  });
}
