import { LEASE_MIN_LEFT_MS } from "@prewarm/durable-queue";
import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { Log } from "@prewarm/shared/log";
import type { DeadMarker } from "@prewarm/shared/markers";
import type { Engine, Generation } from "../engine.ts";
import type { VariantOutcome } from "../images/calls.ts";
import type { ExchangeRequest } from "../ledger/calls.ts";
import type { Handlers } from "../ledger/ledger-for.ts";
import type { OriginalsAccess, ProbedOriginal } from "../originals/probe.ts";
import type { Semaphore } from "../platform/semaphore.ts";
import type { Span } from "../platform/span.ts";
import type { At } from "./crash-points.ts";
import type { HeldClaim, HeldClaims } from "./held-claims.ts";
import type { Stager } from "./stager.ts";

/** Everything a batch's handler reaches the world through; made in compose.ts. */
export interface BatchDeps {
  config: Config;
  clock: Clock;
  sleep(ms: number): Promise<void>;
  ledger: Handlers;
  /** Makes the engine of one batch, which calls `called` before each of its subrequests. */
  newEngine(called: () => void): Engine;
  /** `IMAGES_BUCKET`. */
  images: Pick<R2Bucket, "head" | "get" | "put" | "delete" | "list">;
  originals: OriginalsAccess;
  /** A new owner's name for each batch, such as `crypto.randomUUID()`. */
  newOwner(): string;
  log: Log;
  span: Span;
  /** Tests kill the handler here; `nowhere` in production. */
  at: At;
}

export type Role = ExchangeRequest["role"];

/**
 * Who goes first when connections are short: what a viewer waits for, or what holds a slot and was not looked at, POSTs, results, and what is looked at for later: an
 * original before the next head, so that what was begun becomes ready.
 */
export const RANKS = { live: 0, post: 1, result: 2, probe: 3, head: 4 } as const;

/** Of a call for this job. */
export function rankOf({ given }: HeldClaim, rank: Exclude<keyof typeof RANKS, "live">): number {
  return given.urgent ? RANKS.live : RANKS[rank];
}

/** One batch under way: what it works with, and what it holds. */
export interface BatchContext extends BatchDeps {
  engine: Engine;
  role: Role;
  owner: string;
  held: HeldClaims;
  /** The lease's end, Unix ms, as far as this handler can know; 0: none. */
  leaseUntil: number;
  ledgerId: string;
  /** Shared by every call of the batch: a Worker waits for 6 answers at once. */
  connections: Semaphore;
  /** Bytes of results held at once. */
  memory: Semaphore;
  /** Shared by looks at originals of unknown images. */
  looks: Semaphore;
  /** Unknown ids whose originals are missing and marked. */
  missing: Set<string>;
  probe(image: string, rank: number): Promise<ProbedOriginal>;
  stager: Stager;
  /** The number of the bytes that jobs of an image are made from, as the ledger told it last, by the image's id. */
  numbers: Map<string, number>;
  /** Writes the marker of a missing original (once per batch); when to look for it again, Unix ms. */
  missingUntil(image: string): Promise<number>;
  /** Writes the marker of an image whose original cannot be used, for all its variants (once per batch). */
  markRefused(image: string, marker: DeadMarker): Promise<void>;
  /** Images whose marker says that viewers may order nothing more of them today; written once per batch. */
  capped: Set<string>;
  /** When the edge looked for a missed variant and R2 had none, Unix ms, by key. */
  seenAbsent: Map<string, number>;
  /** What is told to pages, under way. */
  telling: number;
  counts: Counts;
}

/** For the batch's one log line. */
export interface Counts {
  /** Subrequests, those to the ledger included. */
  calls: number;
  exchanges: number;
  posted: number;
  outcomes: Partial<Record<VariantOutcome["kind"], number>>;
  /** Results that metadata was taken out of. */
  stripped: number;
  /** Looks at originals of unknown ids, by what they were seen to be. */
  looks: Partial<Record<string, number>>;
}

export function generationOf({ ledgerId }: BatchContext, { given, key }: HeldClaim): Generation {
  return { ledger: ledgerId, gen: given.gen, key };
}

/** Whether enough of the lease is left for a POST or a put to be over before anybody else may act. */
export function mayWrite({ leaseUntil, clock }: BatchContext): boolean {
  return leaseUntil - clock.now() >= LEASE_MIN_LEFT_MS;
}

/** The original of an image: from its staged bytes where there are any, else by a look at its origin. */
export async function lookAt(
  { numbers, stager, probe }: BatchContext,
  id: string,
  rank: number,
): Promise<ProbedOriginal> {
  const number = numbers.get(id);
  const staged = number === undefined ? null : await stager.original(id, { number, ...ONLY_LOOK }, rank);
  return staged ?? probe(id, rank);
}

/** Staged bytes are looked for, and nothing is staged. */
export const ONLY_LOOK = { shared: false, elsewhere: false } as const;
