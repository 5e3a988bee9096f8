import { type External, TOKEN_AHEAD_MS } from "@prewarm/durable-queue";
import type { Order, Submitted } from "../engine.ts";
import type { VariantOutcome } from "../images/calls.ts";
import { type BatchContext, generationOf, mayWrite, rankOf } from "./batch-context.ts";
import type { HeldClaim, Prepared } from "./held-claims.ts";
import { isShownOpaque } from "./opaque-picture.ts";
import { prepare } from "./prepare.ts";
import { settle } from "./settle.ts";

type Unmade = Exclude<Submitted, { kind: "made" }>;

/** The outcome of an order that made no job. */
function outcomeOf(claim: HeldClaim, result: Unmade): VariantOutcome {
  switch (result.kind) {
    case "throttled":
    case "account":
    case "unclear":
      return result;
    case "rejected":
      return { kind: "failed", class: "permanent", failure: result.failure, external: firstMadeNone(claim) };
    case "taken":
      return { kind: "failed", class: "transient", failure: result.failure, external: "ended" };
    default:
      return result satisfies never;
  }
}

/** After a repeated admission an earlier handler may have made a job. */
function firstMadeNone({ assignment }: HeldClaim): External {
  return assignment.first ? "none" : "open";
}

/**
 * The order of a generation. A repeated POST is the same, unless the original has changed, or a WebP has shown that it
 * is opaque.
 */
async function orderOf(context: BatchContext, claim: HeldClaim, prepared: Prepared): Promise<Order> {
  const { assignment, transform, focal } = claim;
  const { size, etag, alpha, input } = prepared.original;
  const made = context.engine.formatOf(transform.format, alpha);
  const isStandIn = made !== transform.format && !(await isShownOpaque(context, claim, prepared.original));
  return {
    ...generationOf(context, claim),
    transform,
    format: isStandIn ? made : transform.format,
    focal,
    size,
    etag,
    alpha,
    input: await input(assignment.grantedAt),
    again: !assignment.first,
  };
}

/** Null: the claim is dropped, its lease is too short, or the engine takes no orders now. */
async function post(context: BatchContext, claim: HeldClaim, order: Order): Promise<Submitted | null> {
  const { key } = claim;
  await context.at("before-post", key);
  if (claim.isDropped || claim.phase !== "admitted") return null;
  if (!mayWrite(context)) {
    context.held.settle(claim, { kind: "unposted" });
    return null;
  }
  claim.begun = true;
  const result = await context.engine.submit(order);
  await context.at("posted", key);
  if (result.kind !== "throttled" && result.kind !== "account") return result;
  // Settle before the connection is released, so that no further POST leaves.
  await settle(context, claim, outcomeOf(claim, result));
  context.held.returnUnposted();
  context.held.wake();
  return null;
}

function tell(context: BatchContext, claim: HeldClaim, { job, createdAt }: Extract<Submitted, { kind: "made" }>): void {
  context.counts.posted += 1;
  context.held.submit(claim, job, createdAt);
  // If the poller saw its end before its POST was answered, `finishJob` is running.
  if (claim.phase === "watch") claim.begun = false;
  if (claim.isStopped) context.held.settle(claim, { kind: "stopped" });
}

/** Orders the variant at the time of its token. The next call reports the job to the ledger. */
export async function submitJob(context: BatchContext, claim: HeldClaim): Promise<void> {
  const prepared = await prepare(context, claim, true);
  if (prepared === null) return;
  // The ledger's clock may be ahead.
  const early = Math.min(claim.assignment.notBefore - context.clock.now(), TOKEN_AHEAD_MS);
  if (early > 0) await context.sleep(early);
  const order = await orderOf(context, claim, prepared);
  try {
    const result = await context.connections.run(() => post(context, claim, order), { rank: rankOf(claim, "post") });
    if (result === null) return;
    if (result.kind === "made") tell(context, claim, result);
    // If the poller has found its job, the job exists, whatever the answer of this POST.
    else if (claim.phase === "admitted" || result.kind === "taken")
      await settle(context, claim, outcomeOf(claim, result));
  } finally {
    claim.answered = true;
  }
}
