import { createRequire } from "node:module";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { UserError } from "../base/errors.js";
import { isInstalled, projectRoot } from "../base/root.js";
import { interruptSignal, numberIn, printJson } from "./common.js";

interface RunFlags {
  parameter?: Record<string, unknown>;
  timeout: number;
  out?: string;
  inPlace?: boolean;
  json?: boolean;
}

/**
 * Adds `ser notebook` with `run`, `html`, `install` and, for Jupyter, the hidden `kernel`.
 *
 * @param bundle the file of this program, which Jupyter starts
 */
export function addNotebook(program: Command, bundle: string): void {
  const notebook = program
    .command("notebook")
    .description("Execute the notebooks, export them as web pages, install the Jupyter kernel.")
    .hook("preAction", assertNotebooks);
  addRun(notebook);
  addHtml(notebook);
  addInstall(notebook, bundle);
  notebook.addCommand(
    new Command("kernel")
      .description("Run the Jupyter kernel; Jupyter starts this command.")
      .argument("<connection-file>")
      .action(superviseKernel),
    { hidden: true },
  );
}

/** The notebooks, and the packages that only they need, are part of the checkout but not of the npm package. */
function assertNotebooks(): void {
  if (isInstalled())
    throw new UserError(
      "notebooks need a checkout of speech-emotion-workbench: the npm package has neither the notebooks nor tslab",
    );
  try {
    createRequire(join(projectRoot(), "package.json")).resolve("tslab/package.json");
  } catch {
    throw new UserError("notebooks need tslab, which is not installed: run `npm ci` without --omit=dev");
  }
}

async function superviseKernel(connectionFile: string): Promise<void> {
  process.exitCode = await (await import("../notebook/supervise.js")).superviseKernel(connectionFile);
}

function addRun(notebook: Command): void {
  notebook
    .command("run")
    .description("Execute notebooks, each in a fresh process, and save them with their outputs.")
    .argument("[names...]", "notebook files, or names in notebooks/ such as 01 or 01-explore (default: all)")
    .addOption(
      new Option(
        "-p, --parameter <name=value>",
        "override a parameter; the value is JSON or text; repeatable",
      ).argParser(parameter),
    )
    .addOption(
      new Option("--timeout <s>", "time limit of a notebook, in seconds")
        .argParser(numberIn(1, 1e6))
        .default(600),
    )
    .option("--out <dir>", "folder to write the executed notebooks to (default: results/notebooks)")
    .option(
      "--in-place",
      "overwrite each notebook that succeeds with its executed version, without recordings of the corpora",
    )
    .option("--json", "print the outcome of every notebook as JSON")
    .addHelpText(
      "after",
      `
An error ends its notebook but not the others; the exit code is then 1, and the cells that were
executed are saved. Cells tagged "skip" are not executed, those tagged "raises-exception" may
fail, and -p overrides the variables that the cell tagged "parameters" declares.

Examples:
  ser notebook run
  ser notebook run 01 -p perCorpus=5
  ser notebook run 03 -p epochs=2 -p 'models=["cnn","lstm"]' --timeout 1200
  SER_DATA=/corpora ser notebook run --in-place`,
    )
    .action(run);
}

async function run(names: string[], flags: RunFlags): Promise<void> {
  const [{ runNotebooks }, { describeReport }] = await Promise.all([
    import("../notebook/run.js"),
    import("../notebook/describe.js"),
  ]);
  const reports = await runNotebooks(names, {
    parameters: flags.parameter,
    timeout: flags.timeout,
    out: flags.out,
    inPlace: flags.inPlace,
    signal: interruptSignal(),
    onEnd: (report) => flags.json || process.stdout.write(`${describeReport(report)}\n`),
  });
  if (flags.json) printJson(reports);
  if (reports.some(({ failure }) => failure)) process.exitCode = 1;
}

/** `name=value`: the value as JSON if it is valid JSON, else as text. */
function parameter(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const [, name, value] = /^([A-Za-z_$][\w$]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It takes the form name=value.");
  try {
    return { ...before, [name]: JSON.parse(value!) };
  } catch {
    return { ...before, [name]: value };
  }
}

function addHtml(notebook: Command): void {
  notebook
    .command("html")
    .description("Export each executed notebook as one interactive, offline web page, and write an index.")
    .argument("[files...]", "notebook files (default: those in results/notebooks, else those in notebooks/)")
    .option("--out <dir>", "folder to write the pages to (default: results/notebooks)")
    .option("--json", "print the pages as JSON")
    .addHelpText(
      "after",
      `
Examples:
  ser notebook html
  ser notebook html notebooks/05-evaluate.ipynb --out /tmp/pages`,
    )
    .action(async (files: string[], { out, json }: { out?: string; json?: boolean }) => {
      const [{ writePages }, { size }] = await Promise.all([
        import("../notebook/pages.js"),
        import("../notebook/describe.js"),
      ]);
      const pages = await writePages(files, { out });
      if (json) return printJson(pages);
      for (const { path, bytes } of pages) process.stdout.write(`${path} (${size(bytes)})\n`);
    });
}

function addInstall(notebook: Command, bundle: string): void {
  notebook
    .command("install")
    .description('Install the Jupyter kernel "TypeScript (speech emotion)" for this user.')
    .addHelpText(
      "after",
      `
Writes one file, kernels/ser-typescript/kernel.json, into Jupyter's data folder: JUPYTER_DATA_DIR,
else the user's own. The kernel runs from the workbench's folder and works in Jupyter Notebook,
JupyterLab and VS Code.

Examples:
  ser notebook install
  JUPYTER_DATA_DIR=/opt/jupyter ser notebook install`,
    )
    .action(async () => {
      const { installKernel } = await import("../notebook/kernelspec.js");
      const folder = await installKernel(bundle);
      process.stdout.write(`the kernel "TypeScript (speech emotion)" is installed in ${folder}\n`);
    });
}
