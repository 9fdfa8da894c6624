/** A stretch of speech with one target of mouth and larynx, and its duration. */
export interface Segment {
  /** First three formants of an adult male, Hz. */
  formants: readonly [number, number, number];
  /** Duration at a neutral speaking rate, ms. */
  ms: number;
  /** Strength of the voice, 0 to 1. */
  voice: number;
  /** Strength of frication noise, 0 to 1. */
  noise: number;
  /** Centre of that noise, Hz. */
  noiseHz: number;
  /** The nucleus of a syllable, where an accent can fall. */
  vowel: boolean;
}

type Formants = readonly [number, number, number];

/** Vowels of American English, men: Peterson and Barney (1952), table II. */
const VOWELS: Record<string, Formants> = {
  IY: [270, 2290, 3010],
  IH: [390, 1990, 2550],
  EH: [530, 1840, 2480],
  AE: [660, 1720, 2410],
  AA: [730, 1090, 2440],
  AO: [570, 840, 2410],
  UH: [440, 1020, 2240],
  UW: [300, 870, 2240],
  AH: [640, 1190, 2390],
  ER: [490, 1350, 1690],
};

/** Diphthongs, from one vowel to another. */
const GLIDES: Record<string, readonly [string, string]> = {
  EY: ["EH", "IY"],
  AY: ["AA", "IY"],
  OY: ["AO", "IY"],
  AW: ["AA", "UH"],
  OW: ["AO", "UH"],
};

/** Consonants, after Klatt (1980), table II: formants, length in ms, voice, noise, centre of the noise in Hz. */
const CONSONANTS: Record<string, readonly [Formants, number, number, number, number]> = {
  W: [[290, 610, 2150], 60, 0.7, 0, 0],
  Y: [[260, 2070, 3020], 55, 0.7, 0, 0],
  R: [[310, 1060, 1380], 60, 0.7, 0, 0],
  L: [[310, 1050, 2880], 60, 0.7, 0, 0],
  M: [[300, 1000, 2130], 65, 0.5, 0, 0],
  N: [[300, 1340, 2470], 60, 0.5, 0, 0],
  NG: [[300, 2000, 2900], 65, 0.5, 0, 0],
  HH: [[500, 1500, 2500], 55, 0.1, 0.25, 1500],
  F: [[340, 1100, 2080], 85, 0, 0.25, 6500],
  TH: [[320, 1290, 2540], 80, 0, 0.2, 6000],
  S: [[320, 1390, 2530], 95, 0, 0.8, 5800],
  SH: [[300, 1840, 2750], 95, 0, 0.9, 3200],
  V: [[220, 1100, 2080], 55, 0.4, 0.1, 6500],
  DH: [[270, 1290, 2540], 45, 0.45, 0.08, 6000],
  Z: [[240, 1390, 2530], 70, 0.4, 0.4, 5800],
};

/** Stops and affricates: formants at the release, voice during the closure, noise and its centre, length of the noise in ms. */
const STOPS: Record<string, readonly [Formants, number, number, number, number]> = {
  P: [[400, 1100, 2150], 0, 0.4, 1200, 30],
  T: [[400, 1600, 2600], 0, 0.7, 4200, 35],
  K: [[300, 1990, 2850], 0, 0.6, 2000, 35],
  B: [[200, 1100, 2150], 0.2, 0.3, 1000, 12],
  D: [[200, 1600, 2600], 0.2, 0.5, 4000, 15],
  G: [[200, 1990, 2850], 0.2, 0.4, 2000, 18],
  CH: [[350, 1800, 2820], 0, 0.9, 3300, 75],
  JH: [[260, 1800, 2820], 0.2, 0.6, 3200, 50],
};

const CLOSURE_MS = 55;

/**
 * The segments of a transcription in ARPABET, phones separated by spaces.
 *
 * @param text for example "S EY DH AH W ER D" ("say the word")
 * @throws {RangeError} naming a phone that is not in the table
 * @example segmentsOf("B AE K").length // 5: closure and release of b, the vowel, closure and release of k
 */
export function segmentsOf(text: string): Segment[] {
  return text.split(/\s+/).filter(Boolean).flatMap(segmentsOfPhone);
}

function segmentsOfPhone(phone: string): Segment[] {
  if (VOWELS[phone]) return [vowel(phone, 105)];
  const glide = GLIDES[phone];
  if (glide) return [vowel(glide[0], 80), { ...vowel(glide[1], 65), vowel: false }];
  const consonant = CONSONANTS[phone];
  if (consonant) {
    const [formants, ms, voice, noise, noiseHz] = consonant;
    return [{ formants, ms, voice, noise, noiseHz, vowel: false }];
  }
  const stop = STOPS[phone];
  if (!stop) throw new RangeError(`no such phone: ${phone}`);
  const [formants, voice, noise, noiseHz, ms] = stop;
  return [
    { formants, ms: CLOSURE_MS, voice, noise: 0, noiseHz, vowel: false },
    { formants, ms, voice, noise, noiseHz, vowel: false },
  ];
}

function vowel(name: string, ms: number): Segment {
  return { formants: VOWELS[name]!, ms, voice: 1, noise: 0, noiseHz: 0, vowel: true };
}
