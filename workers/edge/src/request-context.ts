import type { Changes } from "@prewarm/shared/changes";
import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { READS_PER_REQUEST } from "@prewarm/shared/limits";
import type { MissMessage } from "@prewarm/shared/messages";
import type { EdgeCache, ObjectStore, ViewSink } from "./bindings.ts";
import type { ChangesReader } from "./changes.ts";
import type { ReadyVariant } from "./hit/variant.ts";
import type { AskedLately } from "./miss/asked-lately.ts";
import type { LiveGate } from "./miss/gate.ts";
import type { Target } from "./request/target.ts";
import type { TargetCache } from "./request/target-cache.ts";

/** Everything the edge works with; one per isolate, made by `edgeOf`. */
export interface Edge {
  config: Config;
  /** The first signs, all verify; empty: nothing can be signed. */
  keys: readonly string[];
  cache: EdgeCache;
  images: ObjectStore;
  /** The originals' bucket of this binding name; null when there is none. */
  originals: (binding: string) => ObjectStore | null;
  live: { send(message: MissMessage): Promise<unknown> };
  /** The consumer's entrypoint for misses: true once the ledger has recorded one. */
  consumer: { miss(message: MissMessage): Promise<boolean> };
  /** Null where the platform has no rate limiter. */
  limit: { limit(options: { key: string }): Promise<{ success: boolean }> } | null;
  /** The same for misses of images of which nothing is known. */
  unknownLimit: Edge["limit"];
  /** Reads originals for scripts; nothing secret goes through it. */
  fetch: typeof fetch;
  targetCache: TargetCache;
  askedLately: AskedLately;
  /** The notes that this isolate has read lately, by the image's id, and when (Unix ms). So repeated misses of one image cost one read a second. */
  infoMemory: Map<string, { info: StoredInfo | "removed"; at: number }>;
  gate: LiveGate;
  /** Which images have changed of late. */
  changes: ChangesReader;
  /** Null: views are not counted. */
  views: ViewSink | null;
  clock: Pick<Clock, "now" | "random">;
  log: Log;
}

/** Writes one structured line; never a URL, for it may hold a signature. */
export type Log = (event: string, fields: Record<string, string | number | null>) => void;

/** Keeps work alive after the answer has gone. */
export type Background = (work: Promise<unknown>) => void;

/** One request for an image: what it asks for, what may be used to answer it, how much time is left, and what took how long. */
export interface RequestContext {
  target: Target;
  /** `GET` or `HEAD`. */
  method: string;
  headers: Headers;
  edge: Edge;
  background: Background;
  /** Notes which variant is shown, asked for or in its stead. */
  show(variant: ReadyVariant): void;
  shown(): ReadyVariant | null;
  /** Which images have changed, as far as this isolate knows; the request waits for the answer only where its knowledge is too old. */
  changes(): Promise<Changes>;
  /** Of R2, that this request may still cause. */
  reads: { left: number };
  /** Milliseconds left of the budget for cache, R2 and queue together; at most this share of it. */
  left(share: number): number;
  /** Notes that a step has just ended, for `Server-Timing`. */
  mark(step: string): void;
  /** The `Server-Timing` header so far. */
  timing(): string;
}

/** Of the budget: where the changes are late, the last known ones count. */
const CHANGES_SHARE = 0.35;

/** Starts the budget. On the platform the clock advances only with I/O, which is all that is timed here. */
export function createRequestContext(
  target: Target,
  { method, headers }: Request,
  edge: Edge,
  background: Background,
): RequestContext {
  const { clock } = edge;
  const budget = edge.config.limits.edgeBudgetMs;
  const start = clock.now();
  let last = start;
  let timing = "";
  let shown: ReadyVariant | null = null;
  const left = (share: number): number => Math.min(share * budget, start + budget - clock.now());
  return {
    target,
    method,
    headers,
    edge,
    background,
    show: (variant) => {
      shown = variant;
    },
    shown: () => shown,
    reads: { left: READS_PER_REQUEST.miss },
    changes: () => edge.changes.read({ origin: target.origin, background, waitMs: left(CHANGES_SHARE) }),
    left,
    mark: (step) => {
      const now = clock.now();
      timing += `, ${step};dur=${now - last}`;
      last = now;
    },
    timing: () => timing.slice(2),
  };
}
