import {
  type Job,
  type JobQueue,
  type JobQueueOptions,
  type ObjectContext,
  openJobQueue,
  QueueTx,
  type Result,
} from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";

// A Worker in TypeScript of every check, and what a library might export of it: packages.test.ts compiles it.

class Quiet extends QueueTx {
  override lockedUntil(group: string): number {
    return group === "quiet" ? this.now + 60_000 : 0;
  }
}
const options: JobQueueOptions = { concurrency: 5, ratePerSecond: 10, Tx: Quiet };

export function open(ctx: ObjectContext): JobQueue {
  return openJobQueue(ctx, options, async ({ group, part, payload, idempotencyKey, signal }): Promise<Result> => {
    signal.throwIfAborted();
    if (payload === "")
      return { kind: "failed", failure: { code: "empty", message: `${group} ${part}` }, permanent: true };
    return idempotencyKey === "" ? { kind: "later", ms: 1_000 } : { kind: "done" };
  });
}

export function steer(queue: JobQueue): Job[] {
  queue.enqueue({ id: "batch", jobs: [{ group: "a", part: "1", payload: "x", at: Date.now() + 60_000 }] });
  // @ts-expect-error: a job has a part.
  queue.enqueue({ id: "batch", jobs: [{ group: "a" }] });
  // @ts-expect-error: jobs that are done are not listed.
  queue.jobs({ state: "done" });
  return queue.jobs({ state: "dead", group: "a" }).jobs;
}

export const sql = nodeSql();
