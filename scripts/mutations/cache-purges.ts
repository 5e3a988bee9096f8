import type { Mutation } from "./promises.ts";

const IMAGES = "workers/consumer/src/images";
const QUEUE = `${IMAGES}/cache-purges.test.ts`;
const ENDS = `${IMAGES}/cache-ends.test.ts`;
const TELL = "workers/consumer/src/ledger/tell-edge.test.ts";

/* What ends the edge's copies after a purge, and keeps within the platform's calls. */

export const CACHE_PURGES: Mutation[] = [
  {
    promise: "P22",
    breaks: "a purge deletes the objects and leaves the edge's copies",
    file: `${IMAGES}/sweeps.ts`,
    find: "  objectsSwept(tx, sweep.image);\n",
    replace: "",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "a replaced variant lives on at the edge",
    file: `${IMAGES}/cache-purges.ts`,
    find: "if (floor > tx.images.get(id).purged) outdateCopies(tx, id, REPLACED);",
    replace: "void floor;",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "each variant that is made after a purge costs a call",
    file: `${IMAGES}/cache-purges.ts`,
    find: "floor > tx.images.get(id).purged",
    replace: "floor > 0",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "a doctor that dies after its delete leaves the edge's copies",
    file: `${IMAGES}/reconcile.ts`,
    find: "    copiesGo(tx, id, until);\n",
    replace: "",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "copies that a restored ledger knows nothing of stay",
    file: `${IMAGES}/restored-images.ts`,
    find: "  edgeCacheRestored(tx);\n",
    replace: "",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "copies from before the setting was off stay",
    file: `${IMAGES}/cache-purges.ts`,
    find: "  if (isOn) outdateEverything(tx);\n",
    replace: "",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "an answer that read R2 before the purge enters the cache after it for 30 days",
    file: `${IMAGES}/tables/cache-purges.ts`,
    find: "WHERE call = ?1 AND taken >= at + ?2 RETURNING",
    replace: "WHERE call = ?1 AND taken >= at + ?2 * 0 RETURNING",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "a call that was taken before an object went counts for it",
    file: `${IMAGES}/tables/cache-purges.ts`,
    find: "due = min(due, ?5), call = NULL",
    replace: "due = min(due, ?5)",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "a purge is lost with the edge that took its call",
    file: `${IMAGES}/tables/cache-purges.ts`,
    find: "SET call = ?1, taken = ?2, due = ?3 WHERE",
    replace: "SET call = ?1, taken = ?2, due = ?3 * 1000 WHERE",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "an eviction forgets how many calls were made",
    file: `${IMAGES}/cache-calls.ts`,
    find: "{ ...state, tokens: tokens.held, last:",
    replace: "{ ...state, last:",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "a removal waits behind a run of purges",
    file: `${IMAGES}/tables/cache-purges.ts`,
    find: "WHERE due <= ? ORDER BY rank, since LIMIT ?",
    replace: "WHERE due <= ? ORDER BY since LIMIT ?",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "runs of purges leave no call for a removal",
    file: `${IMAGES}/cache-calls.ts`,
    find: "[0, 2, 6] as const",
    replace: "[0, 0, 0] as const",
    tests: [QUEUE],
  },
  {
    promise: "P22",
    breaks: "a refused call is made again at once",
    file: `${IMAGES}/cache-purges.ts`,
    find: "pausedUntil: tx.now + backoff(failed, PAUSE)",
    replace: "pausedUntil: 0",
    tests: [QUEUE, TELL],
  },
  {
    promise: "P22",
    breaks: "nobody tells the edge",
    file: "workers/consumer/src/ledger/follow-ups.ts",
    find: "  transactions.write(edgeTold);\n",
    replace: "  if (Date.now() > 0) return;\n",
    tests: [TELL],
  },
  {
    promise: "P22",
    breaks: "no alarm rings for the repeat of a purge",
    file: "workers/consumer/src/ledger/follow-ups.ts",
    find: "    tellEdgeAt(tx),\n",
    replace: "",
    tests: [TELL],
  },
  {
    promise: "P22",
    breaks: "a removal's receipt is complete before the cache has taken the purge",
    file: `${IMAGES}/removal-record.ts`,
    find: "!isEdgeCacheOn(tx)) return deleted &&",
    replace: "deleted > 0) return deleted &&",
    tests: [ENDS],
  },
];
