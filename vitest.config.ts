// The test runner's configuration. Unit tests sit beside their file; stories, goldens and the architecture test are in test/.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    environment: "node",
    testTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default", "./test/counts-reporter.ts"],
  },
});
