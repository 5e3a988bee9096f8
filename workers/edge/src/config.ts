import { systemClock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { secretList, signingKeys, withDefaultUrl } from "@prewarm/shared/environment";
import { TOKEN_MIN_CHARS } from "@prewarm/shared/limits";
import { printableJson } from "@prewarm/shared/printable";
import type { EdgeCache, ObjectStore, ViewSink } from "./bindings.ts";
import { createChangesReader, HELD_MS } from "./changes.ts";
import { createLiveGate } from "./miss/gate.ts";
import { createRecentMisses } from "./miss/recent-misses.ts";
import { createTargetCache } from "./request/target-cache.ts";
import type { Edge, Log } from "./request-context.ts";

/** The local stack's simulated R2, cache and queue share a processor with all else that runs there. */
const LOCAL_BUDGET_MS = 30_000;
/** What a person at this machine has changed is seen soon. */
const LOCAL_HELD_MS = 500;

/** Generated bindings, and what may be there besides: secrets, variables, and the buckets that sources name. */
export type Env = Omit<EdgeEnv, "VERSION" | "CONSUMER"> & {
  CONSUMER: Edge["consumer"];
  /** Which code runs; the local stack has none. */
  VERSION?: WorkerVersionMetadata;
  /** Comma-separated keys. Unset: nothing can be signed. */
  SIGNING_KEYS?: string;
  /** `true` only in the local stack: signing keys may be short, and nothing is given up because the machine is busy. */
  LOCAL?: string;
  /** URL template that takes the place of the source with prefix `""`; the local stack's. */
  ORIGINALS_URL?: string;
  /** A dataset of Analytics Engine; unbound: views are not counted. */
  VIEWS?: ViewSink;
};

/** Makes everything the edge works with from the site's configuration and the Worker's environment. */
export function edgeOf(site: Config, env: Env, cache: EdgeCache, write: (line: string) => void = console.log): Edge {
  const log = logOf(env, write);
  return {
    config: withEnvironment(site, env),
    keys: keysOf(env, log),
    cache,
    images: env.IMAGES_BUCKET,
    originals: (binding) => bucketOf(env, binding),
    live: env.LIVE_QUEUE,
    consumer: env.CONSUMER,
    limit: limiterOf(env.ENQUEUE_LIMIT),
    unknownLimit: limiterOf(env.UNKNOWN_LIMIT),
    // A method of the global scope: kept bound wherever it is handed to.
    fetch: (input, init) => fetch(input, init),
    targetCache: createTargetCache(),
    recentMisses: createRecentMisses(cache),
    infoMemory: new Map(),
    gate: createLiveGate(env.IMAGES_BUCKET),
    changes: createChangesReader({
      images: env.IMAGES_BUCKET,
      cache,
      clock: systemClock,
      log,
      heldMs: env.LOCAL === "true" ? LOCAL_HELD_MS : HELD_MS,
    }),
    views: env.VIEWS ?? null,
    clock: systemClock,
    log,
  };
}

/** Those that the edge takes. The log tells of others once an isolate; the consumer's /readyz tells of its own. */
function keysOf({ SIGNING_KEYS, LOCAL }: Pick<Env, "SIGNING_KEYS" | "LOCAL">, log: Log): string[] {
  const keys = signingKeys(SIGNING_KEYS, LOCAL === "true");
  const short = secretList(SIGNING_KEYS).length - keys.length;
  if (short > 0) log("edge.short_keys", { keys: short, shortest: TOKEN_MIN_CHARS });
  return keys;
}

/** Null where the platform has none. */
function limiterOf(binding: RateLimit | undefined): Edge["limit"] {
  return typeof binding?.limit === "function" ? binding : null;
}

/** The configuration as this environment changes it. */
export function withEnvironment(config: Config, env: Pick<Env, "LOCAL" | "ORIGINALS_URL">): Config {
  const sources = env.ORIGINALS_URL ? withDefaultUrl(config.sources, env.ORIGINALS_URL) : config.sources;
  const limits = env.LOCAL === "true" ? { ...config.limits, edgeBudgetMs: LOCAL_BUDGET_MS } : config.limits;
  return { ...config, sources, limits };
}

/** Looked up by name: the generated type lacks bindings that only the configuration names. */
function bucketOf(env: Env, binding: string): ObjectStore | null {
  const found: unknown = Reflect.get(env, binding);
  return isBucket(found) ? found : null;
}

function isBucket(value: unknown): value is ObjectStore {
  return typeof value === "object" && value !== null && "get" in value && "head" in value;
}

/** Each line says which version wrote it; null where the platform does not say, as locally. */
export function logOf({ VERSION }: Pick<Env, "VERSION">, write: (line: string) => void): Log {
  const version = VERSION?.tag || VERSION?.id || null;
  return (event, fields) => write(printableJson(JSON.stringify({ event, part: "edge", version, ...fields })));
}
