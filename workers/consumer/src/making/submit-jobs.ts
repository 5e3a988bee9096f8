import { DEAD_PERMANENT_MS, LEASE_MIN_LEFT_MS, THROTTLED_MS } from "@prewarm/shared/limits";
import type { JobOrder, Submission } from "../ittybit/client.ts";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { expectedSize, jobOptions } from "../ittybit/job-request.ts";
import type { Claim, Outcome } from "../ledger/contract.ts";
import type { ProbedOriginal } from "../originals/probe.ts";
import type { Semaphore } from "../platform/semaphore.ts";
import { markMissing } from "../store/markers.ts";
import type { BatchContext, BatchDeps, Watched, Work } from "./batch-context.ts";
import { settleOutcomes } from "./settle-outcomes.ts";

type RunClaim = Extract<Claim, { do: "run" }>;
type Made = Extract<Submission, { kind: "made" }>;

/** Failed attempts after which an unanswered job is looked for by its input before it is asked for again. */
const ADOPT_AFTER = 3;

/** True when the generation has no job for sure: with a later grant, an earlier handler may have made one. */
function neverExisted(claim: RunClaim): boolean {
  return claim.granted === "first";
}

async function refuse(
  context: BatchContext,
  work: Work,
  original: Extract<ProbedOriginal, { kind: "refused" }>,
): Promise<Outcome> {
  const { code, message } = original;
  const now = context.clock.now();
  const until = code === "missing" ? await context.missingUntil(work.id) : now + DEAD_PERMANENT_MS;
  return { kind: "refused", code, until, message };
}

/** What a submission that made no job is settled with. */
function outcomeOf(
  context: BatchContext,
  result: Exclude<Submission, { kind: "made" }>,
  claim: RunClaim,
  input: string,
): Outcome {
  switch (result.kind) {
    case "throttled":
      return { kind: "throttled", until: context.clock.now() + (result.retryAfterMs ?? THROTTLED_MS) };
    case "account":
      return { kind: "account", status: result.status, message: result.message };
    case "rejected":
      return { kind: "failed", class: "permanent", failure: result.failure, posted: false, ended: neverExisted(claim) };
    case "unclear":
      return { kind: "unclear", failure: result.failure, input };
    default:
      return result satisfies never;
  }
}

function orderOf(
  context: BatchContext,
  work: Work,
  claim: RunClaim,
  original: Extract<ProbedOriginal, { kind: "image" }>,
): JobOrder {
  const { ledgerId } = context.answer;
  const size = expectedSize(work.transform, original.size);
  return {
    input: claim.input ?? original.input,
    options: jobOptions(work.transform, original.size),
    idempotencyKey: `pw-${ledgerId}-${claim.gen}`,
    metadata: {
      ledger: ledgerId,
      gen: String(claim.gen),
      key: work.key,
      ...(size === null ? {} : { width: String(size.width), height: String(size.height) }),
      ...(original.etag === null ? {} : { etag: original.etag }),
    },
  };
}

/** Looks for a job whose POST was never answered, by its input; ledger and generation in its metadata tell that it is ours. */
async function findUnanswered(context: BatchContext, order: JobOrder, claim: RunClaim): Promise<IttybitJob | null> {
  if (claim.granted === "first" || claim.attempts < ADOPT_AFTER) return null;
  const page = await context.connections.run(() => context.ittybit.list({ input: order.input }));
  if (page.kind !== "page") return null;
  const { ledger, gen } = order.metadata;
  return page.jobs.find(({ metadata }) => metadata.ledger === ledger && metadata.gen === gen) ?? null;
}

/** Waits for the submission's turn and sends it. An outcome instead of the job when there is none; null when the lease is lost. */
async function post(
  context: BatchContext,
  order: JobOrder,
  work: Work,
  claim: RunClaim,
): Promise<Made | Outcome | null> {
  const { lease, stop } = context;
  const found = await findUnanswered(context, order, claim);
  if (found !== null) return { kind: "made", job: found, replayed: true };
  const early = claim.notBefore - context.clock.now();
  if (early > 0) await Promise.race([context.sleep(early), stop.happened]);
  return context.connections.run(async () => {
    await context.at("before-post", work.key);
    if (stop.outcome !== null) return stop.outcome;
    if (!(await lease.ensure(LEASE_MIN_LEFT_MS))) return null;
    const result = await context.ittybit.submit(order);
    await context.at("posted", work.key);
    if (result.kind === "made") return result;
    const outcome = outcomeOf(context, result, claim, order.input);
    if (outcome.kind === "throttled" || outcome.kind === "account") stop.set(outcome);
    return outcome;
  });
}

async function tell(context: BatchContext): Promise<void> {
  context.stop.told = true;
  await settleOutcomes(context);
}

/** Submits one variant: the job to watch, or its outcome is set (none when the lease is lost). */
export async function submitJob(context: BatchContext, work: Work, claim: RunClaim): Promise<Watched | null> {
  const { outcomes } = context;
  const original = await context.probe(work.id);
  await context.at("probed", work.key);
  if (original.kind === "refused") outcomes.set(work.key, await refuse(context, work, original));
  if (original.kind === "failed") {
    const { class: failureClass, failure } = original;
    outcomes.set(work.key, { kind: "failed", class: failureClass, failure, posted: false, ended: neverExisted(claim) });
  }
  if (original.kind !== "image") return null;
  const order = orderOf(context, work, claim, original);
  const result = await post(context, order, work, claim);
  if (result?.kind !== "made") {
    if (result !== null) outcomes.set(work.key, result);
    // Every handler's gate must close now, not when this batch is done.
    if (context.stop.outcome !== null && !context.stop.told) await tell(context);
    return null;
  }
  const now = context.clock.now();
  const lookAt = result.replayed ? now : now + context.answer.firstLookMs;
  const size = expectedSize(work.transform, original.size);
  const made = { input: order.input, size, etag: original.etag };
  const { attempts } = claim;
  return { work, ittybitJob: result.job.id, submittedAt: now, attempts, made, lookAt, looks: 0 };
}

/** Writes the marker of each missing original once per batch; its marker's life doubles with each batch that misses it. */
export function createMissing({ images, clock }: BatchDeps, connections: Semaphore): (id: string) => Promise<number> {
  const known = new Map<string, Promise<number>>();
  return (id) => {
    const until = known.get(id) ?? connections.run(() => markMissing(images, id, clock.now()));
    known.set(id, until);
    return until;
  };
}
