import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { Original } from "@prewarm/shared/source";
import type { Operators } from "../ledger/contract.ts";
import type { Log } from "../platform/log.ts";

/** What the API reads of the bucket of variants, and the markers it deletes; R2Bucket fits. */
export interface VariantBucket {
  list(options: R2ListOptions): Promise<R2Objects>;
  delete(keys: string[]): Promise<void>;
}

/** Queue bindings by queue name; `metrics` is absent on platforms that have none. */
export type QueueBindings = Record<string, { metrics?: () => Promise<QueueNumbers> }>;

export interface QueueNumbers {
  backlogCount: number;
  backlogBytes: number;
  oldestMessageTimestamp?: Date | undefined;
}

/** Cloudflare Access in front of the Worker: which application, and who in it may write. */
export interface AccessSettings {
  /** The application's AUD tag. */
  aud: string;
  /** `https://<team>.cloudflareaccess.com`; null: only `ctx.access` is believed. */
  team: string | null;
  /** E-mail addresses of operators; `*` is everybody, everyone else is a viewer. */
  operators: string[];
}

/** Everything `createApi` needs from outside; worker.ts makes it. */
export interface ApiDeps {
  config: Config;
  /** What `checkConfig` found; not empty makes /readyz say no. */
  configFaults: string[];
  ledger: Operators;
  bucket: VariantBucket;
  queues: QueueBindings;
  adminTokens: string[];
  viewerTokens: string[];
  /** First signs, all verify. */
  signingKeys: string[];
  /** A secret by its name in the config, such as HOOK_SECRET, as the environment has it (comma-separated for rotation). */
  secret(name: string): string | undefined;
  access: AccessSettings | null;
  /** The edge's origin without a trailing slash; empty when not configured. */
  edgeUrl: string;
  /** Shown as a badge: `local`, `production`, … */
  environment: string;
  /** Bytes of an original by a HEAD, or null; never throws. */
  sizeOf(original: Original): Promise<number | null>;
  fetch: typeof fetch;
  clock: Clock;
  log: Log;
}
