import type { Mutation } from "./promises.ts";

const SCHEMA = "packages/durable-queue/src/schema";
const TROUBLES = "workers/consumer/src/api/troubles.test.ts";
const VIEWS = "workers/consumer/src/ledger/views";

const of = (breaks: string, file: string, find: string, replace: string, tests: string[]): Mutation => {
  return { promise: "P13", breaks, file, find, replace, tests };
};

/* What operators watch: cheap, and true. */
export const WATCH: Mutation[] = [
  of(
    "failures of more than an hour ago are kept",
    `${SCHEMA}/recent-failures.ts`,
    "Number(at) > now - KEPT_MS",
    "true",
    [`${VIEWS}/troubles.test.ts`],
  ),
  of(
    "a failed row that is gone is still counted",
    `${SCHEMA}/tx.ts`,
    "FAILED_COUNTS.has(before.state)) this.kept.failed.changed();",
    "FAILED_COUNTS.has(before.state)) void 0;",
    [`${VIEWS}/causes.test.ts`],
  ),
  of(
    "an action counts what a view counted some seconds ago",
    `${SCHEMA}/failed-rows.ts`,
    "(view && now - kept.at < youngEnough(kept))",
    "now - kept.at < youngEnough(kept)",
    [`${VIEWS}/causes.test.ts`],
  ),
  of(
    "an acknowledged trouble is quiet with another cause, too",
    `${VIEWS}/acknowledged.ts`,
    "cause !== known.cause",
    "false",
    [TROUBLES],
  ),
  of(
    "an acknowledged trouble may grow without end",
    `${VIEWS}/acknowledged.ts`,
    "size > GROWTH * known.size + GROWTH_FREE",
    "false",
    [TROUBLES],
  ),
  of(
    "an acknowledged trouble is quiet in another folder, too",
    `${VIEWS}/acknowledged.ts`,
    "prefix.startsWith(known.prefix)",
    "true",
    [TROUBLES],
  ),
  of(
    "what was acknowledged is never forgotten",
    "workers/consumer/src/ledger/acknowledge.ts",
    "if (gone.length === 0) return;",
    "return;",
    [TROUBLES],
  ),
  of(
    "a trouble is acknowledged with a cause that nobody saw",
    "workers/consumer/src/ledger/acknowledge.ts",
    "if (seen !== null && seen !== cause)",
    'if (seen === "")',
    [TROUBLES],
  ),
  of(
    "an acknowledged trouble is still the headline",
    "workers/consumer/src/api/health-sentence.ts",
    "warnings.filter(({ acknowledged }) => acknowledged === null)",
    "warnings",
    [TROUBLES],
  ),
  of(
    "an answer never counts as unchanged",
    "workers/consumer/src/api/revalidate.ts",
    "weak(tag) === weak(etag)",
    "false",
    ["workers/consumer/src/api/revalidate.test.ts"],
  ),
  of(
    "a receipt continues sums that a caller wrote",
    "workers/consumer/src/api/receipts.ts",
    "if (await isSigned(text, signature, deps)) {",
    'if (text !== "") {',
    ["workers/consumer/src/api/receipts.test.ts"],
  ),
  of(
    "a receipt is complete although nobody looked for some variants",
    "workers/consumer/src/api/receipts.ts",
    "complete: isDone && inStore === ordered,",
    "complete: isDone && inStore === checked,",
    ["workers/consumer/src/api/receipts.test.ts"],
  ),
  of(
    "a purged variant counts as lost",
    `${VIEWS}/ordered.ts`,
    "tx.images.get(encodedIdOfKey(key)).purged > gen",
    "false",
    ["workers/consumer/src/api/receipts.test.ts"],
  ),
];
