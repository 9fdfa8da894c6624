import { Command } from "commander";
import { expect, test } from "vitest";
import { addNotebook } from "../../lib/cli/notebook.js";

/** The command as it is built, with nothing printed and no exit. */
function notebook(): Command {
  const program = new Command();
  addNotebook(program, "dist/ser.cjs");
  const command = program.commands.find((one) => one.name() === "notebook")!;
  for (const one of command.commands)
    one.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  return command;
}

const parse = (...args: string[]) => notebook().parseAsync(args, { from: "user" });

test("the commands that are for people have a description and examples; the others are hidden", () => {
  const help = notebook().helpInformation();
  for (const name of ["run", "html", "install"]) expect(help).toMatch(new RegExp(`^  ${name} .*\\S`, "m"));
  expect(help).not.toMatch(/^ {2}(cells|kernel)/m);
  for (const name of ["run", "html", "install"]) {
    let text = "";
    const command = notebook().commands.find((one) => one.name() === name)!;
    command.configureOutput({
      writeOut: (part) => {
        text += part;
      },
    });
    command.outputHelp();
    expect(text, name).toContain("Examples:");
  }
});

test("a parameter without a value and a time limit that is none are wrong usage", async () => {
  await expect(parse("run", "-p", "corpus")).rejects.toThrow(/takes the form name=value/);
  await expect(parse("run", "--timeout", "soon")).rejects.toThrow(/takes a number/);
});

test("a notebook that is not there is named, with those that are", async () => {
  await expect(parse("run", "77")).rejects.toThrow(/notebook 77 not found: notebooks\/ has 01-explore/);
});

test("a parameter that no notebook has is wrong usage, with those that there are", async () => {
  await expect(parse("run", "01", "-p", "corpsu=tess")).rejects.toMatchObject({
    name: "UsageError",
    message: expect.stringMatching(/^no parameter is called corpsu: there are data, perCorpus/),
  });
});
