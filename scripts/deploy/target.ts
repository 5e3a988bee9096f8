import { FILES } from "@prewarm/wrangler-files/wrangler-files";
import { type Config, secretNames } from "../../packages/shared/src/config.ts";
import { addressOf, deployNames, edgeUrlOf, jurisdictionsOf } from "../../packages/shared/src/deploy.ts";

/** One of the two Workers in an environment. */
export interface WorkerTarget {
  role: "consumer" | "edge";
  /** Its wrangler file. */
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
  /** Secrets by the Worker that needs them. */
  secrets: Record<"consumer" | "edge", { needed: string[]; possible: string[] }>;
  /** Where the consumer and the edge answer; null: the configuration does not say. */
  addresses: { consumer: string | null; edge: string | null };
}

/** Throws an Error where the configuration names no such environment. */
export function targetOf(site: Config, env: string): Target {
  const settings = site.deploy[env];
  if (settings === undefined)
    throw new Error(
      `deploy in prewarm.config.ts has no ${env}, only ${Object.keys(site.deploy).join(", ") || "nothing"}`,
    );
  const names = deployNames(env, settings);
  const worker = (role: "consumer" | "edge"): WorkerTarget => ({ role, file: FILES[role], name: names[role] });
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
    queues: [names.live, names.work, names.uploads, names.dead],
    secrets: secretsFor(site),
    addresses: { consumer: addressOf(settings.control), edge: edgeUrlOf(settings) },
  };
}

function bucketTarget(name: string, jurisdiction: string | undefined): BucketTarget {
  return { name, flags: jurisdiction === undefined ? [] : ["--jurisdiction", jurisdiction] };
}

/** Secrets of the consumer that are set where they are given. */
const OPTIONAL = ["VIEWER_TOKEN", "SIGNING_KEYS", "ANALYTICS_ACCOUNT_ID", "ANALYTICS_TOKEN"];

function secretsFor({ sources, hooks, legacy }: Config): Target["secrets"] {
  const ofHooks = Object.values(hooks).flatMap(({ verifier }) => secretNames(verifier));
  const signing = sources.some((source) => "bucket" in source) ? ["SIGNING_KEYS"] : [];
  const consumer = [...new Set(["ITTYBIT_API_KEY", "ADMIN_TOKEN", ...ofHooks, ...signing])];
  const edge = [...new Set([...signing, ...legacy.flatMap(({ secrets }) => secrets)])];
  const possible = (names: string[], needed: string[]): string[] => names.filter((name) => !needed.includes(name));
  return {
    consumer: { needed: consumer, possible: possible(OPTIONAL, consumer) },
    edge: { needed: edge, possible: possible(["SIGNING_KEYS"], edge) },
  };
}
