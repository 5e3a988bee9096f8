import { LEASE_MIN_LEFT_MS } from "@prewarm/durable-queue";
import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { Log } from "@prewarm/shared/log";
import type { DeadMarker } from "@prewarm/shared/markers";
import type { StagedName } from "@prewarm/shared/staged-name";
import { versionPrefix } from "@prewarm/shared/variant-key";
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

/** The services that the handler of a batch calls, made in compose.ts. */
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
 * The order of calls when connections are short. `live`: calls for a job that a viewer waits for, or that holds a slot
 * and is not prepared. `probe` and `head` prepare jobs; probes go first, so that jobs whose preparation has begun
 * become ready.
 */
export const RANKS = { live: 0, post: 1, result: 2, probe: 3, head: 4 } as const;

/** The rank of a call for this job. */
export function rankOf({ assignment }: HeldClaim, rank: Exclude<keyof typeof RANKS, "live">): number {
  return assignment.urgent ? RANKS.live : RANKS[rank];
}

/** A batch that is being handled: its services, and its claims. */
export interface BatchContext extends BatchDeps {
  engine: Engine;
  role: Role;
  owner: string;
  held: HeldClaims;
  /** The end of the lease, Unix ms, by this handler's clock; 0: it has none. */
  leaseUntil: number;
  ledgerId: string;
  /** Every call of the batch takes one: a Worker waits for 6 answers at once. */
  connections: Semaphore;
  /** Bytes of results held at once. */
  memory: Semaphore;
  /** Existence checks of unknown originals take one each. */
  checks: Semaphore;
  /** Unknown ids whose originals are missing and marked. */
  missing: Set<string>;
  probe(image: string, rank: number): Promise<ProbedOriginal>;
  stager: Stager;
  /** The staged bytes that the ledger named last, by what the keys of their image and version begin with. */
  staged: Map<string, StagedName>;
  /** Writes the marker of a missing original, once per batch. Answers when the marker ends, Unix ms. */
  missingUntil(image: string): Promise<number>;
  /** Writes the marker of an image whose original cannot be used, once per batch. */
  markRefused(image: string, marker: DeadMarker): Promise<void>;
  /** Images whose marker *capped* this batch has written: viewers may order nothing more of them today. */
  capped: Set<string>;
  /** When R2 told the edge that it has no such variant, Unix ms, by key. */
  seenAbsent: Map<string, number>;
  /** Calls of `tellPages` that have not ended. */
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
  /** Results whose metadata was removed. */
  stripped: number;
  /** Results whose original has a compressed text that was too long to read for labels. */
  longTexts: number;
  /** Existence checks, by their results. */
  checks: Partial<Record<string, number>>;
}

export function generationOf({ ledgerId }: BatchContext, { assignment, key }: HeldClaim): Generation {
  return { ledger: ledgerId, gen: assignment.gen, key };
}

/** Whether a POST or a put that begins now ends within the lease. */
export function mayWrite({ leaseUntil, clock }: BatchContext): boolean {
  return leaseUntil - clock.now() >= LEASE_MIN_LEFT_MS;
}

/** The original of a version of an image, from its staged bytes if it has any, else from its origin. */
export async function lookAt(
  { staged, stager, probe }: BatchContext,
  { id, v }: Pick<StagedName, "id" | "v">,
  rank: number,
): Promise<ProbedOriginal> {
  const name = staged.get(versionPrefix(id, v));
  const copy = name === undefined ? null : await stager.original(name, ONLY_LOOK, rank);
  return copy ?? probe(id, rank);
}

/** Reads staged bytes, and stages none. */
export const ONLY_LOOK = { shared: false, elsewhere: false } as const;

/** The names by which a line of the log is found: ours, its run's, the engine's. */
export function namesOf({ assignment: { name, run, gen }, key, job }: HeldClaim) {
  return { job: name, run, ittybitJob: job, key, gen };
}

/** Runs a step of a job as a span of the same names. The calls of the step are spans below it. */
export function inSpan(
  context: BatchContext,
  claim: HeldClaim,
  step: "submit" | "finish",
  act: () => Promise<void>,
): Promise<void> {
  return context.span(`job.${step}`, async (note) => {
    try {
      await act();
    } finally {
      // At the end, because the engine names its job during the step.
      const names = Object.entries(namesOf(claim)).map(([name, value]) => [`prewarm.${name}`, value] as const);
      note(Object.fromEntries(names));
    }
  });
}
