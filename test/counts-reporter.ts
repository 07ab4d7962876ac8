// Writes the test runner's own counts as one line for .ci/run, when it asks by JOULECAST_TEST_COUNTS. Prints nothing.
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const path = process.env.JOULECAST_TEST_COUNTS;
    if (path === undefined) return;
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const count = (state: string): number => states.filter((each) => each === state).length;
    const skipped = count("skipped");
    writeFileSync(
      path,
      `${count("passed")} passed, ${count("failed") + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
    );
  }
}
