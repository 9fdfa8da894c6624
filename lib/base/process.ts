import { type ChildProcess, execFileSync } from "node:child_process";
import { systemCode } from "./errors.js";

/** Whether there is a process of this id; that of another user counts, too. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH";
  }
}

/** Ends a process that was started `detached`, with the processes that it started. */
export function endGroup(
  { pid, exitCode }: Pick<ChildProcess, "pid" | "exitCode">,
  platform = process.platform,
): void {
  if (pid === undefined) return;
  try {
    if (platform !== "win32") process.kill(-pid, "SIGKILL");
    // Windows has trees of processes and no groups. The id of one that has ended may be another's by now.
    else if (exitCode === null)
      execFileSync("taskkill", ["/pid", String(pid), "/T", "/F"], { stdio: "ignore", windowsHide: true });
  } catch {
    // Already ended.
  }
}
