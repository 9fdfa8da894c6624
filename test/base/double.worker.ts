import { threadId } from "node:worker_threads";
import { UserError } from "../../lib/base/errors.js";

/** A number's double, and the thread's number; the pool's test runs it in worker threads. */
export function handle(task: number) {
  if (task < 0) throw new RangeError(`negative: ${task}`);
  if (task === 7) throw new UserError("seven is not doubled");
  if (task === 13) process.exit(3);
  const result = Float32Array.of(2 * task, threadId);
  return { result, transfer: [result.buffer] };
}
