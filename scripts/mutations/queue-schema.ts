import { at, breaks, type Mutation } from "./mutation.ts";

const QUEUE = "packages/durable-queue/src";
const QUEUE_TESTS = "packages/durable-queue/test";
const SIMULATED = "workers/consumer/test/queue";
const WORLD = "test/world";
const CONSUMER = "workers/consumer/src";
const INDEXES = [`${SIMULATED}/storage-doc.test.ts`, `${SIMULATED}/budget.test.ts`];

/** The queue's tables: rows, claims, counters, copies and migrations. */
export const QUEUE_SCHEMA: readonly Mutation[] = [
  ...at({ file: `${QUEUE}/tables/aged.ts`, tests: [`${SIMULATED}/prune.test.ts`] }, [
    breaks("P17", "a small table keeps more than it may", {
      find: "(aged < ?1 OR nth > ?2) LIMIT ?3",
      replace: "(aged < ?1 OR ?2 < 0) LIMIT ?3",
    }),
  ]),
  ...at({ file: `${QUEUE}/job-key.ts`, tests: [`${QUEUE_TESTS}/run-jobs.test.ts`] }, [
    breaks("P2", "group and part are joined, so that two jobs may have one key", {
      find: "`${group.length}:${group}${part}`",
      replace: "`${group}/${part}`",
    }),
  ]),
  ...at({ file: `${QUEUE}/intake/accept.ts`, tests: [`${QUEUE_TESTS}/run-jobs.test.ts`] }, [
    breaks("P2", "a key that SQLite cannot keep is accepted, and becomes another one", {
      find: "  for (const key of keys) checkKey(key);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${QUEUE}/tables/claim.ts`, tests: [`${QUEUE_TESTS}/explorer.test.ts`] }, [
    breaks("P2", "admissions are not written", {
      find: 'return state !== "prefetched" || kept;',
      replace: 'return state === "abandoned" || kept;',
    }),
    breaks("P8", "after an eviction the next owner of an orphaned claim counts as the first one", {
      find: "first: owner !== null && int(raw.first) === 1,",
      replace: "first: int(raw.first) === 1,",
      tests: [`${QUEUE_TESTS}/claims.test.ts`],
    }),
    breaks("P17", "an eviction forgets since when a result could not be fetched", {
      find: "unfetchedSince: intOrNull(raw.unfetched_since)",
      replace: "unfetchedSince: null",
      tests: [`${SIMULATED}/unfetched.test.ts`],
    }),
    breaks("P8", "I4: a slow job that was given up loses its slot", {
      find: "return externalId === null && until < now;",
      replace: "return until < now;",
      tests: [],
      histories: { rule: "slowslot", favourites: ["slowAndForced"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/memory/claims.ts`, tests: [`${QUEUE_TESTS}/claims.test.ts`] }, [
    breaks("P2", "an orphaned claim that was assigned is assigned again", {
      find: "    claim.owner = owner;\n",
      replace: "",
      tests: [`${QUEUE_TESTS}/explorer.test.ts`],
    }),
    breaks("P2", "an eviction forgets the job of an orphaned claim", {
      find: "foundByPoller: false, due });\n    this.note(claim);",
      replace: "foundByPoller: false, due });",
    }),
    breaks("P17", "a handler that leaves within seconds has a row", { find: "if (brief) continue;", replace: "" }),
    breaks("P11", "the claims of a runner that died stay with it", {
      find: "for (const claim of owner.claims.values()) this.orphan(claim);",
      replace: "",
      tests: [`${QUEUE_TESTS}/explorer.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/memory/counters.ts`, tests: [`${CONSUMER}/doctor/run-doctor.test.ts`] }, [
    breaks("S4", "a count below 0 is shown", { find: "return Math.max(0, n);", replace: "return n;" }),
  ]),
  ...at({ file: `${QUEUE}/memory/memory.ts` }, [
    breaks("P8", "I4: after an eviction every admitted job counts as ended", {
      find: "return this.observed.has(gen);",
      replace: "return this.observed.has(gen) || gen < this.startedAt * 1000;",
      histories: { rule: "freshslots", favourites: ["evict", "accept"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/tables/schema.ts`, tests: ["workers/consumer/test/releases/next-version.test.ts"] }, [
    breaks("P1", "a rollback forgets how far the tables are: the next upgrade migrates them twice", {
      find: "if (version >= migrations.length) return false;",
      replace: "if (version === migrations.length) return false;",
    }),
  ]),
  ...at({ file: `${QUEUE}/memory/memory.ts`, tests: [`${SIMULATED}/leases.test.ts`] }, [
    breaks("P11", "after an eviction numbers are given again", {
      find: "    this.#last = this.#ceiling + Math.floor(random() * APART_US);\n",
      replace: "    this.#last = 0;\n",
    }),
    breaks("P11", "two instances that stand on one copy give the same numbers", {
      find: " + Math.floor(random() * APART_US);",
      replace: ";",
      tests: [`${WORLD}/restore.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/tables/due.ts`, tests: [`${SIMULATED}/lines.test.ts`] }, [
    breaks("P9", "the jobs of one call go in any order", {
      find: "AND due <= ? ORDER BY due, gen LIMIT +?",
      replace: "AND due <= ? ORDER BY due, id LIMIT +?",
    }),
    breaks("P17", "each call reads all jobs of a lane to find its runs", {
      find: "lane = ?1 AND run > ${from} ORDER BY run LIMIT 1",
      replace: "lane = ?1 AND run > ${from} ORDER BY run, part LIMIT 1",
      tests: [`${SIMULATED}/query-plans.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/tx/runs.ts`, tests: [`${SIMULATED}/query-plans.test.ts`] }, [
    breaks("P17", "each alarm reads all runs of a month", {
      find: "FROM runs WHERE ${CANCELS} ORDER BY",
      replace: "FROM runs WHERE cancel_cursor <> 0 ORDER BY",
    }),
  ]),
  ...at({ file: `${QUEUE}/tx/rows.ts`, tests: [`${SIMULATED}/lines.test.ts`] }, [
    breaks("P2", "a key takes the place that another key has", {
      find: "    while (this.#isTaken(id)) id += 1;\n",
      replace: "",
    }),
    breaks("P10", "a cancel of a run ends after its first slice", {
      find: "found.length < most ? Number.MAX_SAFE_INTEGER",
      replace: "found.length <= most ? Number.MAX_SAFE_INTEGER",
      tests: [`${SIMULATED}/accept.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/tables/row.ts`, tests: [`${SIMULATED}/lines.test.ts`] }, [
    breaks("P1", "a new job is due at no time", {
      find: "floor: 0, due: now,",
      replace: "floor: 0, due: null,",
      histories: { rule: "nodue", favourites: ["accept", "cancelRun", "race"] },
    }),
  ]),
  ...at({ file: `${QUEUE}/tx/runs.ts`, tests: [`${CONSUMER}/api/hook-day.test.ts`] }, [
    breaks("L13", "an upload told again is free", {
      find: "run.accepted + run.duplicates - run.existing",
      replace: "run.accepted - run.existing",
    }),
    breaks("L13", "what R2 had already counts as ordered", {
      find: "run.accepted + run.duplicates - run.existing",
      replace: "run.accepted + run.duplicates",
    }),
  ]),
  ...at({ file: `${QUEUE}/tables/schema.ts`, tests: INDEXES }, [
    breaks("P17", "one more index", {
      find: "  `CREATE TABLE owners",
      replace: "  `CREATE INDEX jobs_lane ON jobs (lane, state)`,\n  `CREATE TABLE owners",
    }),
  ]),
  ...at({ file: `${QUEUE}/tables/sql.ts`, tests: [`${SIMULATED}/accept.test.ts`] }, [
    breaks("P11", "all rows of a call go into one value, whatever its size", {
      find: "some.length > 0 && chars + next.length > CHARS_AT_ONCE",
      replace: "some.length < 0",
      tests: [`${QUEUE_TESTS}/run-jobs.test.ts`],
    }),
  ]),
  ...at({ file: `${QUEUE}/tx/queue-tx.ts`, tests: ["workers/consumer/test/promises/counters.test.ts"] }, [
    breaks("P13", "a change of lane is not counted", {
      find: "if (before?.state !== counted || before?.lane !== row.lane) {",
      replace: "if (before?.state !== counted) {",
      histories: { rule: "uncounted" },
    }),
    breaks("P13", "I8: a run does not count what became of its members", {
      find: "this.runs.move(run, before.state, to);",
      replace: "this.runs.move(run, null, to);",
      tests: [`${SIMULATED}/accept.test.ts`],
      histories: { rule: "runstate" },
    }),
    breaks("P13", "a purged row stays counted", {
      find: "if (before !== null) addCount(",
      replace: "if (before !== null && after !== null) addCount(",
    }),
    breaks("P13", "jobs that were admitted in earlier calls count no more", {
      find: "const sum = usedIn(this.#counters.used, period);",
      replace: "const sum = usedIn({}, period);",
      tests: [`${SIMULATED}/budget-use.test.ts`],
    }),
    breaks("P13", "a failed row that is gone is still counted", {
      find: "if (![before?.state, counted].some(isFailed)) return false;",
      replace: "if (!isFailed(counted)) return false;",
      tests: [`${CONSUMER}/ledger/views/causes.test.ts`],
    }),
    breaks("P13", "a job that fails again counts with what it failed of before", {
      find: " || before.attempts !== row.attempts || before.error !== row.error;",
      replace: ";",
      tests: [`${CONSUMER}/ledger/views/causes.test.ts`],
    }),
  ]),
];
