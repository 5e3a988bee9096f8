import type { Mutation } from "./promises.ts";

const QUEUE_TESTS = "workers/consumer/test/queue";

const IMAGES = "workers/consumer/src/images";
const QUEUE = "packages/durable-queue/src";

/* What a ledger that was put back holds back, finds again and carries on, and what slots are worth whose job nobody has told. */

const POLLER = "workers/consumer/src/ittybit/poller";
const RESTORE = "test/world/restore.test.ts";
const UNHEARD = "test/world/unheard-jobs.test.ts";

export const RESTORES: Mutation[] = [
  {
    promise: "P16",
    breaks: "a restored ledger hands out at once, and a late delete takes what is made",
    file: `${QUEUE}/operate/restored.ts`,
    find: "  tx.gate.heldUntil = tx.now + RESTORE_HOLD_MS;\n",
    replace: "",
    tests: [RESTORE, `${QUEUE_TESTS}/restored.test.ts`],
    histories: { rule: "nohold", favourites: ["purgedAndPutBack"] },
  },
  {
    promise: "P16",
    breaks: "what viewers ask for is handed out while a restored ledger holds back",
    file: `${IMAGES}/misses.ts`,
    find: "  if (isHeldBack(tx.gateNow)) return;\n",
    replace: "",
    tests: [`${QUEUE_TESTS}/restored.test.ts`],
  },
  {
    promise: "P16",
    breaks: "results are handed out while a restored ledger holds back",
    file: `${QUEUE}/claims/hand-out.ts`,
    find: "  if (isHeldBack(tx.gateNow)) return false;\n",
    replace: "",
    tests: [`${QUEUE_TESTS}/restored.test.ts`],
  },
  {
    promise: "P5",
    breaks: "workers are called while a restored ledger holds back",
    file: `${QUEUE}/claims/pace.ts`,
    find: "  if (isHeldBack(tx.gateNow)) return work;\n",
    replace: "",
    tests: [`${QUEUE_TESTS}/restored.test.ts`],
  },
  {
    promise: "P16",
    breaks: "an import forgets the purges that are under way",
    file: `${IMAGES}/restored-images.ts`,
    find: "  for (const purge of before?.purges ?? []) purgeGoesOn(tx, purge);\n",
    replace: "",
    tests: [RESTORE],
  },
  {
    promise: "P2",
    breaks: "a restore pays again for jobs that the ledger does not know",
    file: `${QUEUE}/claims/found-jobs.ts`,
    find: "if (row !== null && isGood) adopt(tx, row, job);",
    replace: "if (row === null && isGood) void adopt;",
    tests: [RESTORE],
  },
  {
    promise: "P2",
    breaks: "a restore pays again for jobs that the copy knows",
    file: `${QUEUE}/claims/hand-out.ts`,
    find: "  if (claim.externalId !== null) return false;\n",
    replace: "",
    tests: [RESTORE],
  },
  {
    promise: "P2",
    breaks: "after a restore the list is read before handlers from before have made their last POST",
    file: `${QUEUE}/operate/restored.ts`,
    find: "from: state.heldUntil - RESTORE_HOLD_MS + LEASE_MS }",
    replace: "from: state.heldUntil - RESTORE_HOLD_MS }",
    tests: [RESTORE],
  },
  {
    promise: "P16",
    breaks: "a job from before a restore is stored whatever became of its original",
    file: "workers/consumer/src/making/finish-job.ts",
    find: "(metadata.etag !== undefined && metadata.etag === prepared.original.etag)",
    replace: "(metadata.etag ?? null) === (metadata.etag ?? null)",
    tests: ["workers/consumer/src/making/finish-job.test.ts", RESTORE],
  },
  {
    promise: "P16",
    breaks: "an older generation's job is taken over though the newest has failed",
    file: `${QUEUE}/claims/found-jobs.ts`,
    find: "  if (row !== null) supersede(tx, row, gen);\n",
    replace: "  if (row !== null && isGood) supersede(tx, row, gen);\n",
    tests: [`${QUEUE_TESTS}/restored.test.ts`],
  },
  {
    promise: "P8",
    breaks: "a job of a variant that does not wait runs without a slot after a restore",
    file: `${QUEUE}/claims/found-jobs.ts`,
    find: 'else if (job.status === "pending") holdSlot(tx,',
    replace: 'else if (job.status === "done") holdSlot(tx,',
    tests: [`${QUEUE_TESTS}/restored.test.ts`],
  },
  {
    promise: "P6",
    breaks: "slots of jobs that nobody has told take all there are",
    file: `${QUEUE}/admission/gate.ts`,
    find: "Math.min(unreported, Math.floor(own / 2))",
    replace: "Math.min(unreported, own)",
    tests: [UNHEARD],
  },
  {
    promise: "P8",
    breaks: "slots of jobs that nobody has told have no bound",
    file: `${QUEUE}/admission/gate.ts`,
    find: " || used >= all + Math.floor(all / 2);",
    replace: ";",
    tests: ["packages/durable-queue/test/gate.test.ts"],
    histories: { rule: "unbounded", favourites: ["lostPost", "accept", "force"] },
  },
  {
    promise: "P6",
    breaks: "what a page shows of jobs that nobody has told is not told",
    file: `${POLLER}/job-search.ts`,
    find: "this.#deps.report({ found, ended });",
    replace: "this.#deps.report({ ended });",
    tests: [`${POLLER}/job-search.test.ts`],
  },
  {
    promise: "P8",
    breaks: "a list that shows no metadata proves that a job was never made",
    file: `${POLLER}/job-search.ts`,
    find: "if (isShown) this.#noteAbsent(",
    replace: "if (isShown || calls > 0) this.#noteAbsent(",
    tests: [`${POLLER}/job-search.test.ts`],
  },
  {
    promise: "P8",
    breaks: "right after an eviction the slots of jobs that have owners count half",
    file: `${QUEUE}/admission/slots.ts`,
    find: "now - Math.max(admittedAt, memory.startedAt) > UNHEARD_MS",
    replace: "now - admittedAt > UNHEARD_MS",
    tests: [`${QUEUE_TESTS}/found-jobs.test.ts`],
  },
  {
    promise: "P8",
    breaks: "a list that is older than the last POST proves that a job was never made",
    file: `${POLLER}/job-search.ts`,
    find: "sureAt === null || readAt < sureAt)",
    replace: "sureAt === null)",
    tests: [`${POLLER}/job-search.test.ts`],
  },
  {
    promise: "P6",
    breaks: "no crash is counted for a handler that dies at its POST once its job was found",
    file: `${QUEUE}/claims/leases.ts`,
    find: "claim.externalId === null || claim.foundByPoller || ",
    replace: "claim.externalId === null || ",
    tests: [`${QUEUE_TESTS}/found-jobs.test.ts`],
  },
];
