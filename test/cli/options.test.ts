import { Command, CommanderError } from "commander";
import { expect, test } from "vitest";
import { factsOf } from "../../lib/base/schema.js";
import { keysHelp, settingOption, settingsGiven } from "../../lib/cli/options.js";
import { gridSchema } from "../../lib/experiments/grid.js";
import { FEATURE_ENTRIES } from "../../lib/features/settings.js";
import { SMALL_TRAINING, TRAINING, TRAINING_ENTRIES } from "../../lib/training/settings.js";

const defaults = { "": TRAINING, "cnn-small": SMALL_TRAINING };
const OPTIONS = [
  ...[
    "batchSize",
    "schedule.name",
    "schedule.warmup",
    "refit",
    "size.filters",
    "labelSmoothing",
    "epochs",
  ].map((path) => settingOption(TRAINING_ENTRIES, path, { defaults })),
  settingOption(FEATURE_ENTRIES, "topDb"),
  settingOption(FEATURE_ENTRIES, "power"),
  settingOption(FEATURE_ENTRIES, "trimDb", { flag: "trim", help: "cuts silence" }),
  settingOption(FEATURE_ENTRIES, "center", { flag: "no-center" }),
];

function given(...args: string[]): object {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  for (const option of OPTIONS) command.addOption(option);
  return settingsGiven(command.parse(args, { from: "user" }).opts(), OPTIONS);
}

test("options are named, described and bounded as the schema has it", () => {
  expect(OPTIONS.map(({ flags }) => flags)).toEqual([
    ...["--batch-size <clips>", "--schedule <name>", "--warmup <epochs>", "--refit", "--filters <n...>"],
    ...[
      "--label-smoothing <x>",
      "--epochs <epochs>",
      "--top-db <db>",
      "--power <n>",
      "--trim <db>",
      "--no-center",
    ],
  ]);
  const help = Object.fromEntries(OPTIONS.map((option) => [option.path, option.description]));
  expect(help.batchSize).toBe("clips in a batch (default: 32)");
  expect(help.epochs).toBe("maximum number of epochs (default: 30; cnn-small 15)");
  expect(help["schedule.warmup"]).toMatch(/\(default: 1; cnn-small 0\)$/);
  expect(help.labelSmoothing).toMatch(/\(Szegedy et al\. 2016\) \(default: 0\)$/);
  expect(help.refit).toMatch(/^trains the network again .* tests these weights/);
  expect(help.topDb).toMatch(/; none for none$/);
  expect(help.trimDb).toBe("cuts silence");
  expect(OPTIONS[1]!.argChoices).toEqual(["constant", "cosine", "one-cycle", "plateau"]);
});

test("the keys of a grid are told, with defaults, and with what must be given", () => {
  const { runs } = gridSchema.entries;
  expect(keysHelp(gridSchema.entries as never).split("\n")).toEqual(
    expect.arrayContaining([
      "  name           names the store and the report (required)",
      '  score          the part that is scored; validation never reads a test part (default: "validation")',
    ]),
  );
  expect(keysHelp(factsOf(factsOf(runs).item!).entries!)).toContain(
    "\n  seeds          random seeds of weights, order",
  );
});

test("what is given becomes settings, and nothing else does", () => {
  const args = "--batch-size 8 --schedule cosine --warmup 0.5 --refit --filters 8 16 --top-db none --power 1";
  expect(given(...args.split(" "), "--no-center")).toEqual({
    ...{ batchSize: 8, schedule: { name: "cosine", warmup: 0.5 }, refit: true, size: { filters: [8, 16] } },
    ...{ topDb: null, power: 1, center: false },
  });
  // Commander's own default of an option that begins with no-.
  expect(given()).toEqual({ center: true });
});

test.each([
  ["--batch-size 0", "It takes a whole number from 1 to 100000 clips."],
  ["--batch-size 1.5", "It takes a whole number"],
  ["--batch-size none", "It takes a whole number"],
  ["--filters 8 x", "It takes a whole number from 1 to 4096."],
  ["--label-smoothing 1", "It takes a number from 0 to 0.999."],
  ["--top-db loud", "It takes a number from 0 to 1000 dB or none."],
  ["--power 3", "It takes 1, 2."],
  ["--schedule step", "Allowed choices are constant, cosine, one-cycle, plateau."],
])("%s is refused in words", (args, message) => {
  expect(() => given(...args.split(" "))).toThrow(CommanderError);
  expect(() => given(...args.split(" "))).toThrow(message);
});
