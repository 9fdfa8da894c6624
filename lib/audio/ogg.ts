import { idAt, viewOf } from "./chunks.js";

/** The codecs that are read here, by how the first packet of a stream begins. */
const HEADS = { OpusHead: "opus", "\u0001vorbis": "vorbis", "\u007fFLAC": "flac" } as const;

export type OggCodec = (typeof HEADS)[keyof typeof HEADS];

/** One recording in an Ogg file, which may hold several, one after the other (RFC 3533: chaining). */
export interface OggLink {
  codec: OggCodec;
  /** The pages of the recording. */
  bytes: Uint8Array;
  /** The granule position at its end. */
  granule: number;
  /** Whether its last page is missing or incomplete. */
  isCut: boolean;
}

interface Page {
  at: number;
  end: number;
  serial: number;
  isFirst: boolean;
  isLast: boolean;
  granule: number;
}

/** Bytes of a page before its table of segments. */
const HEADER = 27;

/** Whether the Ogg file that begins here has a recording that is read here, as far as its beginning tells. */
export function isOggSound(bytes: Uint8Array, start: number): boolean {
  let count = 0;
  for (const page of pages(bytes, start)) {
    // All streams of a recording begin before any goes on. A file that begins within a recording may have another behind it.
    if (!page.isFirst) return count === 0;
    if (codecOf(bytes, page)) return true;
    count++;
  }
  return false;
}

/**
 * The recordings of an Ogg file, in order; of streams that are played together (sound with video) the first that is read here.
 * What comes before the first header, as in a copy of a broadcast, is in none.
 *
 * @returns `foreign`: how many recordings, or parts, are left out because they have no header or another codec
 */
export function oggLinks(bytes: Uint8Array, start: number): { links: OggLink[]; foreign: number } {
  const groups: Page[][] = [];
  let wasFirst = false;
  for (const page of pages(bytes, start)) {
    if (groups.length === 0 || (page.isFirst && !wasFirst)) groups.push([]);
    groups.at(-1)!.push(page);
    wasFirst = page.isFirst;
  }
  const links = groups.flatMap(
    (group, i) => linkOf(bytes, group, groups[i + 1]?.[0]?.at ?? bytes.length) ?? [],
  );
  return { links, foreign: groups.length - links.length };
}

function linkOf(bytes: Uint8Array, group: readonly Page[], end: number): OggLink | undefined {
  const first = group.find((page) => page.isFirst && codecOf(bytes, page));
  if (!first) return undefined;
  const own = group.filter(({ serial }) => serial === first.serial);
  const last = own.at(-1)!;
  // No packet ends on a page of granule position -1.
  const granule = own.filter((page) => page.granule >= 0).at(-1)?.granule ?? 0;
  return {
    codec: codecOf(bytes, first)!,
    // Damage between pages is left to the decoder, which may find more there.
    bytes:
      own.length === group.length
        ? bytes.subarray(first.at, end)
        : Buffer.concat(own.map((page) => bytes.subarray(page.at, page.end))),
    granule,
    isCut: !last.isLast || last.end > bytes.length,
  };
}

function* pages(bytes: Uint8Array, start: number): Generator<Page> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const view = viewOf(bytes);
  for (let at = start; at >= 0 && at + HEADER <= bytes.length; ) {
    if (idAt(bytes, at) !== "OggS") {
      at = buffer.indexOf("OggS", at);
      continue;
    }
    const segments = bytes.subarray(at + HEADER, at + HEADER + bytes[at + 26]!);
    const end = at + HEADER + bytes[at + 26]! + segments.reduce((sum, size) => sum + size, 0);
    const flags = bytes[at + 5]!;
    yield {
      at,
      end,
      serial: view.getUint32(at + 14, true),
      isFirst: (flags & 2) !== 0,
      isLast: (flags & 4) !== 0,
      granule: Number(view.getBigInt64(at + 6, true)),
    };
    // A damaged page may state any length.
    at = end >= bytes.length || idAt(bytes, end) === "OggS" ? end : at + 4;
  }
}

function codecOf(bytes: Uint8Array, { at }: Page): OggCodec | undefined {
  const packet = at + HEADER + bytes[at + 26]!;
  const head = idAt(bytes, packet) + idAt(bytes, packet + 4);
  for (const [begin, codec] of Object.entries(HEADS)) if (head.startsWith(begin)) return codec;
  return undefined;
}
