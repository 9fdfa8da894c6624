import { defineConfig } from "vitest/config";
import unit from "./vitest.config.js";

// npm run test:claims: what is committed and what the README says, made anew. Files one after another, since their work is on all cores.
export default defineConfig({
  test: {
    ...unit.test,
    projects: undefined,
    include: ["test/claims/*.test.ts"],
    exclude: [],
    fileParallelism: false,
    maxConcurrency: 2,
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
});
