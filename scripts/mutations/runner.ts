import type { Mutation } from "./promises.ts";

const QUEUE = "packages/durable-queue/src";
const RUNNER_TESTS = "packages/durable-queue/test/run-jobs.test.ts";
/** The example, unchanged, reset in the middle of 500 deliveries. */
const EXAMPLE = "examples/durable-queue/reset.workerd.test.ts";

/** The promises of the queue to users whose jobs are calls (packages/durable-queue/README.md). */
export const RUNNER: Mutation[] = [
  {
    promise: "P11",
    breaks: "the claims of a runner that died stay with it",
    file: `${QUEUE}/schema/claims.ts`,
    find: "for (const claim of owner.claims.values()) this.orphan(claim);",
    replace: "",
    tests: [EXAMPLE],
  },
  {
    promise: "P2",
    breaks: "an unclear call is repeated under a new key",
    file: `${QUEUE}/runner/run-job.ts`,
    find: 'return { kind: "fault", failure: result.failure, ended: true };',
    replace: 'return { kind: "failed", class: "transient", failure: result.failure, posted: true, ended: true };',
    tests: [EXAMPLE],
  },
  {
    promise: "P11",
    breaks: "after a reset the runners' claims wait for the end of their leases",
    file: `${QUEUE}/object/open-job-queue.ts`,
    find: "  queue.recover();\n",
    replace: "",
    tests: [RUNNER_TESTS],
  },
  {
    promise: "P8",
    breaks: "calls that last longer than ten seconds count half",
    file: `${QUEUE}/admission/slots.ts`,
    find: "return tx.hasExternalJobs ? taken : { ...taken, unreported: 0 };",
    replace: "return taken;",
    tests: [RUNNER_TESTS],
  },
  {
    promise: "P11",
    breaks: "a call that has ended keeps its slot while it waits",
    file: `${QUEUE}/claims/settle.ts`,
    find: 'if (outcome.kind === "fault" || outcome.kind === "pending") return outcome.ended === true;',
    replace: "",
    tests: [RUNNER_TESTS],
  },
  {
    promise: "P11",
    breaks: "a function that ignores its signal is waited for without end",
    file: `${QUEUE}/runner/run-job.ts`,
    find: "await Promise.race([run({ ...job, signal: stop.signal }), aborted(stop.signal)])",
    replace: "await run({ ...job, signal: stop.signal })",
    tests: [RUNNER_TESTS],
  },
  {
    promise: "P2",
    breaks: "a runner that has lost its lease goes on with its calls",
    file: `${QUEUE}/runner/run-jobs.ts`,
    find: "    runner.abortAll();\n",
    replace: "",
    tests: [RUNNER_TESTS],
  },
  {
    promise: "P1",
    breaks: "a key that is open gets another payload",
    file: `${QUEUE}/object/job-queue.ts`,
    find: "jobs.filter(isNew)",
    replace: "jobs",
    tests: [RUNNER_TESTS],
  },
];
