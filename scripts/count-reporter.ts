import type { Reporter } from "vitest/node";

/** Prints one plain line that any CI can read: `N passed, N failed, N skipped`. Errors that no test caught are failures. */
export default class CountReporter implements Reporter {
  onTestRunEnd: NonNullable<Reporter["onTestRunEnd"]> = (modules, errors) => {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const results = [...module.children.allTests()].map((test) => test.result().state);
      for (const state of results) counts[state] += 1;
      // A file that could not even be loaded holds no test, yet has failed.
      if (module.state() === "failed" && !results.includes("failed")) counts.failed += 1;
    }
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  };
}
