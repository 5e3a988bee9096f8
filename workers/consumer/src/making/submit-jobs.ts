import { DEAD_PERMANENT_MS, LEASE_MIN_LEFT_MS, THROTTLED_MS } from "@prewarm/shared/limits";
import type { JobOrder, Submission } from "../ittybit/client.ts";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { expectedSize, jobOptions } from "../ittybit/job-request.ts";
import type { Claim, Outcome } from "../ledger/api.ts";
import type { Original } from "../originals/probe.ts";
import { markMissing } from "../store/store-variant.ts";
import type { Batch, Watched, Work } from "./batch-context.ts";
import { settleOutcomes } from "./settle-outcomes.ts";

type RunClaim = Extract<Claim, { do: "run" }>;
type Made = Extract<Submission, { kind: "made" }>;
type Image = Extract<Original, { kind: "image" }>;

/** Failed attempts after which an unanswered job is looked for by its input before it is asked for again. */
const ADOPT_AFTER = 3;

/** What a handler may claim about the generation's job when it made none itself: an earlier handler may have. */
function neverExisted(claim: RunClaim): boolean {
  return claim.granted === "first";
}

async function refuse(batch: Batch, work: Work, original: Extract<Original, { kind: "refused" }>): Promise<Outcome> {
  const { code, message } = original;
  const now = batch.deps.clock.now();
  const until = code === "missing" ? await batch.missingUntil(work.id) : now + DEAD_PERMANENT_MS;
  return { kind: "refused", code, until, message };
}

/** What a submission that made no job is settled with. */
function outcomeOf(
  batch: Batch,
  result: Exclude<Submission, { kind: "made" }>,
  claim: RunClaim,
  input: string,
): Outcome {
  switch (result.kind) {
    case "throttled":
      return { kind: "throttled", until: batch.deps.clock.now() + (result.retryAfterMs ?? THROTTLED_MS) };
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

function orderOf(batch: Batch, work: Work, claim: RunClaim, original: Image): JobOrder {
  const { ledgerId } = batch.answer;
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

/** A job whose POST was never answered, though it exists: found by its input, known by ledger and generation. */
async function findUnanswered(batch: Batch, order: JobOrder, claim: RunClaim): Promise<IttybitJob | null> {
  if (claim.granted === "first" || claim.attempts < ADOPT_AFTER) return null;
  const page = await batch.connections.run(() => batch.deps.ittybit.list({ input: order.input }));
  if (page.kind !== "page") return null;
  const { ledger, gen } = order.metadata;
  return page.jobs.find(({ metadata }) => metadata.ledger === ledger && metadata.gen === gen) ?? null;
}

/** Waits for the submission's turn and sends it. An outcome instead of the job when there is none; null when the lease is lost. */
async function post(batch: Batch, order: JobOrder, work: Work, claim: RunClaim): Promise<Made | Outcome | null> {
  const { deps, lease, stop } = batch;
  const found = await findUnanswered(batch, order, claim);
  if (found !== null) return { kind: "made", job: found, replayed: true };
  const early = claim.notBefore - deps.clock.now();
  if (early > 0) await Promise.race([deps.sleep(early), stop.happened]);
  return batch.connections.run(async () => {
    await deps.at("before-post", work.key);
    if (stop.outcome !== null) return stop.outcome;
    if (!(await lease.ensure(LEASE_MIN_LEFT_MS))) return null;
    const result = await deps.ittybit.submit(order);
    await deps.at("posted", work.key);
    if (result.kind === "made") return result;
    const outcome = outcomeOf(batch, result, claim, order.input);
    if (outcome.kind === "throttled" || outcome.kind === "account") stop.set(outcome);
    return outcome;
  });
}

async function tell(batch: Batch): Promise<void> {
  batch.stop.told = true;
  await settleOutcomes(batch);
}

/** Submits one variant: the job to watch, or its outcome is set (none when the lease is lost). */
export async function submitJob(
  batch: Batch,
  work: Work,
  claim: RunClaim,
): Promise<(Watched & { input: string }) | null> {
  const { deps, outcomes } = batch;
  const original = await batch.probe(work.id);
  await deps.at("probed", work.key);
  if (original.kind === "refused") outcomes.set(work.key, await refuse(batch, work, original));
  if (original.kind === "failed") {
    const { class: failureClass, failure } = original;
    outcomes.set(work.key, { kind: "failed", class: failureClass, failure, posted: false, ended: neverExisted(claim) });
  }
  if (original.kind !== "image") return null;
  const order = orderOf(batch, work, claim, original);
  const result = await post(batch, order, work, claim);
  if (result?.kind !== "made") {
    if (result !== null) outcomes.set(work.key, result);
    // Every handler's gate must close now, not when this batch is done.
    if (batch.stop.outcome !== null && !batch.stop.told) await tell(batch);
    return null;
  }
  const now = deps.clock.now();
  const lookAt = result.replayed ? now : now + batch.answer.firstLookMs;
  const made = { size: expectedSize(work.transform, original.size), etag: original.etag };
  const { attempts } = claim;
  return { work, job: result.job.id, submittedAt: now, attempts, made, lookAt, looks: 0, input: order.input };
}

/** Remembers each missing original once per batch; its marker's life doubles with each batch that misses it. */
export function createMissing(deps: Batch["deps"], connections: Batch["connections"]): (id: string) => Promise<number> {
  const known = new Map<string, Promise<number>>();
  return (id) => {
    const until = known.get(id) ?? connections.run(() => markMissing(deps.images, id, deps.clock.now()));
    known.set(id, until);
    return until;
  };
}
