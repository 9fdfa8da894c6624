/** A chunk of a RIFF or IFF file. */
export interface Chunk {
  /** Four characters. */
  id: string;
  /** Where its content begins, bytes from the start of the file. */
  offset: number;
  /** The stated size, bytes; it may exceed the end of the file. */
  size: number;
}

/** Ids by which the next chunk is found when a writer may have left out the pad byte. */
const KNOWN = new Set(
  "fmt data fact LIST bext cue smpl id3 ID3 PEAK JUNK junk PAD FLLR iXML _PMX ds64 inst plst COMM SSND FVER MARK INST NAME AUTH ANNO APPL COMT (c) "
    .split(" ")
    .filter(Boolean)
    .map((id) => id.padEnd(4)),
);

/**
 * The chunks of a RIFF (`littleEndian`) or IFF file from byte `start` on, up to the first place where no
 * chunk can begin. After a chunk of odd size the next one is looked for with and without the pad byte, since
 * writers differ.
 *
 * @example for (const chunk of chunks(bytes, 12, true)) if (chunk.id === "data") ...
 */
export function* chunks(bytes: Uint8Array, start: number, littleEndian: boolean): Generator<Chunk> {
  const view = viewOf(bytes);
  let at = start;
  while (at + 8 <= bytes.length && isId(bytes, at)) {
    const chunk = { id: idAt(bytes, at), offset: at + 8, size: view.getUint32(at + 4, littleEndian) };
    yield chunk;
    at = nextChunk(bytes, chunk.offset + chunk.size, chunk.size % 2 === 1);
  }
}

/** Whether chunks fill the file exactly from byte `start` on. */
export function endsInChunks(bytes: Uint8Array, start: number, littleEndian: boolean): boolean {
  let end = start;
  for (const chunk of chunks(bytes, start, littleEndian)) {
    end = chunk.offset + chunk.size;
    if (end > bytes.length) return false;
  }
  return end > start && bytes.length - end <= 1;
}

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four bytes as Latin-1 text. */
export function idAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
}

function nextChunk(bytes: Uint8Array, end: number, odd: boolean): number {
  if (!odd || end + 8 > bytes.length) return end + (odd ? 1 : 0);
  if (KNOWN.has(idAt(bytes, end + 1))) return end + 1;
  if (KNOWN.has(idAt(bytes, end))) return end;
  return isId(bytes, end) ? end : end + 1;
}

function isId(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 4; i++) if (bytes[i]! < 0x20 || bytes[i]! > 0x7e) return false;
  return true;
}
