import type { Mutation } from "./promises.ts";

const VIEWS = "workers/consumer/src/ledger/views";
const PACE = `${VIEWS}/pace.ts`;
const TESTS = [`${VIEWS}/pace.test.ts`];

/** Each part of the one answer to "how fast, and when is it done", switched off. */
export const PACES: readonly Mutation[] = [
  {
    promise: "P13",
    breaks: "a closed lane has a time left",
    file: PACE,
    find: "    if (closed !== null) return whyHeld(tx.gateNow, lane, closed);\n",
    replace: "",
    tests: TESTS,
  },
  {
    promise: "P13",
    breaks: "a budget for fewer jobs than wait has a time left",
    file: PACE,
    find: "if (this.#ofBudget(lane, waiting) <= left) return null;",
    replace: "if (left > 0) return null;",
    tests: TESTS,
  },
  {
    promise: "P13",
    breaks: "retries that wait have a time left",
    file: PACE,
    find: "if (queued + processing === 0) {",
    replace: "if (queued + processing < 0) {",
    tests: TESTS,
  },
  {
    promise: "P13",
    breaks: "lanes above do not go first",
    file: PACE,
    find: "return this.#above(lane).reduce((sum, one) => sum + openIn(this.#open(one)), 0);",
    replace: "return this.#above(lane).reduce((sum, one) => sum + 0 * openIn(this.#open(one)), 0);",
    tests: TESTS,
  },
  {
    promise: "P13",
    breaks: "a run has all of the pace for itself",
    file: PACE,
    find: "Math.min(own, this.#tx.runs.byNumber(n)?.open ?? 0)",
    replace: "Math.min(0, this.#tx.runs.byNumber(n)?.open ?? 0)",
    tests: TESTS,
  },
  {
    promise: "P13",
    breaks: "the pace sinks while nobody looks for an end",
    file: "packages/durable-queue/src/schema/recent-ends.ts",
    find: "const spanMs = last - (marks[n - 1]?.at ?? last);",
    replace: "const spanMs = now - (marks[n - 1]?.at ?? last);",
    tests: TESTS,
  },
  {
    promise: "P13",
    breaks: "a pace of long ago counts for ever",
    file: "packages/durable-queue/src/schema/recent-ends.ts",
    find: "if (now - last > Math.max(SILENT_MS, 2 * Math.max(0, ...gaps))) return null;",
    replace: "if (now - last > Number.POSITIVE_INFINITY + gaps.length) return null;",
    tests: TESTS,
  },
  {
    promise: "P13",
    breaks: "the month's forecast leaves out what waits",
    file: `${VIEWS}/forecast.ts`,
    find: "jobs: used + Math.min(left, queued + usual),",
    replace: "jobs: used + Math.min(left, usual),",
    tests: [`${VIEWS}/forecast.test.ts`],
  },
  {
    promise: "P13",
    breaks: "one day of a large run counts as a usual day",
    file: `${VIEWS}/forecast.ts`,
    find: "return known[Math.floor(known.length / 2)] ?? 0;",
    replace: "return known.at(-1) ?? 0;",
    tests: [`${VIEWS}/forecast.test.ts`],
  },
];
