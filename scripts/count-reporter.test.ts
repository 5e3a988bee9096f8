import { afterEach, expect, it, vi } from "vitest";
import CountReporter from "./count-reporter.ts";

type State = "passed" | "failed" | "skipped";

function told(modules: { state: State; tests: State[] }[], errors: Error[] = []): string[] {
  const log = vi.spyOn(console, "log").mockReturnValue();
  const run = modules.map(({ state, tests }) => ({
    relativeModuleId: "a.test.ts",
    state: () => state,
    errors: () => (state === "failed" && tests.length === 0 ? [new Error("no such module")] : []),
    children: {
      allTests: () =>
        tests.map((test) => ({
          fullName: "it works",
          result: () => ({ state: test, errors: [new Error("1\nnot 2")] }),
        })),
    },
  }));
  new CountReporter().onTestRunEnd(run as never, errors as never, "passed");
  return log.mock.calls.flatMap(([text]) => String(text).trim().split("\n"));
}
const lineFor = (...run: Parameters<typeof told>) => told(...run).at(-1);
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

it("tells each failure again, every line of it marked", () => {
  const run = [
    { state: "failed", tests: ["passed", "failed"] },
    { state: "failed", tests: [] },
  ] as { state: State; tests: State[] }[];
  expect(told(run, [new Error("rejected later")]).slice(0, -1)).toEqual([
    "✗ a.test.ts > it works",
    "✗ 1",
    "✗ not 2",
    "✗ a.test.ts",
    "✗ no such module",
    "✗ outside of tests",
    "✗ rejected later",
  ]);
});
