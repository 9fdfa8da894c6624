import type { BootstrapOptions } from "../evaluation/interval.js";
import { sentenceAnswers, type TextAlone, textAlone } from "../protocols/sentence-baseline.js";
import { publishedPlan } from "./published-plan.js";
import type { RunRecord } from "./record.js";

/**
 * What the sentences alone say of the test parts of a run's protocol: as the run recorded it; of a run from before that, from
 * the published names. `undefined` where neither is to be had.
 *
 * @example textUnder(record)?.confounded
 */
export function textUnder(record: RunRecord, options: BootstrapOptions = {}): TextAlone | undefined {
  if (record.text) return record.text;
  const plan = publishedPlan(record)?.plan;
  const answers = plan && sentenceAnswers(plan);
  return answers && textAlone(answers, options);
}
