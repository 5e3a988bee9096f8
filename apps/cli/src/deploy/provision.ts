import type { Config } from "@prewarm/shared/config";
import { usageError } from "../platform/exit-codes.ts";
import { type Found, findBucket, findQueue, hasLifecycleRule, named, secretNames } from "./account.ts";
import type { Step } from "./plan.ts";
import { type Given, judgeSecrets, type SecretSources, secretValue, sourceOf } from "./secrets.ts";
import { type BucketTarget, jurisdictionFlags, type Target, type WorkerTarget } from "./target.ts";
import { must, type Wrangler } from "./wrangler.ts";

/** Four days: an outage over a long weekend loses no R2 event. */
const RETENTION_SECONDS = 345_600;
/** Markers of what cannot be made are good for a day at most. */
const MARKERS = { name: "markers", prefix: "dead/", days: 1 };
/** So are staged originals. */
const STAGED = { name: "staged", prefix: "staged/", days: 1 };

export interface Provisioning {
  wrangler: Wrangler;
  site: Config;
  sources: SecretSources;
}

type Present = Record<"consumer" | "edge", string[] | null>;

/** Everything that must be there before a Worker is deployed: buckets, their rule, queues, secrets. */
export async function planProvision(target: Target, deps: Provisioning): Promise<Step[]> {
  const { wrangler } = deps;
  const present = await presentSecrets(target, deps);
  // Buckets and queues of a Worker that exists are its own.
  const isNew = present.consumer === null;
  const given: Given = new Map();
  return Promise.all([
    storeStep(wrangler, target.store, isNew),
    ...target.originals.map((bucket) => originalsStep(wrangler, bucket)),
    ...[MARKERS, STAGED].map((rule) => lifecycleStep(wrangler, target.store, rule)),
    ...target.queues.map((queue) => queueStep(target, queue, wrangler, isNew)),
    ...[target.consumer, target.edge].map((worker) => secretStep(target, worker, { ...deps, present, known: given })),
  ]);
}

async function presentSecrets(target: Target, { wrangler, sources }: Provisioning): Promise<Present> {
  const { env, consumer, edge, secrets } = target;
  const isAsked =
    [
      ...secrets.edge.needed,
      ...secrets.edge.possible.filter((name) => sources.value(name) || sources.replaced.includes(name)),
    ].length > 0;
  const [ofConsumer, ofEdge] = await Promise.all([
    secretNames(wrangler, named(consumer.file, env)),
    isAsked ? secretNames(wrangler, named(edge.file, env)) : [],
  ]);
  return { consumer: ofConsumer, edge: ofEdge };
}

/** The variants' bucket. One with objects and without our rule may be another program's. */
async function storeStep(wrangler: Wrangler, bucket: BucketTarget, isNew: boolean): Promise<Step> {
  const found = await findBucket(wrangler, bucket);
  const isForeign =
    isNew && found !== null && found.uses > 0 && !(await hasLifecycleRule(wrangler, bucket, MARKERS.prefix));
  if (!isForeign) return bucketStep(wrangler, bucket, found);
  const objects = `${found.uses.toLocaleString("en")} ${found.uses === 1 ? "object" : "objects"}`;
  return adoption(`bucket ${bucket.name}`, bucket.name, `it holds ${objects}`, found);
}

/** The owner of a site names the buckets of its originals: they are full as a rule, and nothing is deleted from them. */
async function originalsStep(wrangler: Wrangler, bucket: BucketTarget): Promise<Step> {
  return bucketStep(wrangler, bucket, await findBucket(wrangler, bucket));
}

function bucketStep(wrangler: Wrangler, { name, flags }: BucketTarget, found: Found | null): Step {
  return {
    what: `bucket ${name}`,
    todo: found === null ? "create it" : null,
    async run() {
      await must(wrangler, { args: ["r2", "bucket", "create", name, ...flags] });
    },
  };
}

/** Nothing is done to it: the person agrees that it is used, and that `destroy` deletes it. */
function adoption(what: string, name: string, holds: string, { createdAt }: Found): Step {
  const todo = `use it, although ${holds} and was made on ${createdAt.slice(0, 10)}`;
  return { what, todo, adopts: name, run: async () => {} };
}

