import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isOggSound, oggLinks } from "../../lib/audio/ogg.js";

const file = (name: string) => readFileSync(join(__dirname, "../fixtures/audio", name));
const opus = file("chirp-opus.ogg");
const vorbis = file("chirp-vorbis.ogg");
const flac = file("chirp-flac.ogg");

interface PageOptions {
  first?: boolean;
  last?: boolean;
  serial?: number;
  granule?: bigint;
}

/** A page with one packet. */
function page(
  body: string,
  { first = false, last = false, serial = 9, granule = 0n }: PageOptions = {},
): Buffer {
  const head = Buffer.alloc(28);
  head.write("OggS");
  head[5] = (first ? 2 : 0) | (last ? 4 : 0);
  head.writeBigInt64LE(granule, 6);
  head.writeUInt32LE(serial, 14);
  head[26] = 1;
  head[27] = body.length;
  return Buffer.concat([head, Buffer.from(body, "latin1")]);
}

test("one recording is one link, with all its bytes", () => {
  for (const [bytes, codec] of [
    [opus, "opus"],
    [vorbis, "vorbis"],
    [flac, "flac"],
  ] as const) {
    const { links, foreign } = oggLinks(bytes, 0);
    expect(foreign).toBe(0);
    expect(links).toMatchObject([{ codec, isCut: false }]);
    expect(Buffer.compare(links[0]!.bytes, bytes)).toBe(0);
  }
});

test("recordings one after the other are links in order, each with its own end", () => {
  const alone = [opus, vorbis, opus, flac].map((bytes) => oggLinks(bytes, 0).links[0]!);
  const { links } = oggLinks(Buffer.concat([Buffer.from("junk"), opus, vorbis, opus, flac]), 4);
  expect(links.map(({ codec, granule }) => [codec, granule])).toEqual(
    alone.map(({ codec, granule }) => [codec, granule]),
  );
  links.forEach(({ bytes }, i) => {
    expect(Buffer.compare(bytes, alone[i]!.bytes)).toBe(0);
  });
});

test("a link without its last page is cut", () => {
  const cut = opus.subarray(0, opus.lastIndexOf("OggS"));
  expect(oggLinks(Buffer.concat([cut, vorbis]), 0).links.map(({ isCut }) => isCut)).toEqual([true, false]);
  expect(oggLinks(opus.subarray(0, -1), 0).links[0]!.isCut).toBe(true);
});

test("of streams that are played together the one that is read here is taken", () => {
  const video = { serial: 1 };
  const sound = { serial: 2 };
  const head = page("OpusHead", { ...sound, first: true });
  const body = page("sound", { ...sound, granule: 960n });
  const end = page("end", { ...sound, granule: 1920n, last: true });
  const bytes = Buffer.concat([
    page("\u0080theora", { ...video, first: true }),
    head,
    page("picture", video),
    body,
    page("picture", { ...video, last: true }),
    end,
  ]);
  expect(isOggSound(bytes, 0)).toBe(true);
  const { links, foreign } = oggLinks(bytes, 0);
  expect(foreign).toBe(0);
  expect(links).toEqual([
    { codec: "opus", granule: 1920, isCut: false, bytes: Buffer.concat([head, body, end]) },
  ]);
});

test("what has no header, or another codec, is counted", () => {
  const tail = opus.subarray(opus.lastIndexOf("OggS"));
  const speex = Buffer.concat([page("Speex   ", { first: true }), page("sound", { last: true })]);
  expect(oggLinks(Buffer.concat([tail, opus, speex]), 0)).toMatchObject({
    links: [{ codec: "opus" }],
    foreign: 2,
  });
  expect(isOggSound(speex, 0)).toBe(false);
  expect(isOggSound(tail, 0)).toBe(true);
});

test("any damage gives links within the file", () => {
  const edit = fc.tuple(fc.nat(8000), fc.nat(255));
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 9 }), fc.nat(9000), (edits, cut) => {
      const bytes = Buffer.concat([opus, vorbis]).subarray(0, cut);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      const { links } = oggLinks(bytes, 0);
      expect(links.reduce((sum, link) => sum + link.bytes.length, 0)).toBeLessThanOrEqual(bytes.length);
      for (const { granule } of links) expect(granule).toBeGreaterThanOrEqual(0);
    }),
    { seed: 8, numRuns: 300 },
  );
});
