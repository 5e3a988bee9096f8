import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/console";
const SRC = "workers/consumer/src";
const VIEWS = `${SRC}/ledger/views`;
const QUEUE_TESTS = "workers/consumer/test/queue";

/** What only operators read of the queue, and what of it decides in the queue's transaction. */
export const CONSOLE: readonly Mutation[] = [
  ...at({ file: `${ROOM}/statistics.ts`, tests: [`${VIEWS}/costs.test.ts`] }, [
    breaks("P13", "a refund stays a cost", {
      find: 'event.kind === "refunded" ? -1 : 1',
      replace: 'event.kind === "refunded" ? 0 : 1',
    }),
    breaks("P13", "an image costs nothing for its failed attempts", {
      find: "const paid = failed.length + (isPaid ? 1 : 0);",
      replace: "const paid = failed.length * 0 + (isPaid ? 1 : 0);",
    }),
    breaks("P13", "the time left counts a pause as work", {
      find: "    this.#doc.work.hold(now, allClosedUntil(this.#tx), quantileMs(gateNow, 0.5));\n",
      replace: "",
      tests: [`${VIEWS}/pace.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/statistics.ts`, tests: [`${VIEWS}/pace.test.ts`] }, [
    breaks("P13", "the pace of work that has just come is that of the time before", {
      find: "    if (begins) for (const slice of Object.values(state.minutes)) slice.work = { ended: 0, ms: 0 };\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/tables/costs.ts`, tests: [`${ROOM}/tables/costs.test.ts`] }, [
    breaks("P13", "a folder too many is forgotten", {
      find: "addPlace(day, known, cost);",
      replace: "if (!isFull) addPlace(day, known, cost);",
    }),
  ]),
  ...at({ file: `${ROOM}/tables/recent.ts`, tests: [`${QUEUE_TESTS}/recent.test.ts`] }, [
    breaks("P17", "the row of stored jobs grows with the length of their ids", {
      find: "AND length(body) + length(?2) <=",
      replace: "AND 0 <=",
    }),
    breaks("P17", "the list of stored jobs grows with the jobs of a day", {
      find: "DELETE FROM recent WHERE n <= (SELECT max(n) FROM recent) - ?",
      replace: "DELETE FROM recent WHERE n <= 0 * ?",
    }),
    breaks("N5", "a look at an image reads everything that was stored", {
      find: '"SELECT n, at, body FROM recent ORDER BY n DESC LIMIT ?1"',
      replace: '"SELECT n, at, body FROM recent ORDER BY n DESC LIMIT ?1 * 1000"',
      tests: [`${QUEUE_TESTS}/rows-of-a-day.test.ts`],
    }),
  ]),
  ...at({ file: `${ROOM}/work-time.ts`, tests: [`${VIEWS}/pace.test.ts`] }, [
    breaks("P13", "the pace sinks while nobody looks for an end", {
      find: "const ms = work.reduce((sum, one) => sum + one.ms, 0);",
      replace: "const ms = work.reduce((sum, one) => sum + one.ms, silentMs);",
    }),
    breaks("P13", "a pace of long ago counts for ever", {
      find: "if (silentMs > (longest > TIERS_MS.minute ? 2 * longest : SILENT_MS)) return null;",
      replace: "if (silentMs > Number.POSITIVE_INFINITY + longest) return null;",
    }),
    breaks("P13", "the time left jumps with each ten seconds", {
      find: "const SPAN_MIN_MS = 120_000;",
      replace: "const SPAN_MIN_MS = 10_000;",
    }),
    breaks("P13", "viewers' few jobs are the pace of a lane that was paused", {
      find: "    if (this.#isHeld(now)) return null;\n",
      replace: "    if (this.#isHeld(Number.NaN)) return null;\n",
    }),
    breaks("P13", "the hold is left out where its jobs end, and their absence counts", {
      find: "    this.#lagMs = jobMs;\n",
      replace: "    this.#lagMs = 0 * jobMs;\n",
      tests: [`${ROOM}/work-time.test.ts`],
    }),
    breaks("P13", "the time of an eviction counts as work", {
      find: "  constructor(now: number) {\n    this.#at = now;",
      replace: "  constructor(now: number) {\n    this.#at = 0 * now;",
    }),
  ]),
  ...at({ file: `${ROOM}/failed-rows.ts`, tests: [`${SRC}/ledger/views/causes.test.ts`] }, [
    breaks("P13", "an action counts what a view counted some seconds ago", {
      find: "(view && now - kept.at < youngEnough(kept))",
      replace: "now - kept.at < youngEnough(kept)",
    }),
  ]),
  ...at({ file: `${ROOM}/finish-delivery.ts`, tests: [`${SRC}/api/runs-and-images.test.ts`] }, [
    breaks("L6", "what a request was refused is not kept with its run", {
      find: "  noteRejected(tx, run.id, rejected);\n",
      replace: "",
    }),
  ]),
  ...at({ file: `${ROOM}/tables/failures.ts`, tests: [`${SRC}/ledger/troubles/failures.test.ts`] }, [
    breaks("P13", "the overview tells why the oldest jobs failed", {
      find: "ORDER BY updated DESC LIMIT",
      replace: "ORDER BY updated LIMIT",
    }),
    breaks("P13", "the overview reads each failed job", {
      find: "countFailures(sql, { state, now, most })",
      replace: "countFailures(sql, { state, now, most: COUNTED_MAX })",
      tests: [`${QUEUE_TESTS}/rows-read.test.ts`],
    }),
  ]),
  ...at({ file: `${SRC}/images/accept-images.ts`, tests: [`${SRC}/hooks/receive-hook.test.ts`] }, [
    breaks("L6", "what a delivery of one chunk was refused is not kept with its run", {
      find: 'if (chunk.finish !== undefined && answer.status === "done")',
      replace: 'if (chunk.finish?.hash === "")',
    }),
  ]),
  ...at({ file: `${SRC}/images/image-tx.ts`, tests: [`${ROOM}/actions.test.ts`] }, [
    breaks("P10", "a slow cancel takes what was ordered after it under a clock that went back", {
      find: "Math.max(at, this.#newestCancel + 1)",
      replace: "at",
    }),
  ]),
  ...at({ file: `${SRC}/ledger/ledger.ts`, tests: [`${QUEUE_TESTS}/on-alarm.test.ts`] }, [
    breaks("P1", "what an action has just ordered waits for the next alarm", {
      find: "if (this.transactions.read(isSliceDue)) this.change(actionSlice);",
      replace: "if (this.transactions.read(isSliceDue)) this.note(actionSlice);",
    }),
  ]),
  ...at({ file: `${SRC}/ledger/follow-ups.ts`, tests: [`${QUEUE_TESTS}/engine.test.ts`] }, [
    breaks("P10", "an action that waits for its next slice sets no alarm", {
      find: "    nextSliceAt(tx.sql),\n",
      replace: "",
    }),
  ]),
];
