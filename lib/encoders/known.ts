import type { EncoderInfo } from "./types.js";

/** The facts of a published encoder. */
export interface KnownEncoder {
  /** Digest of the stored tensors, if it is known. */
  digest?: string;
  /** Sizes for planning runs, if the digest is known. */
  outline?: Pick<EncoderInfo, "family" | "width" | "blocks" | "parameters">;
  licence: string;
  /** The model's page. */
  source: string;
  /** OWNER/NAME on Hugging Face. */
  repository: string;
  /** Its page had the weights only as a pickle; safetensors may have been added since. */
  pickle?: true;
}

const whisper = (
  size: string,
  digest?: string,
  [width, blocks, parameters]: readonly number[] = [],
): [string, KnownEncoder] => [
  `whisper-${size}`,
  {
    digest,
    ...(digest && {
      outline: { family: "whisper", width: width!, blocks: blocks!, parameters: parameters! },
    }),
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
  whisper("tiny.en", "e58147a595d0453ea688118c4cfe300e31f56b597e3f502d9d907df3a7900b56", [384, 4, 8_209_920]),
  whisper("base", "22b1254db7dcfab5ca60b733434de707c42f87a77a9e4c0824059bffcbb84324", [512, 6, 20_593_664]),
  whisper("base.en"),
  whisper("small"),
  whisper("small.en"),
  facebook("wav2vec2-base", "wav2vec2-base"),
  facebook("hubert-base", "hubert-base-ls960"),
]);

/** Name of the published encoder with a digest; `undefined` for others. */
export function publishedName(digest: string): string | undefined {
  return Object.keys(KNOWN_ENCODERS).find((name) => KNOWN_ENCODERS[name]!.digest === digest);
}
