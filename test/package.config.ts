import { defineConfig } from "vitest/config";
import unit from "./vitest.config.js";

// npm run test:package
export default defineConfig({
  test: {
    ...unit.test,
    projects: undefined,
    include: ["test/package.test.ts", "test/examples.test.ts"],
    exclude: [],
  },
});