async function lifecycleStep(
  wrangler: Wrangler,
  bucket: BucketTarget,
  { name, prefix, days }: typeof MARKERS,
): Promise<Step> {
  return {
    what: `lifecycle rule ${prefix} of ${bucket.name}`,
    todo: (await hasLifecycleRule(wrangler, bucket, prefix)) ? null : `expire ${prefix} after ${days} day`,
    async run() {
      const rule = [bucket.name, name, prefix, "--expire-days", String(days), "--force", ...bucket.flags];
      await must(wrangler, { args: ["r2", "bucket", "lifecycle", "add", ...rule] });
    },
  };
}

async function queueStep(target: Target, queue: string, wrangler: Wrangler, isNew: boolean): Promise<Step> {
  const found = await findQueue(wrangler, queue);
  if (found !== null) checkPlace(target, queue, found.jurisdiction);
  if (isNew && found !== null && found.uses > 0) {
    const users = found.uses === 1 ? "a producer or consumer uses it" : `${found.uses} producers and consumers use it`;
    return adoption(`queue ${queue}`, queue, users, found);
  }
  return {
    what: `queue ${queue}`,
    todo: found === null ? `create it, keeping messages ${RETENTION_SECONDS / 86_400} days` : null,
    async run() {
      const kept = ["--message-retention-period-secs", String(RETENTION_SECONDS)];
      const flags = [...kept, ...jurisdictionFlags(target.queueJurisdiction)];
      await must(wrangler, { args: ["queues", "create", queue, ...flags] });
    },
  };
}

/** A queue keeps the jurisdiction that it was made with, and its dead letters must be in the same. */
function checkPlace({ env, queueJurisdiction }: Target, queue: string, jurisdiction: string | undefined): void {
  if (jurisdiction === queueJurisdiction) return;
  const has = jurisdiction === undefined ? "has no jurisdiction" : `is in the jurisdiction ${jurisdiction}`;
  throw usageError(
    `Queue ${queue} ${has}, and deploy.${env} wants ${queueJurisdiction ?? "none"}. A queue cannot move.`,
    `Write what it has, or another name (names), or delete it when it is empty: wrangler queues delete ${queue}`,
  );
}

/** What is set stays unless it is named: nobody can read whether it is the same. */
async function secretStep(
  target: Target,
  worker: WorkerTarget,
  { wrangler, site, sources, present, known }: Provisioning & { present: Present; known: Given },
): Promise<Step> {
  const missing = wantedSecrets(target, worker, sources, present).filter(
    (name) => sources.replaced.includes(name) || !present[worker.role]?.includes(name),
  );
  const other = worker.role === "consumer" ? present.edge : present.consumer;
  const isElsewhere = (name: string): boolean => other?.includes(name) === true;
  const todo = missing.map((name) => `${name} (${sourceOf(name, site, sources, isElsewhere(name))})`);
  return {
    what: `secrets of ${worker.name}`,
    todo: missing.length === 0 ? null : `set ${todo.join(", ")}`,
    async run() {
      const before = new Set(known.keys());
      const values: Record<string, string> = {};
      for (const name of missing)
        values[name] = await secretValue(name, site, sources, { known, isElsewhere: isElsewhere(name) });
      judgeSecrets(values, site);
      const at = named(worker.file, target.env);
      await must(wrangler, { args: ["secret", "bulk", ...at], stdin: JSON.stringify(values) });
      const shown = [...known].filter(([name, { isMade }]) => isMade && !before.has(name));
      if (shown.length > 0) sources.person?.show("Made here and shown this once: keep them where you keep passwords.");
      for (const [name, { text }] of shown) sources.person?.show(`  ${name}=${text}`);
    },
  };
}

/** A reader's token is optional, and made with the first secrets of a Worker. */
function wantedSecrets(
  { secrets }: Target,
  { role }: WorkerTarget,
  { value, person, replaced }: SecretSources,
  present: Present,
): string[] {
  const { needed, possible } = secrets[role];
  const isMade = (name: string): boolean => name === "VIEWER_TOKEN" && person !== null && present[role] === null;
  return [...needed, ...possible.filter((name) => value(name) || isMade(name) || replaced.includes(name))];
}
