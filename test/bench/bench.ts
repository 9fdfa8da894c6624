// npm run -s bench -- NAME [options]: runs test/bench/NAME.ts.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { projectRoot } from "../../lib/base/root.js";

/** What every file of this folder but this one exports. */
export interface Benchmark {
  run(args: readonly string[]): Promise<void>;
}

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(join(projectRoot(), "test", "bench"))
  .filter((file) => file.endsWith(".ts") && !["bench.ts", "peak.ts"].includes(file))
  .map((file) => file.slice(0, -3));

async function main(): Promise<void> {
  if (name === undefined || !names.includes(name))
    throw new UsageError(`which benchmark? npm run bench -- ${names.join(" | ")} [--json]`);
  const benchmark: Benchmark = await import(`./${name}.ts`);
  await benchmark.run(args);
}

main().catch((error) => {
  const wrongOption = /^ERR_PARSE_ARGS/.test(error.code ?? "");
  if (!wrongOption && !(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = wrongOption ? 2 : error.exitCode;
});
