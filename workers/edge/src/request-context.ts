import type { Clock } from "@prewarm/shared/clock";
import type { Config, Format } from "@prewarm/shared/config";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { READS_PER_REQUEST } from "@prewarm/shared/limits";
import type { MissMessage } from "@prewarm/shared/messages";
import type { Original } from "@prewarm/shared/source";
import type { Transform } from "@prewarm/shared/transform";
import type { EdgeCache, ObjectStore, ViewSink } from "./bindings.ts";
import type { ChangesReader, KnownChanges } from "./changes.ts";

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
  recentMisses: RecentMisses;
  /**
   * The notes that this isolate has read lately, by the image's id, and when (Unix ms). So repeated misses of one image
   * cost one read a second.
   */
  infoMemory: Map<string, { info: StoredInfo | "removed"; at: number }>;
  gate: LiveGate;
  /** Which images have changed of late. */
  changes: ChangesReader;
  /** Null: views are not counted. */
  views: ViewSink | null;
  clock: Pick<Clock, "now" | "random">;
  log: Log;
}

/**
 * Remembers what plain URLs name. A URL is plain when its target depends on the URL alone: nothing in it is signed or
 * negotiated. Reading a URL costs more than all else that a cache hit does, and popular images are asked for over and
 * over.
 */
export interface TargetCache {
  get(address: string): Target | undefined;
  keep(address: string, target: Target): void;
}

/** Why an answer is not the variant, as said in `Cache-Status`. A dead one has its marker's code behind it. */
export type MissDetail =
  | "enqueued"
  | "pending"
  | `dead:${string}`
  | "missing"
  | "removed"
  | "paused"
  | "capped"
  | "unavailable";

/** A recent miss of a key, as an isolate remembers it. */
export interface AskedRecord {
  detail: MissDetail;
  /** Messages in a row since the variant was last stored. */
  timesAsked: number;
  /** Unix ms until which no message is sent. */
  silentUntil: number;
}

/** The same in the cache of the data centre, for its other isolates. */
type AskedNote = Pick<AskedRecord, "timesAsked" | "silentUntil">;

/**
 * Recent misses: records in this isolate's memory, and notes in the data centre's cache. They stop messages only: each
 * request still asks R2 for its variant. No record holds a promise or a stream, because those belong to the request
 * that made them.
 */
export interface RecentMisses {
  /** The detail of the last miss of a key; null: its silence is over. */
  get(key: string, now: number): MissDetail | null;
  /**
   * Claims the turn to ask for a key, so that other requests keep silent. Answers how many messages were sent in a row.
   */
  claimTurn(key: string, now: number): number;
  keep(key: string, record: AskedRecord): void;
  forget(key: string): void;
  readNote(origin: string, key: string): Promise<AskedNote | null>;
  putNote(origin: string, key: string, note: AskedNote, now: number): Promise<void>;
  deleteNote(origin: string, key: string): Promise<void>;
  /** Whether a note may exist for a variant that was stored at `storedAt` (Unix ms): its last miss came before that. */
  mayHaveNote(storedAt: number, now: number): boolean;
}

/** What the consumer last wrote down of the live lane. */
export interface LiveGate {
  read(now: number): Promise<LiveState>;
}

interface LiveState {
  /** It takes no work. */
  closed: boolean;
  /** Too many misses were useless: those without a signature are shed. */
  shed: boolean;
}

/** Writes one structured line; never a URL, for it may hold a signature. */
export type Log = (event: string, fields: Record<string, string | number | null>) => void;

/** Keeps work alive after the answer has gone. */
export type Background = (work: Promise<unknown>) => void;

/** What an image URL names, read and found well-formed. */
export interface Target {
  /** Scheme and host under which the viewer came. */
  origin: string;
  /** The path as asked, still encoded: it is what was signed. */
  path: string;
  id: string;
  transform: Transform;
  version: string | null;
  key: string;
  /** The answer depends on `Accept`. */
  negotiated: boolean;
  /** Formats that may be served instead where their variant is smaller. */
  orElse: readonly Format[];
  /** One of the URLs that unsigned requests may ask for. */
  inClosedSet: boolean;
  /** The URL's signature was found right. */
  signed: boolean;
  /** `exp` in Unix seconds; null without one. */
  expiresAt: number | null;
  /** The original is shown as it is. */
  passThrough: boolean;
}

/** The variant that is shown, asked for or in its stead. */
export interface ShownVariant {
  format: Format;
  /** In bytes; null when not known. */
  size: number | null;
  /** Of the original; null when the variant does not tell. */
  originalBytes: number | null;
}

/**
 * One request for an image: what it asks for, what may be used to answer it, how much time is left, and what took how
 * long.
 */
export interface RequestContext {
  target: Target;
  /** `GET` or `HEAD`. */
  method: string;
  headers: Headers;
  edge: Edge;
  background: Background;
  /** Notes which variant is shown, asked for or in its stead. */
  show(variant: ShownVariant): void;
  shown(): ShownVariant | null;
  /**
   * Which images have changed, as far as this isolate knows; the request waits for the answer only where its knowledge
   * is too old.
   */
  changes(): Promise<KnownChanges>;
  /** Of R2, that this request may still cause. */
  reads: { left: number };
  /** Milliseconds left of the budget for cache, R2 and queue together; at most this share of it. */
  left(share: number): number;
  /** Notes that a step has just ended, for `Server-Timing`. */
  mark(step: string): void;
  /** The `Server-Timing` header so far. */
  timing(): string;
}

/** A request that no stored variant answers for good, and what was learnt of it. */
export interface Miss {
  /** Its target is the variant to make. */
  context: RequestContext;
  original: Original;
  /** Why no variant is asked for; null: one may be. */
  known: MissDetail | null;
  /** The image is known to exist. Default: false. */
  isKnown?: boolean;
  /** A stored variant that is shown until the asked one is stored. Default: none. */
  standIn?: Response;
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
  let shown: ShownVariant | null = null;
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
