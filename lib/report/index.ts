/**
 * Reports: an experiment as a document, and the release of a model with its card.
 *
 * @module report
 */

export { buildReport, type Report, type ReportOptions, type WrittenReport, writeReport } from "./report.js";
export { type ShipOptions, type Shipped, shipModel } from "./ship.js";
