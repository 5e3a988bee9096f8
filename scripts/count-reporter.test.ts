import { afterEach, expect, it, vi } from "vitest";
import CountReporter from "./count-reporter.ts";

type State = "passed" | "failed" | "skipped";

function lineFor(modules: { state: State; tests: State[] }[], errors: Error[] = []): string {
  const log = vi.spyOn(console, "log").mockReturnValue();
  const told = modules.map(({ state, tests }) => ({
    state: () => state,
    children: { allTests: () => tests.map((test) => ({ result: () => ({ state: test }) })) },
  }));
  new CountReporter().onTestRunEnd(told as never, errors as never, "passed");
  return String(log.mock.lastCall?.[0]).trim();
}
afterEach(() => vi.restoreAllMocks());

it("counts tests", () => {
  expect(lineFor([{ state: "failed", tests: ["passed", "failed", "skipped"] }])).toBe("1 passed, 1 failed, 1 skipped");
});

it("counts an error that no test caught as a failure", () => {
  expect(lineFor([{ state: "passed", tests: ["passed"] }], [new Error("rejected later")])).toBe(
    "1 passed, 1 failed, 0 skipped",
  );
});

it("counts a file that did not load as a failure", () => {
  expect(lineFor([{ state: "failed", tests: [] }])).toBe("0 passed, 1 failed, 0 skipped");
  expect(lineFor([{ state: "failed", tests: ["skipped"] }])).toBe("0 passed, 1 failed, 1 skipped");
});
