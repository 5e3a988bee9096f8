import { findBucket, findQueue, named, secretNames } from "./account.ts";
import type { Step } from "./plan.ts";
import type { Target, WorkerTarget } from "./target.ts";
import { must, type Wrangler } from "./wrangler.ts";

/** Takes an environment away: the edge before what it needs. Buckets of originals are not ours and stay. */
export async function planDestroy(target: Target, wrangler: Wrangler): Promise<Step[]> {
  return [
    await workerStep(target, target.edge, "delete it", wrangler),
    await workerStep(
      target,
      target.consumer,
      "delete it, and with it the ledger: what is owed, runs, dead letters, the audit",
      wrangler,
    ),
    ...(await Promise.all(target.queues.map((queue) => queueStep(queue, wrangler)))),
    {
      what: `bucket ${target.store.name}`,
      todo:
        (await findBucket(wrangler, target.store)) === null
          ? null
          : "delete it; it must be empty: a lifecycle rule, or the dashboard, empties a large one",
      async run() {
        await must(wrangler, { args: ["r2", "bucket", "delete", target.store.name, ...target.store.flags] });
      },
    },
  ];
}

async function workerStep(target: Target, worker: WorkerTarget, todo: string, wrangler: Wrangler): Promise<Step> {
  const at = named(worker.file, target.env);
  return {
    what: `Worker ${worker.name}`,
    todo: (await secretNames(wrangler, at)) === null ? null : todo,
    async run() {
      await must(wrangler, { args: ["delete", ...at, "--force"] });
    },
  };
}

async function queueStep(queue: string, wrangler: Wrangler): Promise<Step> {
  return {
    what: `queue ${queue}`,
    todo: (await findQueue(wrangler, queue)) === null ? null : "delete it and its messages",
    async run() {
      await must(wrangler, { args: ["queues", "delete", queue] });
    },
  };
}
