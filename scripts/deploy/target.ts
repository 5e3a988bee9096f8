import { existsSync } from "node:fs";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import type { Config } from "../../packages/shared/src/config.ts";

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

/** What an environment consists of, as both wrangler files and the configuration say. */
export interface Target {
  env: string;
  consumer: WorkerTarget;
  edge: WorkerTarget;
  /** The bucket of variants. */
  store: BucketTarget;
  /** Buckets of originals. */
  originals: BucketTarget[];
  queues: string[];
  /** Secrets by the Worker that needs them. */
  secrets: Record<"consumer" | "edge", { needed: string[]; possible: string[] }>;
  /** Where the consumer and the edge answer; null: no file says. */
  addresses: { consumer: string | null; edge: string | null };
}

/** Reads it. Throws an Error that says what is wrong with a file. */
export function readTarget(folder: string, env: string, site: Config): Target {
  const [consumer, edge] = [read(folder, "consumer", env), read(folder, "edge", env)];
  const buckets = [...consumer.config.r2_buckets, ...edge.config.r2_buckets];
  const named = new Map(
    buckets.flatMap(({ binding, bucket_name: name = "", jurisdiction }) => {
      const bucket = { name, flags: jurisdiction ? ["--jurisdiction", jurisdiction] : [] };
      return name === "" ? [] : [[name, { binding, bucket }] as const];
    }),
  );
  const bucketsBy = (store: boolean): BucketTarget[] =>
    [...named.values()].filter(({ binding }) => (binding === "IMAGES_BUCKET") === store).map(({ bucket }) => bucket);
  const [store, ...others] = bucketsBy(true);
  if (store === undefined || others.length > 0)
    throw new Error("IMAGES_BUCKET must name one bucket, and the same in both wrangler files");
  const produced = [...(consumer.config.queues.producers ?? []), ...(edge.config.queues.producers ?? [])];
  const edgeUrl = consumer.config.vars.EDGE_URL;
  return {
    env,
    consumer: consumer.worker,
    edge: edge.worker,
    store,
    originals: bucketsBy(false),
    queues: [...new Set(produced.flatMap(({ queue }) => (queue === undefined ? [] : [queue])))],
    secrets: secretsFor(site),
    addresses: {
      consumer: hostOf(consumer.config.routes),
      edge: typeof edgeUrl === "string" && edgeUrl !== "" ? edgeUrl : hostOf(edge.config.routes),
    },
  };
}

function read(folder: string, role: "consumer" | "edge", env: string) {
  const file = `wrangler.${role}.toml`;
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`${file} is not there`);
  const { definedEnvironments = [] } = unstable_readConfig({ config: path }, { hideWarnings: true });
  if (!definedEnvironments.includes(env))
    throw new Error(`${file} has no [env.${env}], only ${definedEnvironments.join(", ") || "its top level"}`);
  const config = unstable_readConfig({ config: path, env }, { hideWarnings: true });
  const worker: WorkerTarget = { role, file, name: config.name ?? "" };
  return { config, worker };
}

/** Secrets of the consumer that are set where they are given. */
const OPTIONAL = ["VIEWER_TOKEN", "SIGNING_KEYS", "ANALYTICS_ACCOUNT_ID", "ANALYTICS_TOKEN"];

function secretsFor({ sources, hooks }: Config): Target["secrets"] {
  const ofHooks = Object.values(hooks).flatMap(({ verifier }) => verifier.secrets);
  const signing = sources.some((source) => "bucket" in source) ? ["SIGNING_KEYS"] : [];
  const consumer = [...new Set(["ITTYBIT_API_KEY", "ADMIN_TOKEN", ...ofHooks, ...signing])];
  const possible = (names: string[], needed: string[]): string[] => names.filter((name) => !needed.includes(name));
  return {
    consumer: { needed: consumer, possible: possible(OPTIONAL, consumer) },
    edge: { needed: signing, possible: possible(["SIGNING_KEYS"], signing) },
  };
}

/** The first host of its own that a Worker is routed to, as an address. */
function hostOf(routes: unknown): string | null {
  const [first] = [routes ?? []].flat();
  const pattern = typeof first === "string" ? first : (first as { pattern?: string } | undefined)?.pattern;
  const host = pattern?.split("/")[0] ?? "";
  return host === "" || host.includes("*") ? null : `https://${host}`;
}
