// Reads what vitest wrote with --reporter=json, and prints what was skipped, and why. A failure, and a skip that gives no reason, end
// it with 1: node test/skips.mjs unit.json loaded.json
import { readFileSync } from "node:fs";

let bad = false;
for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, "utf8");
  if (text === "") {
    console.log(`${path}: empty: the tests did not end`);
    bad = true;
    continue;
  }
  const { testResults, numPassedTests, numFailedTests, numPendingTests, success } = JSON.parse(text);
  console.log(`${path}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
  const skipped = new Map();
  for (const { assertionResults } of testResults)
    for (const { status, fullName, meta } of assertionResults) {
      if (status === "passed" || status === "failed") continue;
      const reason = meta.needs ? `needs ${meta.needs}` : "NO REASON GIVEN";
      skipped.set(reason, [...(skipped.get(reason) ?? []), fullName]);
    }
  for (const [reason, names] of skipped) console.log(`skipped, ${reason}:\n  ${names.join("\n  ")}`);
  if (!success || skipped.has("NO REASON GIVEN")) bad = true;
}
process.exitCode = bad ? 1 : 0;
