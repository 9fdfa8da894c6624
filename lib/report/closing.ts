import type { Results } from "../analysis/results.js";
import { plural } from "../base/text.js";
import type { RecordedExperiment } from "../experiments/known.js";
import type { Block, TableBlock } from "./document.js";
import { left, paragraph, right } from "./words.js";

/** Audit, failures, and how to reproduce the experiment. */
export function closingBlocks(results: Results, experiment: RecordedExperiment): Block[] {
  return [
    { kind: "heading", level: 2, text: "Audit" },
    ...auditBlocks(results),
    { kind: "heading", level: 2, text: "Failures" },
    ...failureBlocks(results),
    { kind: "heading", level: 2, text: "Doing it again" },
    {
      kind: "paragraph",
      text: [
        "The grid below, saved as a file, and the corpora under ",
        { code: "data/" },
        " (or ",
        { code: "SER_DATA" },
        ") give the runs again; the runs give this report again, byte for byte.",
      ],
    },
    {
      kind: "code",
      text: [
        `npx --no ser ablate ${results.experiment}.json --plan`,
        `npx --no ser ablate ${results.experiment}.json`,
        `npx --no ser report ${results.experiment}`,
      ].join("\n"),
    },
    {
      kind: "fold",
      summary: "The grid",
      blocks: [{ kind: "code", text: JSON.stringify(experiment.grid, null, 2) }],
    },
    {
      kind: "fold",
      summary: "The runs by name",
      blocks: [
        paragraph([
          "One of them alone: ",
          { code: `npx --no ser ablate ${results.experiment}.json --only NAME` },
          ".",
        ]),
        { kind: "code", text: experiment.planned.join("\n") },
      ],
    },
  ];
}

function auditBlocks({ audits }: Results): Block[] {
  const { runs, passed, leaky, failed, notes } = audits;
  const blocks: Block[] = [
    {
      kind: "paragraph",
      text: `Before it trained, each run proved that test shares with training and validation none of what its protocol holds apart, and that no samples are on two sides; before its test part was read, that normalisation and the choice of the epoch knew nothing of it. ${passed} of ${plural(runs, "run")} passed${leaky > 0 ? `; ${plural(leaky, "run")} ${leaky === 1 ? "is" : "are"} of leaky protocols and not expected to` : ""}.`,
    },
  ];
  if (notes.length > 0) {
    blocks.push({
      kind: "fold",
      summary: `What the audit noted without objecting (${notes.length})`,
      blocks: [
        {
          kind: "table",
          columns: [left("protocol"), left("check"), left("what was found"), left("clips (at most 10)")],
          rows: notes.map(({ protocol, check, detail, clips }) => [
            protocol,
            check,
            detail,
            clips.slice(0, 10).join(", "),
          ]),
        },
      ],
    });
  }
  if (failed.length === 0) return blocks;
  const table: TableBlock = {
    kind: "table",
    columns: [
      left("protocol"),
      left("check"),
      left("what was found"),
      right("runs"),
      left("clips (at most 5)"),
    ],
    rows: failed.map(({ protocol, check, detail, runs, clips }) => [
      protocol,
      check,
      detail,
      String(runs.length),
      clips.slice(0, 5).join(", "),
    ]),
  };
  return [
    ...blocks,
    { kind: "fold", summary: `Checks that did not pass (${failed.length})`, blocks: [table] },
  ];
}

function failureBlocks({ failures, broken }: Results): Block[] {
  const blocks: Block[] = [];
  if (failures.length === 0) blocks.push({ kind: "paragraph", text: "No run failed." });
  else
    blocks.push({
      kind: "table",
      columns: [left("run"), left("protocol"), left("fold"), left("network"), right("seed"), left("error")],
      rows: failures.map(({ name, protocol, fold, model, seed, error }) => [
        name,
        protocol,
        fold,
        model,
        String(seed),
        error,
      ]),
    });
  if (broken.length === 0) return [...blocks, { kind: "paragraph", text: "Every clip could be read." }];
  return [
    ...blocks,
    {
      kind: "table",
      caption: "Clips that could not be read and were left out",
      columns: [left("clip"), left("why")],
      rows: broken.map(({ id, error }) => [id, error]),
    },
  ];
}
