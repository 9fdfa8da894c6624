import { execFileSync } from "node:child_process";

/** Builds what the command line's tests run, and says once what is left out where the real corpora are not at hand. */
export default function setup(): void {
  execFileSync(process.execPath, ["lib/build.mjs"], { stdio: "inherit" });
  if (process.env.SER_DATA) console.log(`tests on the real corpora use ${process.env.SER_DATA}`);
  else console.log("SER_DATA is not set: tests on the real corpora are skipped");
}
