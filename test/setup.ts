import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFfmpeg } from "../lib/audio/ffmpeg.js";
import { lackOfSlurm } from "./slurm.js";

/**
 * Builds what the command line's tests run, gives the tests caches of their own, and says once what is left
 * out where the real corpora are not at hand.
 */
export default function setup(): () => void {
  execFileSync(process.execPath, ["lib/build/bundle.mjs"], { stdio: "inherit" });
  const cache = mkdtempSync(join(tmpdir(), "ser-cache-"));
  process.env.SER_CACHE = cache;
  // Where readings of test parts are written down that are of no store.
  process.env.XDG_CACHE_HOME = join(cache, "user");
  if (process.env.SER_DATA) console.log(`tests on the real corpora use ${process.env.SER_DATA}`);
  else console.log("SER_DATA is not set: tests on the real corpora are skipped");
  if (process.env.SER_ENCODERS) console.log(`tests on real encoders use ${process.env.SER_ENCODERS}`);
  else
    console.log(
      "SER_ENCODERS is not set: tests on real encoders are skipped (.ci/encoders FOLDER fetches them)",
    );
  if (!findFfmpeg()) console.log("ffmpeg is not on the PATH: tests that need it are skipped");
  const lack = lackOfSlurm();
  if (lack) console.log(`Slurm cannot be started (${lack}): tests that need it are skipped`);
  return () => rmSync(cache, { recursive: true, force: true });
}
