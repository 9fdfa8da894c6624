import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.js";
import { formatTable } from "../base/table.js";
import { type Clip, CORPORA } from "../corpora/clip.js";
import type { AuditCheck } from "../protocols/audit.js";
import { apartText } from "../protocols/groups.js";
import type { FoldSummary } from "../protocols/inspect.js";
import type { Plan, Protocol } from "../protocols/types.js";
import { dataOption, interruptSignal, printJson } from "./common.js";

interface Flags {
  data: string;
  manifest?: string;
  json?: boolean;
}

/** Adds `ser protocols`. */
export function addProtocols(program: Command): void {
  program
    .command("protocols")
    .description("List the protocols, or split the corpora by one and audit it.")
    .argument("[name]", "a protocol: its folds, their speakers, and whether they leak")
    .addOption(dataOption())
    .addOption(new Option("--manifest <file>", "split your own clips: CSV with id, path, speaker, emotion"))
    .option("--json", "JSON")
    .addHelpText(
      "after",
      `
Any corpus can also be split by grouped k-fold: grouped/CORPUS?group=GROUP&folds=N&calm=HOW, by speaker (the
default), sentence, sex, age, intensity or repetition; a manifest's corpus is called own. Exit code 1 when the
audit fails, unless the protocol is there to show leakage (random/CORPUS).

Examples:
  ser protocols
  ser protocols ravdess/emobox
  ser protocols 'grouped/cremad?group=sentence&folds=4' --json
  ser protocols 'grouped/own?folds=3' --manifest clips.csv`,
    )
    .action(async (name: string | undefined, flags: Flags) => {
      if (name === undefined) await list(flags);
      else await inspect(name, flags);
    });
}

async function list({ json }: Flags): Promise<void> {
  const { PROTOCOLS, protocolNamed } = await import("../protocols/registry.js");
  const protocols = PROTOCOLS.map((name) => protocolNamed(name));
  if (json) return printJson({ protocols });
  const rows = protocols.map((protocol) => {
    const { name, version, corpora, apart, validationApart, validationApartIn, leaky, source } = protocol;
    return [
      name,
      `v${version}`,
      corpora.length === CORPORA.length ? "all four" : corpora.join(" ") || "any",
      leaky ? "LEAKY" : apartText(apart),
      leaky ? "LEAKY" : apartText(validationApart, validationApartIn),
      source,
    ];
  });
  const header = ["protocol", "version", "corpora", "test apart by", "validation by", "source"];
  process.stdout.write(`${formatTable(header, rows)}\n\nand grouped/CORPUS?group=speaker&folds=5\n`);
}

async function inspect(name: string, flags: Flags): Promise<void> {
  const [{ protocolNamed }, { sampleHashes }, { inspectPlan }] = await Promise.all([
    import("../protocols/registry.js"),
    import("../features/corpus.js"),
    import("../protocols/inspect.js"),
  ]);
  const protocol = protocolNamed(name);
  const signal = interruptSignal();
  const plan = protocol.plan(await clipsOf(protocol, flags, signal));
  const { samples, broken } = await sampleHashes(plan.clips, { signal, quiet: flags.json });
  for (const { clip, error } of broken) process.stderr.write(`ser: left out ${clip.id}: ${error}\n`);
  const folds = inspectPlan(plan, samples);
  const synthetic = plan.clips.some((clip) => clip.synthetic);
  if (folds.some(({ audit }) => !audit.passed && !audit.leaky)) process.exitCode = 1;
  if (flags.json) {
    const { plan: _, ...facts } = protocol;
    printJson({ ...facts, synthetic, clips: plan.clips.length, classes: plan.classes, folds });
    return;
  }
  process.stdout.write(`${describe(protocol, plan, folds, synthetic)}\n`);
}

async function clipsOf({ name, corpora }: Protocol, flags: Flags, signal: AbortSignal): Promise<Clip[]> {
  if (flags.manifest) {
    const { readManifest } = await import("../corpora/manifest.js");
    return readManifest(flags.manifest);
  }
  const strange = corpora.filter((corpus) => !(CORPORA as readonly string[]).includes(corpus));
  if (strange.length > 0) {
    throw new UsageError(
      `${name}: ${strange.join(", ")} is none of ${CORPORA.join(", ")}: give your own clips with --manifest, as the corpus "own"`,
    );
  }
  const { loadClips } = await import("../corpora/registry.js");
  const names = corpora.length > 0 ? corpora : undefined;
  return loadClips(flags.data, { names, calm: "keep", signal });
}

function describe(protocol: Protocol, plan: Plan, folds: readonly FoldSummary[], synthetic: boolean): string {
  const rows = folds.map(({ name, train, validation, test, audit, description }) => [
    name,
    train.clips,
    validation.clips,
    test.clips,
    [train, validation, test].map(({ speakers }) => speakers.length).join("/"),
    audit.passed ? "passed" : audit.leaky ? "LEAKY" : "FAILED",
    description,
  ]);
  const header = ["fold", "train", "validation", "test", "speakers", "audit", "parts"];
  return [
    `${plan.protocol}${synthetic ? "  (synthetic clips)" : ""}`,
    plan.description,
    `source: ${protocol.source}`,
    `${plan.clips.length} clips; classes: ${plan.classes.join(", ")}`,
    "",
    formatTable(header, rows),
    "",
    "audit",
    ...auditLines(folds),
  ].join("\n");
}

/** One line for each check and outcome, with the folds it is of. */
function auditLines(folds: readonly FoldSummary[]): string[] {
  const lines = new Map<string, string[]>();
  for (const { name, audit } of folds) {
    for (const check of audit.checks) {
      const line = checkLine(check);
      lines.set(line, [...(lines.get(line) ?? []), name]);
    }
  }
  const where = (names: readonly string[]) =>
    names.length === folds.length ? "" : ` [fold ${names.join(" ")}]`;
  return [...lines].sort().map(([line, names]) => `${line}${where(names)}`);
}

function checkLine({ name, passed, detail }: AuditCheck): string {
  return `  ${passed ? "passed" : "FAILED"}  ${name}: ${detail}`;
}
