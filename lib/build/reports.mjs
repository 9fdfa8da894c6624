// npm run reports: every report that is committed, made anew from its summary, with the page and the JSON that are not.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

for (const name of readdirSync("results/report").sort()) {
  const ser = ["dist/ser.cjs", "report", name, "--from", "results/summary"];
  const { status, signal } = spawnSync(process.execPath, ser, { stdio: "inherit" });
  if (status !== 0) process.exit(signal ? 1 : status);
}
