import type { Random } from "../../base/random.js";
import type { ClipName } from "../clip.js";
import type { Segment } from "./phones.js";

/**
 * A synthetic voice: a glottal source filtered by formants, after Klatt and Klatt (1990), whose prosody follows the given
 * emotion. It says nothing about real people. It replaces the corpora where they are not available, so that every loader,
 * protocol and notebook runs. All results from it are marked *synthetic*.
 *
 * Sources:
 * - Klatt, D. H. (1980). Software for a cascade/parallel formant synthesizer. JASA 67, 971-995. (consonants)
 * - Klatt, D. H. & Klatt, L. C. (1990). Analysis, synthesis, and perception of voice quality variations among
 *   female and male talkers. JASA 87, 820-857. (glottal pulse KLGLOTT88, aspiration, tilt)
 * - Peterson, G. E. & Barney, H. L. (1952). Control methods used in a study of the vowels. JASA 24, 175-184.
 * - Banse, R. & Scherer, K. R. (1996). Acoustic profiles in vocal emotion expression. JPSP 70, 614-636.
 * - Scherer, K. R. (2003). Vocal communication of emotion: a review of research paradigms. Speech
 *   Communication 40, 227-256.
 * - Juslin, P. N. & Laukka, P. (2003). Communication of emotions in vocal expression and music performance:
 *   different channels, same code? Psychological Bulletin 129, 770-814.
 * - Murray, I. R. & Arnott, J. L. (1993). Toward the simulation of emotion in synthetic speech. JASA 93, 1097-1108.
 * - Pell, M. D. et al. (2009). Factors in the recognition of vocally expressed emotions: a comparison of four
 *   languages. Journal of Phonetics 37, 417-435.
 */

type Feeling = ClipName["emotion"];

/** Changes of the voice relative to the speaker's neutral voice. */
export interface Effect {
  /** Mean pitch, semitones. */
  pitch: number;
  /** Pitch range, natural logarithm of the ratio. */
  range: number;
  /** Speaking rate, natural logarithm of the ratio. */
  rate: number;
  /** Level, dB. */
  level: number;
  /** Energy in high frequencies: dB at 3 kHz, positive = brighter. */
  tilt: number;
  /** Irregularity from period to period, natural logarithm of the ratio. */
  jitter: number;
  /** Breath noise, dB. */
  breath: number;
  /** Pitch movement at the end, semitones, positive = rising. */
  final: number;
  /** Formants, natural logarithm of the ratio: spread lips shorten the tract. */
  formants: number;
}

/**
 * The effects at full intensity. The directions are the literature's; the amounts were chosen so that the task
 * is neither trivial nor hopeless.
 *
 * | emotion   | pitch | range | rate | level | high freq. | irregularity | source                                     |
 * |-----------|-------|-------|------|-------|------------|--------------|--------------------------------------------|
 * | anger     | up    | up    | up   | up    | up         | up           | Scherer 2003; Juslin & Laukka 2003         |
 * | disgust   | down  | ~     | down | down  | down       | up (grumble) | Murray & Arnott 1993; Banse & Scherer 1996 |
 * | fear      | up    | down  | up   | ~     | down       | up           | Juslin & Laukka 2003 (anxiety, not panic)  |
 * | happiness | up    | up    | up   | up    | up a little| ~            | Scherer 2003; Juslin & Laukka 2003         |
 * | sadness   | down  | down  | down | down  | down       | up           | Scherer 2003; Juslin & Laukka 2003         |
 * | surprise  | up    | up    | ~    | up    | ~          | ~            | Pell et al. 2009 (pleasant surprise)       |
 * | calm      | down  | down  | down | down  | down       | ~            | as tenderness in Juslin & Laukka 2003      |
 *
 * Endings: falling in anger, disgust and sadness, rising in fear, happiness and, most of all, surprise. Breath: more in
 * sadness and fear, less in anger. Formants rise with the smile of happiness.
 */
export const EFFECTS: Readonly<Record<Feeling, Effect>> = {
  anger: effect(3.5, 0.35, 0.1, 6, 5, 0.4, -4, -2, 0.01),
  disgust: effect(-1.5, 0.05, -0.16, -1.5, -1, 0.5, 0, -3, -0.03),
  fear: effect(4, -0.25, 0.12, -0.5, -1.5, 0.5, 4, 1, 0.01),
  happiness: effect(3.5, 0.4, 0.06, 3, 2, -0.1, -1, 1.5, 0.05),
  sadness: effect(-1.5, -0.4, -0.16, -4.5, -4, 0.3, 5, -2, -0.02),
  surprise: effect(5, 0.55, 0, 1.5, 0.5, 0, 1, 6, 0),
  neutral: effect(0, 0, 0, 0, 0, 0, 0, 0, 0),
  calm: effect(-0.8, -0.2, -0.1, -2.5, -2, -0.2, 2, -1, 0),
};

