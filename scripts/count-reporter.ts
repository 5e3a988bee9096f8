import type { Reporter } from "vitest/node";

/** Of a failure's words, this many characters are told. */
const TOLD = 2_000;

/**
 * Prints one plain line that any CI can read: `N passed, N failed, N skipped`. Errors that no test caught are failures. Before it stands each
 * failure, on lines that begin with `✗ `, so that CI can say it again at its very end.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd: NonNullable<Reporter["onTestRunEnd"]> = (modules, errors) => {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    const tell = (name: string, causes: readonly { message: string }[]) =>
      console.log(
        [name, ...causes.flatMap(({ message }) => message.slice(0, TOLD).split("\n"))]
          .map((line) => `✗ ${line}`)
          .join("\n"),
      );
    for (const module of modules) {
      const before = counts.failed;
      for (const test of module.children.allTests()) {
        const { state, errors: causes } = test.result();
        counts[state] += 1;
        if (state === "failed") tell(`${module.relativeModuleId} > ${test.fullName}`, causes ?? []);
      }
      if (module.errors().length > 0) tell(module.relativeModuleId, module.errors());
      // A file that could not even be loaded holds no test, yet has failed.
      if (module.state() === "failed" && counts.failed === before) counts.failed += 1;
    }
    if (errors.length > 0) tell("outside of tests", errors);
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  };
}
