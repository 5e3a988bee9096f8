import { LEASE_MIN_LEFT_MS } from "@prewarm/shared/limits";
import type { Batch, Watched, Work } from "./batch.ts";
import type { JobOrder, Submission } from "./ittybit/client.ts";
import type { IttybitJob } from "./ittybit/dialects.ts";
import { expectedSize, jobOptions } from "./ittybit/job-request.ts";
import type { Claim, Outcome } from "./ledger/api.ts";
import type { Original } from "./originals/probe.ts";
import { markMissing } from "./store-variant.ts";

type RunClaim = Extract<Claim, { do: "run" }>;
type Image = Extract<Original, { kind: "image" }>;

/** Without a `Retry-After` a 429 closes the gate for this long. */
const THROTTLED_MS = 10_000;
/** Refusals that only a new original cures: the day after which the marker's lifecycle rule forgets them. */
const REFUSED_MS = 86_400_000;
/** Failed attempts after which an unanswered job is looked for by its input before it is asked for again. */
const ADOPT_AFTER = 3;

/** What a handler may claim about the generation's job when it made none itself: an earlier handler may have. */
function neverExisted(claim: RunClaim): boolean {
  return claim.granted === "first";
}

async function refuse(batch: Batch, work: Work, original: Extract<Original, { kind: "refused" }>): Promise<Outcome> {
  const { code, message } = original;
  const now = batch.deps.clock.now();
  const until = code === "missing" ? await batch.missingUntil(work.id) : now + REFUSED_MS;
  return { kind: "refused", code, until, message };
}

/** The outcome when a submission made no job, or null when it did. The first 429 or refusal of the account stops the rest. */
function outcomeOf(batch: Batch, result: Exclude<Submission, { kind: "made" }>, claim: RunClaim): Outcome {
  switch (result.kind) {
    case "throttled":
      batch.stop ??= { kind: "throttled", until: batch.deps.clock.now() + (result.retryAfterMs ?? THROTTLED_MS) };
      return batch.stop;
    case "account":
      batch.stop = { kind: "account", status: result.status, message: result.message };
      return batch.stop;
    case "rejected":
      return { kind: "failed", class: "permanent", failure: result.failure, posted: false, ended: neverExisted(claim) };
    case "unclear":
      return { kind: "unclear", failure: result.failure };
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

/** Waits for the submission's turn; null when the batch has been stopped or has lost its lease meanwhile. */
async function post(
  batch: Batch,
  order: JobOrder,
  work: Work,
  claim: RunClaim,
): Promise<Submission | "lost" | "stopped"> {
  const { deps, lease } = batch;
  const found = await findUnanswered(batch, order, claim);
  if (found !== null) return { kind: "made", job: found, replayed: true };
  const early = claim.notBefore - deps.clock.now();
  if (early > 0) await deps.sleep(early);
  return batch.connections.run(async () => {
    await deps.at("before-post", work.key);
    if (batch.stop !== null) return "stopped";
    if (!(await lease.ensure(LEASE_MIN_LEFT_MS))) return "lost";
    const result = await deps.ittybit.submit(order);
    await deps.at("posted", work.key);
    return result;
  });
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
  if (result === "lost") return null;
  if (result === "stopped" || result.kind !== "made") {
    const outcome = result === "stopped" ? batch.stop : outcomeOf(batch, result, claim);
    if (outcome !== null) outcomes.set(work.key, outcome);
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