function effect(...values: number[]): Effect {
  const [pitch, range, rate, level, tilt, jitter, breath, final, formants] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { pitch, range, rate, level, tilt, jitter, breath, final, formants };
}

/** A speaker: the neutral voice, and how this speaker expresses emotions. */
export interface Voice {
  /** Mean pitch, Hz. */
  f0: number;
  /** Formants relative to an adult male's. */
  formants: number;
  /** Neutral values of the rest, in the units of {@link Effect} (`jitter` and `breath` relative to usual). */
  base: Effect;
  /** How strongly this speaker expresses each emotion in each quantity; 1 = as in {@link EFFECTS}. */
  style: Readonly<Record<Feeling, Effect>>;
  /** Level of the background noise, dBFS. */
  noise: number;
}

/** All parameters of the synthesis of one clip except the words. */
export interface Delivery extends Effect {
  /** Mean pitch, Hz. */
  f0: number;
  /** Level of the background noise, dBFS. */
  noise: number;
}

const KEYS = Object.keys(EFFECTS.neutral) as (keyof Effect)[];

/** Spread (standard deviation) between speakers in the units of {@link Effect}; pitch is drawn with `f0`. */
const SPEAKER_SPREAD = effect(0, 0.12, 0.07, 2, 2, 0.15, 2, 0.6, 0);

/** Spread between one speaker's clips of the same emotion. */
const CLIP_SPREAD = effect(1.2, 0.2, 0.08, 1.8, 1.6, 0.25, 1.8, 1.5, 0.015);

/** Spread of the logarithm of expressiveness: between speakers for one emotion and quantity, and between clips. */
const STYLE_SPREAD = 0.35;
const STRENGTH_SPREAD = 0.35;

const INTENSITY: Record<NonNullable<ClipName["intensity"]>, number> = {
  low: 0.55,
  medium: 0.8,
  high: 1.1,
  normal: 0.75,
  strong: 1.1,
};

/** Draws a speaker. Equal random streams give equal voices. */
export function drawVoice(sex: "female" | "male", rng: Random): Voice {
  const female = sex === "female";
  return {
    f0: (female ? 200 : 115) * Math.exp(rng.normal(0, 0.12)),
    formants: (female ? 1.16 : 1) * Math.exp(rng.normal(0, 0.035)),
    base: mapEffect((key) => rng.normal(0, SPEAKER_SPREAD[key])),
    style: Object.fromEntries(
      Object.keys(EFFECTS).map((name) => [name, mapEffect(() => Math.exp(rng.normal(0, STYLE_SPREAD)))]),
    ) as Record<Feeling, Effect>,
    noise: -66 + rng.normal(0, 4),
  };
}

/**
 * How a speaker says one clip: the neutral voice, plus the emotion's effect times the intensity, the speaker's style and a
 * random strength, plus random variation from clip to clip.
 *
 * @param intensity the corpus's level; without one, 0.9 of the effect at full intensity
 */
export function deliver(
  voice: Voice,
  emotion: Feeling,
  intensity: ClipName["intensity"],
  rng: Random,
): Delivery {
  const strength = (intensity ? INTENSITY[intensity] : 0.9) * Math.exp(rng.normal(0, STRENGTH_SPREAD));
  const moved = mapEffect(
    (key) =>
      voice.base[key] +
      strength * voice.style[emotion][key] * EFFECTS[emotion][key] +
      rng.normal(0, CLIP_SPREAD[key]),
  );
  const f0 = Math.min(500, Math.max(60, voice.f0 * 2 ** (moved.pitch / 12)));
  return { ...moved, f0, noise: voice.noise, formants: voice.formants * Math.exp(moved.formants) };
}

function mapEffect(value: (key: keyof Effect) => number): Effect {
  const out = { ...EFFECTS.neutral };
  for (const key of KEYS) out[key] = value(key);
  return out;
}

/** The tracks that the synthesis follows, one value per frame of {@link FRAME} seconds. */
interface Score {
  frames: number;
  /** Seven formants per frame, Hz. */
  formants: Float64Array;
  f0: Float64Array;
  voice: Float64Array;
  noise: Float64Array;
  noiseHz: Float64Array;
}

