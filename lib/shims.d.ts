declare module "node-wav" {
  /** Encodes channels of samples in -1..1 as a RIFF WAVE file. */
  export function encode(
    channels: readonly Float32Array[],
    options: { sampleRate: number; float?: boolean; bitDepth?: number },
  ): Buffer;
  /** Decodes plain PCM and float files; an oracle for tests, not used by the library (it trusts its input). */
  export function decode(file: Uint8Array): { sampleRate: number; channelData: readonly Float32Array[] };
}

declare module "plotly.js-dist" {
  export * from "plotly.js";
}
