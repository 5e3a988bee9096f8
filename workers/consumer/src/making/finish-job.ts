import type { FailureClass } from "@prewarm/shared/job";
import { LEASE_MIN_LEFT_MS, OUTPUT_MAX_BYTES } from "@prewarm/shared/limits";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { expectedSize } from "../ittybit/job-request.ts";
import { type Bytes, type Download, openDownload } from "../ittybit/output/download.ts";
import { verifyOutput } from "../ittybit/output/verify.ts";
import type { Outcome } from "../ledger/contract.ts";
import { LedgerUnavailable } from "../ledger/ledger-unavailable.ts";
import { errorText, publicText } from "../platform/log.ts";
import { putVariant } from "../store/variants.ts";
import type { BatchContext, Expectation, Watched } from "./batch-context.ts";

/** A finished job and where its result can be fetched. */
export interface Result {
  kind: "result";
  job: IttybitJob;
  url: string;
}

/** When to try again after a failure that passes: the job is done, so no new one is made and no attempt is counted. */
const AGAIN_MS = 5_000;

function failed(failureClass: FailureClass, code: string, message: string): Outcome {
  return {
    kind: "failed",
    class: failureClass,
    failure: { code, message: publicText(message) },
    posted: true,
    ended: true,
  };
}

/** A job that ended without success. The second such end is taken for permanent. */
export function outcomeOfEnded(job: IttybitJob, attempts: number): Outcome {
  const message = job.error?.message ?? "the job failed";
  if (job.status === "cancelled") return failed("transient", "upstream_cancelled", message);
  const outcome = failed(attempts >= 1 ? "permanent" : "transient", "upstream_failed", message);
  const kind = job.error?.kind;
  if (outcome.kind === "failed" && typeof kind === "string") outcome.failure.kind = publicText(kind);
  return outcome;
}

function sideOf(text: string | undefined): number | null {
  const side = Number(text);
  return Number.isInteger(side) && side > 0 ? side : null;
}

/** From this batch's own submission, from the job's metadata, or from a look at the original. */
async function expectationOf(context: BatchContext, watched: Watched, job: IttybitJob): Promise<Expectation> {
  if (watched.made !== null) return watched.made;
  const { metadata } = job;
  const { work } = watched;
  if (metadata.ledger === context.answer.ledgerId && metadata.gen === String(work.claim.gen)) {
    const width = sideOf(metadata.width);
    const height = sideOf(metadata.height);
    return { size: width === null || height === null ? null : { width, height }, etag: metadata.etag ?? null };
  }
  const original = await context.probe(work.id);
  if (original.kind !== "image") return { size: null, etag: null };
  return { size: expectedSize(work.transform, original.size), etag: original.etag };
}

/** The outcome of a download that gave no bytes. On `gone` the caller has read the job once more before. */
function outcomeOfNoBytes(
  context: BatchContext,
  result: Exclude<Download | Bytes, { kind: "open" | "bytes" }>,
): Outcome {
  switch (result.kind) {
    case "gone":
      return failed("transient", "output_expired", `the result's URL answered HTTP ${result.status}`);
    case "too_large":
      return failed("permanent", "output_too_large", `the result is larger than ${OUTPUT_MAX_BYTES} bytes`);
    case "blocked":
      return failed("transient", "output_blocked", result.message);
    case "truncated":
      return failed("transient", "output_invalid", `the result is cut off: ${result.message}`);
    case "unreachable":
      // The bytes may still be there: look again. A generation's deadline bounds how often.
      return { kind: "pending", due: context.clock.now() + AGAIN_MS };
    default:
      return result satisfies never;
  }
}

async function openResult(context: BatchContext, watched: Watched, url: string): Promise<Download> {
  await context.at("before-download", watched.work.key);
  const { fetch, allowLoopbackHttp } = context;
  const settings = { fetch, allowLoopbackHttp, maxBytes: OUTPUT_MAX_BYTES };
  return context.connections.run(() => openDownload(url, settings));
}

/** Opens the result; a URL that has expired is asked for once more, for a re-read job may carry a fresh one. */
async function openFresh(context: BatchContext, watched: Watched, url: string): Promise<Download> {
  const first = await openResult(context, watched, url);
  if (first.kind !== "gone") return first;
  const look = await context.connections.run(() => context.ittybit.get(watched.ittybitJob));
  const fresh = look.kind === "job" ? look.job.output : null;
  return fresh === null ? first : openResult(context, watched, fresh);
}

/** Null when the lease is lost. */
async function storeVariant(
  context: BatchContext,
  watched: Watched,
  job: IttybitJob,
  bytes: Uint8Array,
): Promise<Outcome | null> {
  const { key, transform, claim, stored } = watched.work;
  const expected = await expectationOf(context, watched, job);
  const verdict = verifyOutput(bytes, {
    format: transform.format,
    size: expected.size,
    asked: transform,
    fit: transform.fit,
  });
  if (!verdict.ok) return failed("transient", "output_invalid", `the result is not the variant: ${verdict.message}`);
  const now = context.clock.now();
  const { gen } = claim;
  const metadata = { gen, job: watched.ittybitJob, sourceEtag: expected.etag, ...verdict.size, createdAt: now };
  const put = await context.connections.run(async () => {
    await context.at("before-put", key);
    if (!(await context.lease.ensure(LEASE_MIN_LEFT_MS))) return "lost";
    return putVariant(context.images, { key, bytes, format: transform.format, metadata }, stored);
  });
  await context.at("put", key);
  if (put === "lost") return null;
  // Somebody wrote since the head: look again.
  if (put === null) return { kind: "pending", due: now };
  const tookMs = (job.finishedAt ?? now) - (job.createdAt ?? watched.submittedAt);
  return { kind: "stored", gen, bytes: bytes.byteLength, etag: put.etag, tookMs: Math.max(0, tookMs) };
}

/** R2 did not answer. If the put has landed, the next look finds it. */
function outcomeOfThrow(context: BatchContext, key: string, error: unknown): Outcome {
  if (error instanceof LedgerUnavailable) throw error;
  context.log("variant.put_failed", { key, error: errorText(error) });
  return { kind: "pending", due: context.clock.now() + AGAIN_MS };
}

/** Fetches, judges and stores a finished job's result and sets the outcome; none when the lease is lost, for then nothing more may be done. */
export async function finishJob(context: BatchContext, watched: Watched, { job, url }: Result): Promise<void> {
  const { key } = watched.work;
  const download = await openFresh(context, watched, url);
  if (download.kind !== "open") {
    context.outcomes.set(key, outcomeOfNoBytes(context, download));
    return;
  }
  await context.memory.run(async () => {
    const body = await download.read();
    await context.at("downloaded", key);
    const outcome =
      body.kind === "bytes"
        ? await storeVariant(context, watched, job, body.bytes).catch((error) => outcomeOfThrow(context, key, error))
        : outcomeOfNoBytes(context, body);
    if (outcome !== null) context.outcomes.set(key, outcome);
  }, download.bytes);
}
