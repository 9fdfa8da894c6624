import { afterEach, beforeEach, vi } from "vitest";

/** What was printed since the test began; a test may empty it. */
export const printed = { out: "", err: "" };

/** Catches, in every test of the file, what is printed, and puts the exit code back afterwards. */
export function capturePrinted(): void {
  beforeEach(() => {
    for (const [stream, key] of [
      [process.stdout, "out"],
      [process.stderr, "err"],
    ] as const) {
      printed[key] = "";
      vi.spyOn(stream, "write").mockImplementation((text) => {
        printed[key] += text;
        return true;
      });
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = 0;
  });
}