const FRAME = 0.004;
const FORMANTS = 7;
/** Bandwidths of the formants, and frequencies of the upper ones, which hardly move, Hz. */
const BANDWIDTHS = [70, 95, 140, 250, 300, 400, 500];
const UPPER = [3400, 4500, 5500, 6600];
/** Seconds after which a track has covered 63 % of the way to its target: lips and tongue, larynx and noise. */
const ARTICULATION = 0.018;
const VOICING = 0.008;
const MARGIN = [0.12, 0.1];
/** Usual jitter (share of the period), shimmer (share of the amplitude) and breath noise (share of the voice). */
const JITTER = 0.008;
const SHIMMER = 0.04;
const BREATH = 0.012;
const OPEN = 0.6;
/** Level of frication noise relative to the voice. */
const FRICATION = 1.6;
/** Level of neutral speech, dBFS. */
const LEVEL = -30;

/**
 * Synthesizes segments of speech with a delivery.
 *
 * @param sampleRate Hz, 16,000 or more
 * @returns samples in [-1, 1], about 0.1 s of background noise at both ends
 * @example speak(segmentsOf("S EY DH AH W ER D B AE K"), deliver(voice, "anger", "strong", rng), 16000, rng)
 */
export function speak(
  segments: readonly Segment[],
  delivery: Delivery,
  sampleRate: number,
  rng: Random,
): Float32Array {
  const score = writeScore(segments, delivery, rng);
  const samples = synthesize(score, delivery, sampleRate, rng);
  return setLevel(samples, LEVEL + delivery.level, delivery.noise, rng);
}

function writeScore(segments: readonly Segment[], delivery: Delivery, rng: Random): Score {
  const slow = Math.exp(-delivery.rate);
  const lengths = segments.map((segment) =>
    Math.max(1, Math.round((segment.ms * slow * Math.exp(rng.normal(0, 0.12))) / 1000 / FRAME)),
  );
  const lead = Math.round(MARGIN[0]! / FRAME);
  const spoken = lengths.reduce((sum, length) => sum + length, 0);
  const frames = lead + spoken + Math.round(MARGIN[1]! / FRAME);
  const score: Score = {
    frames,
    formants: new Float64Array(frames * FORMANTS),
    f0: melody(segments, lengths, lead, frames, delivery, rng),
    voice: new Float64Array(frames),
    noise: new Float64Array(frames),
    noiseHz: new Float64Array(frames),
  };
  const slide = 1 - Math.exp(-FRAME / ARTICULATION);
  const onset = 1 - Math.exp(-FRAME / VOICING);
  const at = Float64Array.from([...segments[0]!.formants, ...UPPER]);
  let voice = 0;
  let noise = 0;
  let end = lead + lengths[0]!;
  for (let frame = 0, i = 0; frame < frames; frame++) {
    if (frame >= end && i < segments.length) end += lengths[++i] ?? 0;
    const segment = frame < lead ? undefined : segments[i];
    for (let k = 0; k < 3 && segment; k++) at[k]! += slide * (segment.formants[k]! - at[k]!);
    voice += onset * ((segment?.voice ?? 0) - voice);
    noise += onset * ((segment?.noise ?? 0) - noise);
    for (let k = 0; k < FORMANTS; k++) score.formants[frame * FORMANTS + k] = at[k]! * delivery.formants;
    score.voice[frame] = voice * 10 ** ((-4 * (frame - lead)) / Math.max(1, spoken) / 20);
    score.noise[frame] = noise;
    score.noiseHz[frame] = segment?.noiseHz || 3000;
  }
  return score;
}

/** Pitch per frame, Hz: declination, an accent on some vowels, the final movement, and a slow drift. */
function melody(
  segments: readonly Segment[],
  lengths: readonly number[],
  lead: number,
  frames: number,
  delivery: Delivery,
  rng: Random,
): Float64Array {
  const spoken = lengths.reduce((sum, length) => sum + length, 0);
  const range = Math.exp(delivery.range);
  const semitones = new Float64Array(frames);
  const drift = 0.25 * Math.exp(delivery.jitter);
  let wander = 0;
  for (let frame = 0; frame < frames; frame++) {
    const place = Math.min(1, Math.max(0, (frame - lead) / spoken));
    wander += 0.1 * (rng.normal(0, drift * 2) - wander);
    semitones[frame] =
      range * 2.5 * (0.5 - place) + wander + delivery.final * Math.max(0, (place - 0.72) / 0.28);
  }
  let start = lead;
  segments.forEach((segment, i) => {
    const middle = start + lengths[i]! / 2;
    start += lengths[i]!;
    if (!segment.vowel) return;
    const height = range * Math.max(0, rng.normal(1.6, 1.4));
    const width = 0.07 / FRAME;
    const from = Math.max(0, Math.round(middle - 3 * width));
    const to = Math.min(frames, Math.round(middle + 3 * width));
    for (let frame = from; frame < to; frame++) {
      semitones[frame]! += height * Math.exp(-0.5 * ((frame - middle) / width) ** 2);
    }
  });
  return semitones.map((value) => Math.min(700, Math.max(50, delivery.f0 * 2 ** ((value - range) / 12))));
}

