import type { Config } from "@prewarm/shared/config";
import { checkEnvironment } from "@prewarm/shared/environment-check";
import { hasBucket, hasLifecycleRule, hasQueue, named, secretNames } from "./account.ts";
import type { Step } from "./plan.ts";
import type { BucketTarget, Target, WorkerTarget } from "./target.ts";
import { must, type Wrangler } from "./wrangler.ts";

/** Four days: an outage over a long weekend loses no R2 event. */
const RETENTION_SECONDS = 345_600;
/** Markers of what cannot be made are good for a day at most. */
const MARKERS = { name: "markers", prefix: "dead/", days: 1 };

export interface Provisioning {
  wrangler: Wrangler;
  site: Config;
  /** A secret's value from our own environment. */
  value(name: string): string | undefined;
  /** Asks for one without showing what is typed; null: nobody can be asked. */
  askSecret: ((name: string) => Promise<string>) | null;
}

/** Everything that must be there before a Worker is deployed: buckets, their rule, queues, secrets. */
export async function planProvision(target: Target, deps: Provisioning): Promise<Step[]> {
  const { wrangler } = deps;
  const buckets = [target.store, ...target.originals];
  return Promise.all([
    ...buckets.map((bucket) => bucketStep(wrangler, bucket)),
    lifecycleStep(wrangler, target.store),
    ...target.queues.map((queue) => queueStep(wrangler, queue)),
    ...[target.consumer, target.edge].map((worker) => secretStep(target, worker, deps)),
  ]);
}

async function bucketStep(wrangler: Wrangler, bucket: BucketTarget): Promise<Step> {
  return {
    what: `bucket ${bucket.name}`,
    todo: (await hasBucket(wrangler, bucket)) ? null : "create it",
    async run() {
      await must(wrangler, { args: ["r2", "bucket", "create", bucket.name, ...bucket.flags] });
    },
  };
}

async function lifecycleStep(wrangler: Wrangler, bucket: BucketTarget): Promise<Step> {
  const { name, prefix, days } = MARKERS;
  return {
    what: `lifecycle rule of ${bucket.name}`,
    todo: (await hasLifecycleRule(wrangler, bucket, prefix)) ? null : `expire ${prefix} after ${days} day`,
    async run() {
      const rule = [bucket.name, name, prefix, "--expire-days", String(days), "--force", ...bucket.flags];
      await must(wrangler, { args: ["r2", "bucket", "lifecycle", "add", ...rule] });
    },
  };
}

async function queueStep(wrangler: Wrangler, queue: string): Promise<Step> {
  return {
    what: `queue ${queue}`,
    todo: (await hasQueue(wrangler, queue)) ? null : `create it, keeping messages ${RETENTION_SECONDS / 86_400} days`,
    async run() {
      const kept = ["--message-retention-period-secs", String(RETENTION_SECONDS)];
      await must(wrangler, { args: ["queues", "create", queue, ...kept] });
    },
  };
}

/** What is set stays: nobody can read whether it is the same. */
async function secretStep(target: Target, worker: WorkerTarget, deps: Provisioning): Promise<Step> {
  const at = named(worker.file, target.env);
  const { needed, possible } = target.secrets[worker.role];
  const wanted = [...needed, ...possible.filter((name) => deps.value(name))];
  const present = wanted.length === 0 ? [] : ((await secretNames(deps.wrangler, at)) ?? []);
  const missing = wanted.filter((name) => !present.includes(name));
  const todo = missing.map((name) => `${name} (${deps.value(name) ? "from the environment" : "will be asked for"})`);
  return {
    what: `secrets of ${worker.name}`,
    todo: missing.length === 0 ? null : `set ${todo.join(", ")}`,
    async run() {
      const values: Record<string, string> = {};
      for (const name of missing) values[name] = await secretValue(name, deps);
      judge(values, deps.site);
      await must(deps.wrangler, { args: ["secret", "bulk", ...at], stdin: JSON.stringify(values) });
    },
  };
}

async function secretValue(name: string, { value, askSecret }: Provisioning): Promise<string> {
  const given = value(name) ?? "";
  if (given !== "") return given;
  const typed = askSecret === null ? "" : (await askSecret(name)).trim();
  if (typed === "") throw new Error(`${name} is not given: set it in the environment, or type it when asked.`);
  return typed;
}

/** Refuses what /readyz would call a fault once it is deployed. */
function judge(values: Record<string, string>, site: Config): void {
  const given = { value: (name: string) => values[name], hasBucket: () => true };
  const faults = checkEnvironment(site, [], given).filter((fault) => values[fault.split(":")[0] ?? ""] !== undefined);
  if (faults.length > 0) throw new Error(faults.join("\n"));
}
