import { afterAll, vi } from "vitest";

// Test files share their process, since most of the time would else go into loading the same modules hundreds of times. What a file
// changes of the process is put back behind it.
const env = { ...process.env };
const folder = process.cwd();

afterAll(() => {
  vi.resetConfig();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(folder);
  process.exitCode = undefined;
});