/** Source and filter, sample by sample; the coefficients are updated every frame. */
function synthesize(score: Score, delivery: Delivery, rate: number, rng: Random): Float64Array {
  const length = Math.round(score.frames * FRAME * rate);
  const out = new Float64Array(length);
  const jitter = JITTER * Math.exp(delivery.jitter);
  const shimmer = SHIMMER * Math.exp(delivery.jitter);
  const breath = BREATH * 10 ** (delivery.breath / 20);
  // A bright voice has more breath pressure, hence stronger frication.
  const friction = FRICATION * 10 ** (delivery.tilt / 40);
  const dark = tiltPole(6 - delivery.tilt, rate);
  const a = new Float64Array(FORMANTS);
  const b = new Float64Array(FORMANTS);
  const c = new Float64Array(FORMANTS);
  const y1 = new Float64Array(FORMANTS);
  const y2 = new Float64Array(FORMANTS);
  const used = BANDWIDTHS.filter((_, k) => k < 3 || UPPER[k - 3]! * delivery.formants < 0.47 * rate).length;
  let [phase, step, gain, tilted, n1, n2, na, nb, nc] = [1, 0, 1, 0, 0, 0, 0, 0, 0];
  let next = 0;
  let frame = -1;
  for (let i = 0; i < length; i++) {
    if (i >= next) {
      frame = Math.min(frame + 1, score.frames - 1);
      next = (frame + 1) * FRAME * rate;
      for (let k = 0; k < used; k++) {
        const radius = Math.exp((-Math.PI * BANDWIDTHS[k]!) / rate);
        c[k] = -radius * radius;
        b[k] = 2 * radius * Math.cos((2 * Math.PI * score.formants[frame * FORMANTS + k]!) / rate);
        a[k] = 1 - b[k]! - c[k]!;
      }
      const radius = Math.exp((-Math.PI * 1200) / rate);
      nc = -radius * radius;
      nb = 2 * radius * Math.cos((2 * Math.PI * score.noiseHz[frame]!) / rate);
      na = (1 - radius) * 0.5;
    }
    if (phase >= 1) {
      phase -= Math.floor(phase);
      step = (score.f0[frame]! / rate) * (1 + jitter * clamped(rng));
      gain = 1 + shimmer * clamped(rng);
    }
    const noise = rng.uint32() / 2 ** 31 - 1;
    const open = phase < OPEN;
    const u = phase / OPEN;
    const pulse = open ? gain * u * (2 - 3 * u) : 0;
    phase += step;
    tilted += (1 - dark) * (pulse - tilted);
    let y = score.voice[frame]! * (tilted + breath * noise * (open ? 1 : 0.4));
    for (let k = 0; k < used; k++) {
      const v = a[k]! * y + b[k]! * y1[k]! + c[k]! * y2[k]!;
      y2[k] = y1[k]!;
      y1[k] = v;
      y = v;
    }
    const hiss = na * noise + nb * n1 + nc * n2;
    n2 = n1;
    n1 = hiss;
    out[i] = y + friction * score.noise[frame]! * hiss;
  }
  return out;
}

/** A normal draw, limited to three standard deviations so that no period becomes negative. */
function clamped(rng: Random): number {
  return Math.min(3, Math.max(-3, rng.normal()));
}

/** The pole of a one-pole low-pass with a given loss in dB at 3 kHz (Klatt and Klatt's TL). */
function tiltPole(loss: number, rate: number): number {
  const power = 10 ** (Math.max(0.1, Math.min(24, loss)) / 10);
  const cosine = Math.cos((2 * Math.PI * 3000) / rate);
  const q = (power - cosine) / (power - 1);
  return q - Math.sqrt(q * q - 1);
}

/** Brings the speech to a level, adds the background noise, and keeps the peak under full scale. */
function setLevel(samples: Float64Array, level: number, background: number, rng: Random): Float32Array {
  let energy = 0;
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    energy += samples[i]! * samples[i]!;
    peak = Math.max(peak, Math.abs(samples[i]!));
  }
  const wanted = 10 ** (level / 20) / Math.sqrt(energy / samples.length);
  const gain = Math.min(wanted, 0.95 / peak);
  const noise = 10 ** (background / 20) * Math.sqrt(3);
  const out = new Float32Array(samples.length);
  for (let i = 0; i < out.length; i++) out[i] = gain * samples[i]! + noise * (rng.uint32() / 2 ** 31 - 1);
  return out;
}
