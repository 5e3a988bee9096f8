import type { Mutation } from "./promises.ts";

const LEDGER = "workers/consumer/src/ledger";
const QUEUE_TESTS = "workers/consumer/test/queue";

const IMAGES = "workers/consumer/src/images";
const QUEUE = "packages/durable-queue/src";

const SRC = "workers/consumer/src";

/** What audits found in production's weather: each answer taken back by one line. */ const NEXT_VERSION =
  "workers/consumer/test/releases/next-version.test.ts";

export const WEATHER: Mutation[] = [
  {
    promise: "P11",
    breaks: "the doctor deletes what was stored since it asked R2",
    file: `${IMAGES}/reconcile.ts`,
    find: "if (isBeingRemade(tx.sql, encodedIdOfKey(key)) || mayBeNewer(tx, key, at)) return false;",
    replace: "if (isBeingRemade(tx.sql, encodedIdOfKey(key))) return false;",
    tests: [`${SRC}/doctor/run-doctor.test.ts`],
  },
  {
    promise: "P8",
    breaks: "the edge is not told that a lane is open again while nothing waits",
    file: `${LEDGER}/follow-ups.ts`,
    find: "opens !== null && isToldClosed(tx) ? opens : null,",
    replace: "null,",
    tests: [`${LEDGER}/gate-file.test.ts`],
  },
  {
    promise: "P16",
    breaks: "a new original leaves the markers of the older one",
    file: `${SRC}/store/sweep-image.ts`,
    find: '  if (kind === "remake" && pass === 1) await deleteWhere(bucket, markers, () => true);\n',
    replace: "",
    tests: [`${SRC}/ledger-deps.workerd.test.ts`],
  },
  {
    promise: "P3",
    breaks: "the result of another variant's job is stored",
    file: `${SRC}/making/finish-job.ts`,
    find: "  if (isAnothers(job, { ledger: context.ledgerId, gen: String(gen), key })) return ofAnother(job.id);\n",
    replace: "",
    tests: [`${SRC}/making/finish-job.test.ts`],
  },
  {
    promise: "P3",
    breaks: "the fresh URL of another variant's job is fetched",
    file: `${SRC}/making/fetch-result.ts`,
    find: "if (shown === null || isAnothers(shown, { ledger: context.ledgerId, gen: String(gen), key })) return first;",
    replace: "if (shown === null) return first;",
    tests: [`${SRC}/making/finish-job.test.ts`],
  },
  {
    promise: "P17",
    breaks: "a table keeps more than it may",
    file: `${QUEUE}/operate/prune.ts`,
    find: "Math.min(rule.ms, round.keep[name] ?? rule.ms)",
    replace: "rule.ms",
    tests: [`${QUEUE_TESTS}/prune.test.ts`],
  },
  {
    promise: "P17",
    breaks: "a small table keeps more than it may",
    file: `${QUEUE}/schema/aged.ts`,
    find: "(aged < ?1 OR nth > ?2) LIMIT ?3",
    replace: "(aged < ?1 OR ?2 < 0) LIMIT ?3",
    tests: [`${QUEUE_TESTS}/prune.test.ts`],
  },
  {
    promise: "P17",
    breaks: "a nearly full ledger takes new bulk",
    file: `${QUEUE}/intake/accept-chunk.ts`,
    find: 'run.lane === "bulk" && tx.sql.bytes > LEDGER_FULL_BYTES',
    replace: 'run.lane === "live" && tx.sql.bytes > LEDGER_FULL_BYTES',
    tests: [`${QUEUE_TESTS}/prune.test.ts`],
  },
  {
    promise: "P1",
    breaks: "a copy that misses rows takes the ledger's place",
    file: `${QUEUE}/schema/copy.ts`,
    find: "if (head === undefined || int(head.rows) !== rows) return null;",
    replace: "if (head === undefined) return null;",
    tests: [`${SRC}/api/ledger.test.ts`],
  },
  {
    promise: "P1",
    breaks: "a copy of an earlier version is not brought to the present tables",
    file: `${QUEUE}/schema/copy.ts`,
    find: "  bringUp(sql, tables);\n",
    replace: "",
    tests: [NEXT_VERSION],
  },
  {
    promise: "P16",
    breaks: "the purges that 0.1.0 had begun are forgotten by an upgrade",
    file: `${QUEUE}/schema/migrate.ts`,
    find: "  moveRows(sql);\n",
    replace: "",
    tests: ["workers/consumer/test/releases/sweeps.test.ts"],
  },
  {
    promise: "P1",
    breaks: "a copy of an earlier version is refused",
    file: `${QUEUE}/schema/copy.ts`,
    find: "version >= 1 && version <= migrations.length",
    replace: "version < 1",
    tests: [NEXT_VERSION],
  },
  {
    promise: "P1",
    breaks: "older code on newer tables cannot take back its own copy",
    file: `${QUEUE}/schema/copy.ts`,
    find: "if (version === schemaVersion(sql)) {",
    replace: "if (version === schemaVersion(sql) && version <= migrations.length) {",
    tests: [NEXT_VERSION],
  },
  {
    promise: "P1",
    breaks: "a rollback forgets how far the tables are: the next upgrade migrates them twice",
    file: `${QUEUE}/schema/migrate.ts`,
    find: "if (version >= migrations.length) return false;",
    replace: "if (version === migrations.length) return false;",
    tests: [NEXT_VERSION],
  },
];
