import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { Transform } from "@prewarm/shared/transform";
import type { Ittybit } from "../ittybit/client.ts";
import type { Size } from "../ittybit/job-request.ts";
import type { AwaitedJob } from "../ittybit/observe-jobs.ts";
import type { Claim, ClaimAnswer, Handlers, Outcome } from "../ledger/contract.ts";
import type { OriginalsAccess, ProbedOriginal } from "../originals/probe.ts";
import type { Log } from "../platform/log.ts";
import type { Semaphore } from "../platform/semaphore.ts";
import type { StoredObject } from "../store/variants.ts";
import type { At } from "./crash-points.ts";
import type { HandlerLease } from "./handler-lease.ts";

/** Everything a batch's handler reaches the world through; made in compose.ts. */
export interface BatchDeps {
  config: Config;
  clock: Clock;
  sleep(ms: number): Promise<void>;
  ledger: Handlers;
  ittybit: Ittybit;
  /** `IMAGES_BUCKET`. */
  images: Pick<R2Bucket, "head" | "get" | "put" | "delete">;
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

type StopReason = Extract<Outcome, { kind: "throttled" | "account" }>;

/** The end of this batch's submitting, at the first 429, 401, 402 or 403. */
interface Stop {
  /** Outcome of the jobs that were not submitted; null while there is no stop. */
  outcome: StopReason | null;
  set(outcome: StopReason): void;
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

/** One batch under way: what it works with, and what is known so far. */
export interface BatchContext extends BatchDeps {
  /** The ledger's answer to the claim. */
  answer: ClaimAnswer;
  lease: HandlerLease;
  /** Shared by every call of the batch: a Worker waits for 6 answers at once. */
  connections: Semaphore;
  /** Bytes of results held at once. */
  memory: Semaphore;
  probe(id: string): Promise<ProbedOriginal>;
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
  stored: StoredObject | null;
}

/** What a result is judged by: the size it must have, and the etag of the original it was made from; null when unknown. */
export interface Expectation {
  size: Size | null;
  etag: string | null;
}

/** A job at Ittybit that this batch watches. */
export interface Watched extends AwaitedJob {
  work: Work;
  attempts: number;
  /** Null unless this batch has submitted it; `input` is the URL that was sent. */
  made: (Expectation & { input: string }) | null;
  /** When to look next, Unix ms. */
  lookAt: number;
  looks: number;
}
