import { relative, sep } from "node:path";
import type { Config } from "@prewarm/shared/config";
import { deployNames, jurisdictionsOf } from "@prewarm/shared/deploy";
import { type SecretReader, secretsOf } from "@prewarm/shared/secrets";
import type { Installation } from "@prewarm/wrangler-files/common";
import { FILES, wranglerFiles } from "@prewarm/wrangler-files/wrangler-files";
import type { Found } from "../site/installation.ts";

/** One of the two Workers in an environment. */
export interface WorkerTarget {
  role: SecretReader;
  /** Its wrangler file, from the site's folder. */
  file: string;
  name: string;
}

export interface BucketTarget {
  name: string;
  /** What wrangler needs to find it, beside its name: `--jurisdiction eu`. */
  flags: string[];
}

/** What an environment consists of, as the configuration says. */
export interface Target {
  env: string;
  /** The account's id, where the configuration says it. */
  account: string | undefined;
  consumer: WorkerTarget;
  edge: WorkerTarget;
  /** The bucket of variants. */
  store: BucketTarget;
  /** Buckets of originals. */
  originals: BucketTarget[];
  queues: string[];
  /** What the queues may not leave; undefined: nothing. */
  queueJurisdiction: string | undefined;
  /** Secrets by the Worker that needs them. */
  secrets: Record<"consumer" | "edge", { needed: string[]; possible: string[] }>;
}

export function targetOf(site: Config, env: string, found: Pick<Found, "folder" | "wranglerFolder" | "files">): Target {
  const settings = site.deploy[env] ?? {};
  const folder = relative(found.folder, found.wranglerFolder).split(sep);
  const names = deployNames(env, settings);
  const worker = (role: SecretReader): WorkerTarget => ({
    role,
    file: [...folder, FILES[role]].filter((part) => part !== "").join("/"),
    name: names[role],
  });
  const originals = Object.values(settings.buckets ?? {}).map((bucket) =>
    typeof bucket === "string" ? bucketTarget(bucket, undefined) : bucketTarget(bucket.name, bucket.jurisdiction),
  );
  return {
    env,
    account: settings.account,
    consumer: worker("consumer"),
    edge: worker("edge"),
    store: bucketTarget(names.bucket, jurisdictionsOf(settings).bucket),
    originals,
    queues: queuesOf(site, env, found.files),
    queueJurisdiction: jurisdictionsOf(settings).queues,
    secrets: secretsFor(site),
  };
}

/** Every queue that the consumer sends to or looks at: a queue that a version adds to its file is provisioned for that reason alone. */
function queuesOf(site: Config, env: string, files: Installation): string[] {
  const { env: stages = {} } = wranglerFiles(site, files).consumer as { env?: Record<string, ConsumerStage> };
  return stages[env]?.queues.producers.map(({ queue }) => queue) ?? [];
}

interface ConsumerStage {
  queues: { producers: { queue: string }[] };
}

function bucketTarget(name: string, jurisdiction: string | undefined): BucketTarget {
  return { name, flags: jurisdictionFlags(jurisdiction) };
}

/** wrangler's, of a bucket and of a queue. */
export function jurisdictionFlags(jurisdiction: string | undefined): string[] {
  return jurisdiction === undefined ? [] : ["--jurisdiction", jurisdiction];
}

function secretsFor(site: Config): Target["secrets"] {
  const all = secretsOf(site);
  const of = (reader: SecretReader) => {
    const read = all.filter(({ readers }) => readers.includes(reader));
    const names = (isNeeded: boolean) =>
      read.filter(({ need }) => (need !== null) === isNeeded).map(({ name }) => name);
    return { needed: names(true), possible: names(false) };
  };
  return { consumer: of("consumer"), edge: of("edge") };
}
