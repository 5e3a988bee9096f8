import { type External, TOKEN_AHEAD_MS } from "@prewarm/durable-queue";
import { THROTTLED_MS } from "@prewarm/shared/limits";
import type { VariantOutcome } from "../images/calls.ts";
import type { JobOrder, Submission } from "../ittybit/client.ts";
import { isAnothers, jobOrder } from "../ittybit/job-order.ts";
import { type BatchContext, mayWrite, rankOf } from "./batch-context.ts";
import type { HeldClaim, Prepared } from "./held-claims.ts";
import { isShownOpaque } from "./opaque-picture.ts";
import { prepare } from "./prepare.ts";
import { settle } from "./settle.ts";

/** What a POST that named no job is settled with. */
function outcomeOf(
  context: BatchContext,
  claim: HeldClaim,
  result: Exclude<Submission, { kind: "made" }>,
): VariantOutcome {
  switch (result.kind) {
    case "throttled":
      return { kind: "throttled", until: context.clock.now() + (result.retryAfterMs ?? THROTTLED_MS) };
    case "account":
      return { kind: "account", status: result.status, message: result.message };
    case "rejected":
      return { kind: "failed", class: "permanent", failure: result.failure, external: firstMadeNone(claim) };
    case "unclear":
      return { kind: "unclear", failure: result.failure };
    default:
      return result satisfies never;
  }
}

/** With a later grant, an earlier handler may have made a job. */
function firstMadeNone({ given }: HeldClaim): External {
  return given.first ? "none" : "open";
}

/** Under this key Ittybit has a job of something else: a new generation is asked for under a new one. */
export function ofAnother(job: string): VariantOutcome {
  const failure = {
    code: "upstream_conflict",
    message: `Ittybit has the job ${job}, of another variant, under this key.`,
  };
  return { kind: "failed", class: "transient", failure, external: "ended" };
}

/**
 * The same for the same generation and grant, as long as the original is the same and no WebP shows more of it: a repeated POST is the same POST.
 * Where a repetition differs, Ittybit answers with the job that it has, or refuses, and the job is found by its metadata (`findJob`).
 */
async function orderOf(context: BatchContext, claim: HeldClaim, prepared: Prepared): Promise<JobOrder> {
  const { given, key, transform, focal } = claim;
  const { ledgerId, config } = context;
  const { gen, grantedAt, first } = given;
  const { size, etag, alpha, input } = prepared.original;
  const opaque = alpha && (await isShownOpaque(context, claim, prepared.original));
  const made = { transform, focal, size, etag, alpha, opaque, input: await input(grantedAt) };
  const { qualities } = config.ittybit;
  return jobOrder({ ledgerId, gen, key, ...made, qualities, again: !first });
}

/**
 * The job that an earlier POST under this key made, among those of the same input; null when none shows. The poller, which reads all
 * jobs, finds it later where this does not.
 */
async function findJob({ ittybit }: BatchContext, { input, metadata }: JobOrder): Promise<string | null> {
  const { ledger, gen } = metadata;
  const listing = await ittybit.list({ input });
  if (listing.kind !== "page") return null;
  return listing.jobs.find((job) => job.metadata.ledger === ledger && job.metadata.gen === gen)?.id ?? null;
}

/** Null when there is nothing more to do: it was not sent, for the claim is gone or the lease too short, or Ittybit takes no jobs now. */
async function post(
  context: BatchContext,
  claim: HeldClaim,
  order: JobOrder,
): Promise<
  { job: string; createdAt: number | null } | { anothers: string } | Exclude<Submission, { kind: "made" }> | null
> {
  const { key } = claim;
  await context.at("before-post", key);
  if (claim.isDropped || claim.phase !== "go") return null;
  if (!mayWrite(context)) {
    context.held.settle(claim, { kind: "unposted" });
    return null;
  }
  claim.begun = true;
  const result = await context.ittybit.submit(order);
  await context.at("posted", key);
  if (result.kind === "made") {
    const { id, createdAt } = result.job;
    const { ledger = "", gen = "" } = order.metadata;
    return isAnothers(result.job, { ledger, gen, key }) ? { anothers: id } : { job: id, createdAt };
  }
  // Whoever asked before may have been answered by a job that nobody heard of: a new generation, after the sixth time, would be a second one.
  if (result.kind === "unclear" && (result.lookFirst === true || !claim.given.first)) {
    const job = await findJob(context, order);
    return job === null ? result : { job, createdAt: null };
  }
  if (result.kind !== "throttled" && result.kind !== "account") return result;
  // Every handler's gate must close now, and nothing more of ours may go: so before the connection is given on.
  await settle(context, claim, outcomeOf(context, claim, result));
  context.held.returnUnposted();
  context.held.wake();
  return null;
}

function tell(
  context: BatchContext,
  claim: HeldClaim,
  { job, createdAt }: { job: string; createdAt: number | null },
): void {
  context.counts.posted += 1;
  context.held.submit(claim, job, createdAt);
  // If it was seen to end before its POST was answered, `finishJob` is at it already.
  if (claim.phase === "watch") claim.begun = false;
  if (claim.isStopped) context.held.settle(claim, { kind: "stopped" });
}

/** Asks Ittybit for the variant as soon as its turn has come. The ledger is told of the job with the next call. */
export async function submitJob(context: BatchContext, claim: HeldClaim): Promise<void> {
  const prepared = await prepare(context, claim, true);
  if (prepared === null) return;
  // The ledger's clock may be ahead.
  const early = Math.min(claim.given.notBefore - context.clock.now(), TOKEN_AHEAD_MS);
  if (early > 0) await context.sleep(early);
  const order = await orderOf(context, claim, prepared);
  try {
    const result = await context.connections.run(() => post(context, claim, order), { rank: rankOf(claim, "post") });
    if (result === null) return;
    if ("job" in result) tell(context, claim, result);
    else if ("anothers" in result) await settle(context, claim, ofAnother(result.anothers));
    // The poller may have found its job by then: so it was made, whatever this POST was answered.
    else if (claim.phase === "go") await settle(context, claim, outcomeOf(context, claim, result));
  } finally {
    claim.answered = true;
  }
}
