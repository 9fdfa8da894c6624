/** What is known of a published encoder without having it. */
export interface KnownEncoder {
  /** Of the tensors as they are kept, where they were at hand. */
  digest?: string;
  licence: string;
  /** The model's page. */
  source: string;
  /** OWNER/NAME on Hugging Face. */
  repository: string;
  /** Its page has had the weights as a pickle only; safetensors may have come since. */
  pickle?: true;
}

const whisper = (size: string, digest?: string): [string, KnownEncoder] => [
  `whisper-${size}`,
  {
    digest,
    licence: "MIT",
    source: `https://huggingface.co/openai/whisper-${size}`,
    repository: `openai/whisper-${size}`,
  },
];

// By their model cards.
const facebook = (name: string, model: string): [string, KnownEncoder] => {
  const repository = `facebook/${model}`;
  const source = `https://huggingface.co/${repository}`;
  return [name, { licence: "Apache-2.0", source, repository, pickle: true }];
};

/** Published encoders by their names. */
export const KNOWN_ENCODERS: Readonly<Record<string, KnownEncoder>> = Object.fromEntries([
  whisper("tiny"),
  whisper("tiny.en", "70523f2d2d5a317e75420dc751ecc9ce46f77901ad962a45860273b2dfa86874"),
  whisper("base", "541c3c3294a5c8ae46ef798b7405d3c1542786ef1e85d85a88181a1382b87da8"),
  whisper("base.en"),
  whisper("small"),
  whisper("small.en"),
  facebook("wav2vec2-base", "wav2vec2-base"),
  facebook("hubert-base", "hubert-base-ls960"),
]);
