/**
 * Protocols: how clips are split, the audit of a split, the ledger of test readings, and what the sentences alone tell.
 *
 * @module protocols
 */

export { type Audit, type AuditCheck, assertAudit, auditOf, auditSplit, auditTraining } from "./audit.js";
export { type FoldSummary, inspectPlan, type PartSummary } from "./inspect.js";
export { Ledger, type LedgerEntry, type Reading, userLedger } from "./ledger.js";
export { type OpenPart, type PartQuestion, predictPart } from "./part.js";
export { type PredictedRow, type Refereed, referee } from "./referee.js";
export { PROTOCOLS, protocolNamed } from "./registry.js";
export {
  type SentenceAnswers,
  sentenceAnswers,
  type TextAlone,
  type TextInCorpus,
  textAlone,
  textInCorpus,
} from "./sentence-baseline.js";
export { heldOutSpeakers } from "./split.js";
export type { ChosenTogether, ClipSet, Plan, Protocol, Split, TrainingTrace } from "./types.js";
