import { idAt, viewOf } from "./chunks.js";
import { afterId3 } from "./id3.js";

/** The header of a frame of MPEG audio (ISO 11172-3, 13818-3). */
export interface MpegFrame {
  /** Position, bytes. */
  at: number;
  /** Bytes. */
  length: number;
  layer: 1 | 2 | 3;
  /** Hz. */
  sampleRate: number;
  channels: 1 | 2;
}

/** Frames of one sampling rate and layer that follow each other. */
export interface MpegStretch {
  start: number;
  end: number;
  frames: number;
  layer: 1 | 2 | 3;
  /** Hz. */
  sampleRate: number;
  /** The numbers of channels that occur. */
  channels: Set<number>;
}

/** The first frame is looked for within this many bytes. */
const SEARCHED = 65_536;

/** Frames in a row that are taken for sound wherever they are found: one or two also occur in other data. */
const ENOUGH = 3;

/** kbit/s by bit rate index, for MPEG 1 by layer, for MPEG 2 and 2.5 layer I and the others. */
const BITRATES = {
  v1: [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  ],
  v2: [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ],
};

/** The frame whose header is at this byte; `undefined` if none is. Its content may be cut. */
export function mpegFrame(bytes: Uint8Array, at: number): MpegFrame | undefined {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xe0) !== 0xe0) return undefined;
  const version = (bytes[at + 1]! >> 3) & 3;
  const layer = 4 - ((bytes[at + 1]! >> 1) & 3);
  const isVersion1 = version === 3;
  if (version === 1 || layer > 3) return undefined;
  const bitrate = BITRATES[isVersion1 ? "v1" : "v2"][layer - 1]![bytes[at + 2]! >> 4];
  const rate = [44100, 48000, 32000][(bytes[at + 2]! >> 2) & 3];
  if (!bitrate || !rate) return undefined;
  const sampleRate = rate / (isVersion1 ? 1 : version === 2 ? 2 : 4);
  const padding = (bytes[at + 2]! >> 1) & 1;
  const slots = layer === 1 ? 12 : layer === 3 && !isVersion1 ? 72 : 144;
  const length = (Math.floor((slots * 1000 * bitrate) / sampleRate) + padding) * (layer === 1 ? 4 : 1);
  return {
    at,
    length,
    layer: layer as MpegFrame["layer"],
    sampleRate,
    channels: bytes[at + 3]! >> 6 === 3 ? 1 : 2,
  };
}

/** Whether two frames of one kind follow each other here, or one ends the file: a single sync word can occur in any data. */
export function isMpeg(bytes: Uint8Array, at: number): boolean {
  const frame = mpegFrame(bytes, at);
  if (!frame) return false;
  const end = at + frame.length;
  return end + 4 > bytes.length || alike(frame, mpegFrame(bytes, end));
}

/** Where the first frame is, after bytes that are none: of a recording that begins within a frame, or junk. */
export function findMpeg(bytes: Uint8Array): number | undefined {
  const last = Math.min(SEARCHED, bytes.length);
  for (let at = bytes.indexOf(0xff); at >= 0 && at < last; at = bytes.indexOf(0xff, at + 1))
    if (isChain(bytes, at)) return at;
  return undefined;
}

/** Whether enough frames follow each other here, or two that end the file. */
function isChain(bytes: Uint8Array, start: number): boolean {
  let frame = mpegFrame(bytes, start);
  for (let count = 1; frame; count++) {
    const end = frame.at + frame.length;
    if (count === ENOUGH || (count === 2 && end === bytes.length)) return true;
    const next = mpegFrame(bytes, end);
    frame = alike(frame, next) ? next : undefined;
  }
  return false;
}

/**
 * The stretches of one rate and layer, in order: of files that were joined. What lies between frames (tags, damage) belongs to
 * the stretch before. A header that says otherwise once, without a second of its kind, is damage.
 *
 * @param start the first frame
 */
export function mpegStretches(bytes: Uint8Array, start: number): MpegStretch[] {
  const stretches: MpegStretch[] = [];
  let stretch: MpegStretch | undefined;
  for (const { at, layer, sampleRate, channels } of mpegFrames(bytes, start)) {
    if (stretch?.sampleRate !== sampleRate || stretch.layer !== layer) {
      if (stretch) stretch.end = at;
      stretch = { start: at, end: bytes.length, frames: 0, layer, sampleRate, channels: new Set() };
      stretches.push(stretch);
    }
    stretch.frames++;
    stretch.channels.add(channels);
  }
  return stretches;
}

function* mpegFrames(bytes: Uint8Array, start: number): Generator<MpegFrame> {
  for (let at = start; at < bytes.length; ) {
    const frame = isMpeg(bytes, at) ? mpegFrame(bytes, at) : undefined;
    if (frame) {
      yield frame;
      at += frame.length;
      continue;
    }
    // The last frame before damage, or before another stretch, has none of its kind behind it.
    const last = mpegFrame(bytes, at);
    const behind = last ? afterId3(bytes, at + last.length) : 0;
    if (last && (isMpeg(bytes, behind) || isTag(bytes, behind))) {
      yield last;
      at = behind;
      continue;
    }
    at = nextSync(bytes, Math.max(at + 1, afterId3(bytes, at)));
  }
}

function nextSync(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1))
    if (isChain(bytes, at)) return at;
  return bytes.length;
}

/** ID3v1, APE and Lyrics3 tags end a file. */
function isTag(bytes: Uint8Array, at: number): boolean {
  return /^(TAG|APET|LYRI)/.test(idAt(bytes, at));
}

function alike(a: MpegFrame, b: MpegFrame | undefined): boolean {
  return a.sampleRate === b?.sampleRate && a.layer === b.layer;
}

/** Whether the last frame is incomplete, or there are fewer frames than the Xing or Info tag in the first one states. */
export function isCutMpeg(bytes: Uint8Array, start: number): boolean {
  let end = start;
  let frames = 0;
  for (let frame = mpegFrame(bytes, end); frame; frame = mpegFrame(bytes, end)) {
    end += frame.length;
    frames++;
  }
  return end > bytes.length || frames - 1 < xingFrames(bytes, start);
}

function xingFrames(bytes: Uint8Array, frame: number): number {
  const isVersion1 = (bytes[frame + 1]! & 8) !== 0;
  const isMono = bytes[frame + 3]! >> 6 === 3;
  const at = frame + 4 + (isVersion1 ? (isMono ? 17 : 32) : isMono ? 9 : 17);
  if (at + 12 > bytes.length || !/^(Xing|Info)$/.test(idAt(bytes, at)) || (bytes[at + 7]! & 1) === 0)
    return 0;
  return viewOf(bytes).getUint32(at + 8, false);
}
