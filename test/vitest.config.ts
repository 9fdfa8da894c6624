import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/..`,
    include: ["test/**/*.test.ts"],
    // Installing what was packed takes a minute: npm run test:package. What is claimed takes several: npm run test:claims.
    exclude: [...configDefaults.exclude, "test/package.test.ts", "test/examples.test.ts", "test/claims/**"],
    globalSetup: "test/setup.ts",
    // For what hangs. Work that takes seconds takes minutes on a machine that has other work.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
