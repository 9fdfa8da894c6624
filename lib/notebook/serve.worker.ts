import { messageOf } from "../base/errors.js";
import { serveKernel } from "./kernel.js";

// The process of the kernel: its argument is Jupyter's file with ports and key.
serveKernel(process.argv[2]!).catch((error: unknown) => {
  process.stderr.write(`ser: ${messageOf(error)}\n`);
  process.exitCode = 1;
});
