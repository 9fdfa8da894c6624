import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { cacheFolder } from "../../lib/base/cache-folder.js";
import { onPlatform } from "../platform.js";

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

test("each system has its own", async () => {
  vi.stubEnv("XDG_CACHE_HOME", "");
  vi.stubEnv("LOCALAPPDATA", join("C", "Local"));
  const folders = {
    win32: join("C", "Local"),
    darwin: join(homedir(), "Library", "Caches"),
    linux: join(homedir(), ".cache"),
  };
  for (const [platform, folder] of Object.entries(folders))
    expect(await onPlatform(platform as NodeJS.Platform, () => cacheFolder("a"))).toBe(
      join(folder, "speech-emotion-workbench", "a"),
    );
});
