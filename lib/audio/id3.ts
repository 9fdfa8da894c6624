import { idAt } from "./chunks.js";

/**
 * Where the content begins after ID3v2 tags and the zeros that follow some of them. Programs write such tags in front of any
 * kind of file, not of MP3 alone.
 *
 * @param start where a tag may begin, bytes
 * @returns `start` where there is no tag
 */
export function afterId3(bytes: Uint8Array, start = 0): number {
  let at = start;
  while (idAt(bytes, at).startsWith("ID3") && at + 10 <= bytes.length) {
    const [a, b, c, d] = bytes.subarray(at + 6, at + 10);
    const footer = bytes[at + 5]! & 16 ? 10 : 0;
    at += 10 + ((a! & 127) << 21) + ((b! & 127) << 14) + ((c! & 127) << 7) + (d! & 127) + footer;
    while (bytes[at] === 0) at++;
  }
  return at;
}
