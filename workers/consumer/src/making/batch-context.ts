import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { Transform } from "@prewarm/shared/transform";
import type { Ittybit } from "../ittybit/client.ts";
import type { Size } from "../ittybit/job-request.ts";
import type { Claim, ClaimAnswer, Handlers, Outcome } from "../ledger/contract.ts";
import type { Original, OriginalsAccess } from "../originals/probe.ts";
import type { Log } from "../platform/log.ts";
import type { Semaphore } from "../platform/semaphore.ts";
import type { ImagesBucket, Seen } from "../store/store-variant.ts";
import type { At } from "./crash-points.ts";
import type { Lease } from "./handler-lease.ts";

/** Everything a batch's handler reaches the world through; made in worker.ts. */
export interface BatchDeps {
  config: Config;
  clock: Clock;
  sleep(ms: number): Promise<void>;
  ledger: Handlers;
  ittybit: Ittybit;
  /** `IMAGES_BUCKET`. */
  images: ImagesBucket;
  originals: OriginalsAccess;
  /** Fetches results; no credentials go through it. */
  fetch: typeof fetch;
  /** Development only: results may come from http on loopback. */
  allowLoopbackHttp: boolean;
  /** A new owner's name for each batch, such as `crypto.randomUUID()`. */
  newOwner(): string;
  log: Log;
  /** Tests kill the handler here; `nowhere` in production. */
  at: At;
}

/** The end of this batch's submitting, at the first 429, 401, 402 or 403. */
export interface Stop {
  /** What those that were not submitted are settled with; null while there is no stop. */
  outcome: Extract<Outcome, { kind: "throttled" | "account" }> | null;
  set(outcome: Extract<Outcome, { kind: "throttled" | "account" }>): void;
  /** Whether the ledger has been told. */
  told: boolean;
  /** Resolves when it is set. */
  happened: Promise<void>;
}

export function createStop(): Stop {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop: Stop = {
    outcome: null,
    told: false,
    happened: promise,
    set(outcome) {
      // A refused account weighs more than a pause.
      if (stop.outcome === null || outcome.kind === "account") stop.outcome = outcome;
      resolve();
    },
  };
  return stop;
}

/** One batch under way. */
export interface Batch {
  deps: BatchDeps;
  /** The ledger's answer to the claim. */
  answer: ClaimAnswer;
  lease: Lease;
  /** Shared by every call of the batch: a Worker waits for 6 answers at once. */
  connections: Semaphore;
  /** Bytes of results held at once. */
  memory: Semaphore;
  probe(id: string): Promise<Original>;
  /** Writes the marker of a missing original (once per batch); when to look for it again, Unix ms. */
  missingUntil(id: string): Promise<number>;
  /** How long this batch may wait for jobs, in ms. */
  waitMs: number;
  /** True when a viewer waits for any of it. */
  live: boolean;
  /** Keys the ledger has answered for. */
  keys: number;
  /** What is known and not settled yet, by key. */
  outcomes: Map<string, Outcome>;
  stop: Stop;
}

/** A key that the ledger gave this batch to work on. */
export interface Work {
  key: string;
  id: string;
  transform: Transform;
  claim: Extract<Claim, { do: "run" | "resume" | "verify" }>;
  /** What stood in R2 when this batch looked. */
  seen: Seen | null;
}

/** A job at Ittybit that this batch watches. */
export interface Watched {
  work: Work;
  job: string;
  /** Unix ms. */
  submittedAt: number;
  attempts: number;
  /** The size its result must have and the original's etag, when this batch has submitted it. */
  made: { size: Size | null; etag: string | null } | null;
  /** When to look next, Unix ms. */
  lookAt: number;
  looks: number;
}
