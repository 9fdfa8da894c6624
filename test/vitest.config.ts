import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

// Files that change what others would find in the same process: TensorFlow.js's backend, a session's TypeScript, a module that is mocked.
const ALONE = [
  "test/*.test.ts",
  "test/notebook/*.test.ts",
  "test/engine/**/*.test.ts",
  "test/corpora/synthetic/stand-in.test.ts",
];
// Installing what was packed takes a minute: npm run test:package. What is claimed takes several: npm run test:claims.
// Beside .ci/run's busy loops these would take minutes, and are nothing but arithmetic: a software adapter for WebGPU, which is itself a
// load on all cores, and the engine's gradients.
const HEAVY = process.env.SER_LOADED ? ["test/engine/webgpu/**", "test/engine/gradients.test.ts"] : [];
const OTHERS = [...configDefaults.exclude, "test/{package,examples}.test.ts", "test/claims/**", ...HEAVY];

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    globalSetup: "test/setup.ts",
    maxWorkers: availableParallelism(),
    // For what hangs. Work that takes seconds takes minutes on a machine that has other work.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      { extends: true, test: { name: "alone", include: ALONE, exclude: OTHERS } },
      {
        extends: true,
        test: {
          name: "shared",
          include: ["test/**/*.test.ts"],
          exclude: [...OTHERS, ...ALONE],
          // A third of the suite's time was the loading of the same modules for each file.
          isolate: false,
          setupFiles: "test/each-file.ts",
        },
      },
    ],
  },
});
