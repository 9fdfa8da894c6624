import { random } from "../../base/random.js";
import { type ClipName, CORPORA, type CorpusName } from "../clip.js";
import type { CorpusDefinition } from "../corpus.js";
import { cremad } from "../cremad.js";
import { ravdess } from "../ravdess.js";
import { savee } from "../savee.js";
import { tess } from "../tess.js";
import { segmentsOf } from "./phones.js";
import { deliver, drawVoice, speak } from "./voice.js";

/** A clip to synthesize: the metadata of its name, and its place in the folder. */
export interface PlannedClip extends ClipName {
  /** With `/`, relative to the folder; Kaggle's layout. */
  file: string;
  /** The corpus's published rate, Hz. */
  sampleRate: number;
}

interface Choice {
  definition: CorpusDefinition;
  /** Which of the published clips are made: all speakers and emotions, about a quarter of the clips. */
  wanted(clip: ClipName): boolean;
  folder(clip: ClipName, name: string): string;
}

const CREMAD_SENTENCES = ["DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI"];

/** The sentences in ARPABET, by corpus and code; TESS's words follow "say the word". */
const TEXTS: Record<string, string> = {
  "ravdess/01": "K IH D Z AA R T AO K IH NG B AY DH AH D AO R",
  "ravdess/02": "D AO G Z AA R S IH T IH NG B AY DH AH D AO R",
  "savee/01": "SH IY HH AE D Y AO R D AA R K S UW T IH N G R IY S IY W AA SH W AO T ER AO L Y IH R",
  "savee/02": "D OW N T AE S K M IY T UW K AE R IY AE N OY L IY R AE G L AY K DH AE T",
  "savee/03": "W IH L Y UW T EH L M IY W AY",
  "cremad/DFA": "D OW N T F ER G EH T AH JH AE K EH T",
  "cremad/IEO": "IH T S IH L EH V AH N AH K L AA K",
  "cremad/IOM": "AY M AA N M AY W EY T UW DH AH M IY T IH NG",
  "cremad/ITH": "AY TH IH NG K AY HH AE V AH D AA K T ER Z AH P OY N T M AH N T",
  "cremad/ITS": "AY TH IH NG K AY V S IY N DH IH S B IH F AO R",
  "cremad/IWL": "AY W UH D L AY K AH N UW AH L AA R M K L AA K",
  "cremad/IWW": "AY W AH N D ER W AH T DH IH S IH Z AH B AW T",
  "cremad/MTI": "M EY B IY T AH M AA R OW IH T W IH L B IY K OW L D",
  "cremad/TAI": "DH IY EH R P L EY N IH Z AO L M OW S T F UH L",
  "cremad/TIE": "DH AE T IH Z IH G Z AE K T L IY W AH T HH AE P AH N D",
  "cremad/TSI": "DH AH S ER F AH S IH Z S L IH K",
  "cremad/WSI": "W IY L S T AA P IH N AH K AH P AH L AH V M IH N AH T S",
};

const WORDS: Record<string, string> = {
  back: "B AE K",
  bar: "B AA R",
  bean: "B IY N",
  bite: "B AY T",
  boat: "B OW T",
  book: "B UH K",
  chair: "CH EH R",
  cool: "K UW L",
  death: "D EH TH",
  dog: "D AO G",
  fall: "F AO L",
  five: "F AY V",
  food: "F UW D",
  gaze: "G EY Z",
  home: "HH OW M",
  join: "JH OY N",
  judge: "JH AH JH",
  king: "K IH NG",
  learn: "L ER N",
  love: "L AH V",
  mouse: "M AW S",
  name: "N EY M",
  perch: "P ER CH",
  rain: "R EY N",
  sheep: "SH IY P",
  shout: "SH AW T",
  soap: "S OW P",
  thumb: "TH AH M",
  voice: "V OY S",
  young: "Y AH NG",
};

const CHOICES: Record<CorpusName, Choice> = {
  ravdess: {
    definition: ravdess,
    wanted: (clip) => clip.repetition === 1 || clip.emotion === "neutral",
    folder: (clip) => `Ravdess/audio_speech_actors_01-24/Actor_${clip.speaker}`,
  },
  tess: {
    definition: tess,
    wanted: (clip) => Object.hasOwn(WORDS, clip.sentenceId!),
    folder: (clip) => `Tess/${clip.speaker}_${clip.label}`,
  },
  savee: { definition: savee, wanted: () => true, folder: () => "Savee" },
  cremad: { definition: cremad, wanted: wantedOfCremad, folder: () => "Crema" },
};

/** Two sentences per speaker, the same in every emotion, so that words do not reveal the emotion; one intensity of IEO. */
function wantedOfCremad(clip: ClipName): boolean {
  const speaker = Number(clip.speaker) - 1001;
  const pair = Math.floor(CREMAD_SENTENCES.indexOf(clip.sentenceId!) / 2);
  if (pair !== speaker % (CREMAD_SENTENCES.length / 2)) return false;
  const level = (["low", "medium", "high"] as const)[Math.floor(speaker / 6) % 3];
  return clip.intensity === undefined || clip.intensity === level;
}

/**
 * The clips that `synthesizeCorpora` makes: a part of the published clips, with all speakers and emotions, under the published
 * names.
 *
 * @example planClips(["ravdess"])[0].file
 * // "Ravdess/audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav"
 */
export function planClips(corpora: readonly CorpusName[] = CORPORA): PlannedClip[] {
  return corpora.flatMap((corpus) => {
    const { definition, wanted, folder } = CHOICES[corpus];
    return definition.expectedIds().flatMap((id) => {
      const name = id.slice(corpus.length + 1);
      const clip = definition.parse(`${name}.wav`)!;
      if (!wanted(clip)) return [];
      return [{ ...clip, file: `${folder(clip, name)}/${name}.wav`, sampleRate: definition.sampleRate! }];
    });
  });
}

/**
 * The samples of one planned clip. They depend on the clip and the seed alone.
 *
 * @returns samples in [-1, 1] at `clip.sampleRate`
 */
export function synthesizeClip(clip: PlannedClip, seed: number): Float32Array {
  const voice = drawVoice(clip.sex ?? "male", random(`${seed}/${clip.corpus}/${clip.speaker}/voice`));
  const rng = random(`${seed}/${clip.id}`);
  const delivery = deliver(voice, clip.emotion, clip.intensity, rng);
  return speak(segmentsOf(textOf(clip)), delivery, clip.sampleRate, rng);
}

/** SAVEE has different sentences for each emotion; those of unknown text get the words of another sentence. */
function textOf(clip: ClipName): string {
  if (clip.corpus === "tess") return `S EY DH AH W ER D ${WORDS[clip.sentenceId!]}`;
  const known = TEXTS[`${clip.corpus}/${clip.sentenceId}`];
  return known ?? random(`sentence/${clip.sentenceId}`).pick(Object.values(TEXTS));
}
