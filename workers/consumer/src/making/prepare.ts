import { DEAD_PERMANENT_MS } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import type { VariantOutcome } from "../images/calls.ts";
import type { ProbedOriginal } from "../originals/probe.ts";
import { headVariant, type StoredObject } from "../store/variants.ts";
import { type BatchContext, ONLY_LOOK, RANKS, rankOf } from "./batch-context.ts";
import { type HeldClaim, type Prepared, stagedNameOf } from "./held-claims.ts";
import { copySame } from "./same-variant.ts";
import { present, STORE_AGAIN_MS, settle } from "./settle.ts";

/**
 * The edge's answer of R2 is valid for this long: about the time between a head and its put, whose condition fails if
 * the object exists. Chosen.
 */
const ABSENT_MS = 5_000;

/** Reads which object R2 has of this variant. Null: R2 did not answer, and the claim is settled. */
export async function head(
  context: BatchContext,
  claim: HeldClaim,
  rank: number,
): Promise<{ stored: StoredObject | null } | null> {
  const { key } = claim;
  try {
    const stored = await context.connections.run(() => headVariant(context.images, key), { rank });
    claim.smaller = stored?.smaller ?? [];
    claim.wasStored = stored !== null;
    await context.at("headed", key);
    return { stored };
  } catch (error) {
    context.log("variant.head_failed", { key, error: errorText(error) });
    await settle(context, claim, { kind: "pending", due: context.clock.now() + STORE_AGAIN_MS });
    return null;
  }
}

/** The outcome of an original that cannot be used. Without an admission, or with the first one, no job can exist. */
async function outcomeOf(
  context: BatchContext,
  { image, phase, assignment }: HeldClaim,
  original: Exclude<ProbedOriginal, { kind: "image" }>,
): Promise<VariantOutcome> {
  if (original.kind === "failed") {
    const { class: failureClass, failure } = original;
    const external = phase === "finish" ? "ended" : phase !== "admitted" || assignment.first ? "none" : "open";
    const failed = { kind: "failed", class: failureClass, failure, external } as const;
    return failureClass === "transient" ? { ...failed, origin: true } : failed;
  }
  const { code, message } = original;
  const until = code === "missing" ? await context.missingUntil(image) : context.clock.now() + DEAD_PERMANENT_MS;
  return { kind: "refused", code, until, message };
}

/** Whether R2 has just told the edge that it has no such object. */
function isSeenAbsent({ seenAbsent, clock }: BatchContext, key: string): boolean {
  const at = seenAbsent.get(key);
  return at !== undefined && clock.now() - at < ABSENT_MS;
}

/** The original that the job is made from: its staged bytes, or those at its own address. */
async function originalOf(context: BatchContext, claim: HeldClaim, now: boolean): Promise<ProbedOriginal> {
  const { image, staging, assignment } = claim;
  const rank = now ? RANKS.live : rankOf(claim, "probe");
  const own = () => context.probe(image, assignment.urgent || claim.assignment.urgent ? RANKS.live : rank);
  const name = stagedNameOf(claim);
  if (staging === null || name === null || assignment.urgent) return own();
  // A job with a slot stages nothing. A job may have failed because the engine cannot read staged bytes at the edge.
  const isLookOnly = now || assignment.attempts > 0;
  const copied = context.stager.original(name, isLookOnly ? ONLY_LOOK : staging, rank);
  const staged = await Promise.race([copied, claim.urgent.promise]);
  if (staged === "urgent" || staged === null) return own();
  if (assignment.attempts === 0 || staged.kind !== "image") return staged;
  // The job is made from the same original as the jobs before it.
  const again = await own();
  return again.kind === "image" && again.etag === staged.etag ? again : staged;
}

async function look(context: BatchContext, claim: HeldClaim, now: boolean): Promise<Prepared | null> {
  const { key } = claim;
  const { floor } = claim.assignment;
  const rank = now ? RANKS.live : rankOf(claim, "head");
  const found = isSeenAbsent(context, key) ? { stored: null } : await head(context, claim, rank);
  if (found === null) return null;
  const { stored } = found;
  if (stored !== null && stored.gen >= floor) {
    await settle(context, claim, present(stored, false));
    return null;
  }
  const original = await originalOf(context, claim, now);
  await context.at("probed", key);
  if (original.kind === "image") {
    claim.original = original;
    const prepared = { stored, original };
    return (await copySame(context, claim, prepared)) ? null : prepared;
  }
  await settle(context, claim, await outcomeOf(context, claim, original));
  return null;
}

/** Checks once whether the variant must and can be made. Null: it settles the claim. `now`: the claim has a slot. */
export function prepare(context: BatchContext, claim: HeldClaim, now: boolean): Promise<Prepared | null> {
  claim.prepared ??= look(context, claim, now);
  return claim.prepared;
}
