import { at, breaks, type Mutation } from "./mutation.ts";

const ROOM = "workers/consumer/src/console";
const SRC = "workers/consumer/src";
const QUEUE_TESTS = "workers/consumer/test/queue";

/** What only operators ask of the queue, and what of it decides in the queue's transaction. */
export const CONSOLE: readonly Mutation[] = [
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
  ...at({ file: `${ROOM}/tables/failures.ts`, tests: [`${SRC}/ledger/views/troubles.test.ts`] }, [
    breaks("P13", "the overview tells why the oldest jobs failed", {
      find: "ORDER BY updated DESC LIMIT",
      replace: "ORDER BY updated LIMIT",
    }),
    breaks("P13", "the overview reads each failed job", {
      find: "newest ? NEWEST_MAX : COUNTED_MAX",
      replace: "COUNTED_MAX",
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
