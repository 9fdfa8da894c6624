import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { cacheFolder } from "../../lib/base/cache-folder.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("the user's cache folder, or the one that is named", () => {
  vi.stubEnv("XDG_CACHE_HOME", join("a", "b"));
  expect(cacheFolder("encoders", "c")).toBe(join("a", "b", "speech-emotion-workbench", "encoders", "c"));
  vi.stubEnv("XDG_CACHE_HOME", "");
  vi.stubEnv("LOCALAPPDATA", "");
  expect(cacheFolder().startsWith(homedir())).toBe(true);
});
