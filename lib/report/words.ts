import type { EntryResults, ProtocolResults } from "../analysis/protocol-results.js";
import { groupBy } from "../base/group.js";
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

/**
 * The models of a protocol by label, as they are called in its tables and pictures: without the settings that all models of
 * the kind have there, which the table of results lists, and with their mark.
 */
export function namesIn({ entries }: Pick<ProtocolResults, "entries">): Map<string, string> {
  const kinds = groupBy(entries, ({ label, settings }) =>
    settings.external ? label : settings.training.model,
  );
  return new Map(
    [...kinds.values()].flatMap((own) => {
      const parts = own.map(({ label, settings }) => (settings.external ? [label] : label.split(", ")));
      return own.map(({ label, transductive }, i): [string, string] => {
        const [kind, ...told] = parts[i]!;
        const telling = told.filter(
          (part) =>
            part !== "plain" &&
            !(transductive && part === "normalisation speaker") &&
            !parts.every((others) => others.includes(part)),
        );
        return [label, `${[kind, ...telling].join(", ")}${transductive ? " (TRANSDUCTIVE)" : ""}`];
      });
    }),
  );
}

/** The model alone with its mark: what sets it apart stands in the columns beside it. */
export function modelName({ settings, label, transductive }: EntryResults): string {
  return `${settings.external ? label : settings.training.model}${transductive ? " (TRANSDUCTIVE)" : ""}`;
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

/** A paragraph. */
export function paragraph(text: Text): Block {
  return { kind: "paragraph", text };
}

/** A heading of a section, or of a part of one. */
export function heading(text: string, level: 2 | 3 = 2): Block {
  return { kind: "heading", level, text };
}
