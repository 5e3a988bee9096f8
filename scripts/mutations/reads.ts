import type { Mutation } from "./promises.ts";

const IMAGES = "workers/consumer/src/images";

/* What one request may read of R2, and what made-up ids may do to viewers (docs/security.md): each cure taken out again. */

const MISS = "workers/edge/src/miss";
const MAKING = "workers/consumer/src/making";
const READS_TEST = `${MISS}/reads.test.ts`;
const BUSY = "test/world/strangers/busy-machine.test.ts";

const of = (breaks: string, file: string, find: string, replace: string, tests: string[]): Mutation => {
  return { promise: "N5", breaks, file, find, replace, tests };
};

export const READS: Mutation[] = [
  of(
    "a stand-in is read though the request may read no more",
    "workers/edge/src/hit/serve-variant.ts",
    "  if (context.reads.left <= 0) return null;\n",
    "",
    [READS_TEST],
  ),
  of(
    "a marker is read though the request may read no more",
    `${MISS}/skip-reason.ts`,
    "context.reads.left > 0 ? wait : 0",
    "wait",
    [READS_TEST],
  ),
  of(
    "a HEAD reads what the note does not list",
    `${MISS}/answer-miss.ts`,
    'method === "HEAD" || hasStandIn ? 1 : 0',
    "hasStandIn ? 1 : 0",
    [READS_TEST],
  ),
  of(
    "a HEAD reads what no note can list",
    `${MISS}/answer-miss.ts`,
    'isListed(info, same) ?? method !== "HEAD"',
    "isListed(info, same) ?? true",
    [READS_TEST],
  ),
  of(
    "a page that waits by HEAD never sees what no note lists",
    `${MISS}/read-info.ts`,
    '(method === "HEAD" ? HEAD_REPEAT_MS : REPEAT_MS)',
    "REPEAT_MS",
    [READS_TEST],
  ),
  of(
    "a note is read again by each request",
    `${MISS}/read-info.ts`,
    "if (kept !== undefined && clock.now() <",
    "if (kept !== undefined && 0 >",
    [READS_TEST],
  ),
  of(
    "a refused network costs a marker's read each time",
    `${MISS}/ask-once.ts`,
    '  if (askedLately.recall(network, now) !== null) return "capped";\n',
    "",
    [READS_TEST],
  ),
  of(
    "a message in vain is preceded by the same marker each time",
    `${MISS}/skip-reason.ts`,
    "isNew || timesAsked % 2 === 1",
    "isNew",
    [READS_TEST],
  ),
  of(
    "the page's table counts no reads",
    "scripts/cost/strangers.ts",
    "  return requests + listUsd(operations, 1)",
    "  return listUsd(operations, 1)",
    ["scripts/cost/strangers.test.ts"],
  ),
  of(
    "a batch of misses waits for slow origins",
    `${MAKING}/consume-batch.ts`,
    'return role === "live" ? Promise.race([through, sleep(LIVE_BATCH_MS).then(() => false)]) : through;',
    "return through;",
    [BUSY, `${MAKING}/consume-batch.test.ts`],
  ),
  of(
    "networks that ask for many are looked at as all others",
    `${MAKING}/look-first.ts`,
    'looks[crowded.has(key) ? "crowded" : "others"]',
    "looks.others",
    [`${MAKING}/look-first.test.ts`],
  ),
  of(
    "a marker is written for each made-up id",
    `${MAKING}/look-first.ts`,
    "return context.crowdedMissing > CROWDED_MARKERS;",
    "return context.crowdedMissing < 0;",
    [BUSY, `${MAKING}/look-first.test.ts`],
  ),
  of(
    "looks come in the order of messages",
    `${MAKING}/consume-batch.ts`,
    "(a.nth ?? 0) - (b.nth ?? 0)",
    "a.at - b.at",
    [`${MAKING}/look-first.test.ts`],
  ),
  of(
    "a handler that only looks calls the ledger all the time",
    `${MAKING}/work.ts`,
    "const isMute = this.draining && held.isEmpty;",
    "const isMute = this.draining && held.isEmpty && again < 0;",
    [`${MAKING}/look-first.test.ts`],
  ),
  of(
    "the edge does not say how many a network has asked for",
    `${MISS}/ask-once.ts`,
    "{ unknown: true, nth }",
    "{ unknown: true }",
    [BUSY, `${MISS}/ask-once.test.ts`],
  ),
  of("nobody has looks kept", `${IMAGES}/misses.ts`, "most * LOOKS_KEPT.share : 0", "0 : 0", [
    `${IMAGES}/misses.test.ts`,
  ]),
  of(
    "each refused variant writes the image's marker",
    `${MAKING}/create-context.ts`,
    "known.get(image) ?? connections.run(() => markRefused",
    "connections.run(() => markRefused",
    [`${MAKING}/submit-job.test.ts`],
  ),
];
