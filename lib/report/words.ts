import type { EntryResults, ProtocolResults } from "../analysis/protocol-results.js";
import { GIVEN_CLIPS } from "../runs/answered.js";
import type { Block, Column, Text } from "./document.js";

/** A column of names. */
export const left = (title: string): Column => ({ title });
/** A column of numbers. */
export const right = (title: string): Column => ({ title, align: "right" });

/** A warning. */
export function warning(text: Text): Block {
  return { kind: "warning", text };
}

/** Text, bold if `is` is true. */
export function bold(text: string, is: boolean): Text {
  return is ? { strong: text } : text;
}

interface Marked {
  leaky: boolean;
  synthetic: boolean;
  text?: { confounded: boolean };
}

/** " (LEAKY)", " (SYNTHETIC)", " (TEXT-CONFOUNDED)", several of them or "". */
export function marks({ leaky, synthetic, text }: Marked): string {
  const confounded = text?.confounded ? " (TEXT-CONFOUNDED)" : "";
  return `${leaky ? " (LEAKY)" : ""}${synthetic ? " (SYNTHETIC)" : ""}${confounded}`;
}

/** "test part", or the name of given clips that belong to no protocol. */
export function partName({ protocol }: { protocol: string }, part: "validation" | "test"): string {
  return protocol === GIVEN_CLIPS ? GIVEN_CLIPS : `${part} part`;
}

/** The same with the protocol: "test part under savee/loso@1". */
export function partUnder(of: ProtocolResults, part: "validation" | "test"): string {
  const mark = marks(of);
  return of.protocol === GIVEN_CLIPS ? `${GIVEN_CLIPS}${mark}` : `${part} part under ${of.protocol}${mark}`;
}

/** A protocol with its marks. */
export function nameOf(protocol: ProtocolResults): Text {
  const mark = marks(protocol).trim();
  return mark ? [`${protocol.protocol} `, { strong: mark }] : protocol.protocol;
}

/** A model with its mark. */
export function labelText({ label, transductive }: EntryResults): string {
  return transductive ? `${label} (TRANSDUCTIVE)` : label;
}

/** The line under a figure's title. */
export function subtitleOf({ protocol, entries }: ProtocolResults, score: "validation" | "test"): string {
  const scores = entries.find((entry) => entry[score])?.[score];
  const part = protocol === GIVEN_CLIPS ? protocol : `${protocol} · ${score}`;
  return scores ? `${part} · ${scores.n} clips, ${scores.speakers} speakers` : protocol;
}

/** The index of the largest value; `undefined` for fewer than two values. */
export function bestOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.flatMap((value) => value ?? []);
  return known.length < 2 ? undefined : values.indexOf(Math.max(...known));
}
