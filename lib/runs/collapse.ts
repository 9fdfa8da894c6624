import { isBaseline } from "../models/names.js";
import type { RunRecord } from "./record.js";

/** Share of the validation clips from which on their one prediction is called the only one. */
const NEARLY_ALL = 0.95;

/** Mean recall of the other classes up to which they count as never predicted. */
const NEARLY_NONE = 0.1;

/**
 * Why a training counts as collapsed, and what to try; `undefined` if it did not collapse. A collapsed network predicts one
 * class for at least 95 % of the validation clips, and finds at most a tenth of the other classes (mean recall). The majority
 * baseline does this by design.
 *
 * @example collapseOf(record) // "neutral is predicted for all 60 validation clips: try a lower --learning-rate than 0.001, ..."
 */
export function collapseOf(run: CollapseFacts): string | undefined {
  const { settings, validation, classes } = run;
  const { model } = settings.training;
  const { confusion, count } = validation;
  const predicted = classes.map((_, p) => confusion.reduce((sum, row) => sum + row[p]!, 0));
  const most = predicted.indexOf(Math.max(...predicted));
  const others = confusion.flatMap((row, t) => {
    const clips = row.reduce((a, b) => a + b, 0);
    return t === most || clips === 0 ? [] : [row[t]! / clips];
  });
  const found = others.reduce((a, b) => a + b, 0) / others.length;
  if (model === "majority" || others.length === 0) return undefined;
  if (predicted[most]! < NEARLY_ALL * count || found > NEARLY_NONE) return undefined;
  const share = predicted[most] === count ? `all ${count}` : `${predicted[most]} of ${count}`;
  return `${classes[most]} is predicted for ${share} validation clips: try ${remedies(run)}`;
}

/** What {@link collapseOf} reads of a run's record. */
export type CollapseFacts = Pick<RunRecord, "settings" | "validation" | "classes" | "history">;

function remedies({ settings, history }: CollapseFacts): string {
  const { model, learningRate, balance, epochs, patience } = settings.training;
  const balancing = `--balance ${balance === "weights" ? "sampling" : "weights"}`;
  if (isBaseline(model)) return `${balancing}, other features, or a network`;
  const longer =
    history.length < epochs ? `more --patience than ${patience}` : `more --epochs than ${epochs}`;
  return `a lower --learning-rate than ${learningRate}, ${balancing}, or ${longer}`;
}

/** The collapsed runs of several in one line, with what to try for the first; `undefined` if none collapsed. */
export function collapsedLine(records: readonly (CollapseFacts & { name: string })[]): string | undefined {
  const collapsed = records.flatMap((record) => {
    const why = collapseOf(record);
    return why === undefined ? [] : [{ name: record.name, why }];
  });
  const [first] = collapsed;
  if (!first) return undefined;
  if (collapsed.length === 1) return `warning: ${first.name} collapsed: ${first.why}`;
  const names = collapsed.slice(0, NAMED).map(({ name }) => name);
  const more = collapsed.length > NAMED ? ` and ${collapsed.length - NAMED} more` : "";
  return `warning: ${collapsed.length} of ${records.length} runs collapsed (${names.join(", ")}${more}): in ${first.name}, ${first.why}`;
}

/** Most runs that a line names. */
const NAMED = 5;
