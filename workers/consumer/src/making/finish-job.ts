import type { FailureClass } from "@prewarm/shared/job";
import { LEASE_MIN_LEFT_MS, OUTPUT_MAX_BYTES } from "@prewarm/shared/limits";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { expectedSize, type Size } from "../ittybit/job-request.ts";
import { type Bytes, type Download, openDownload } from "../ittybit/output/download.ts";
import { verifyOutput } from "../ittybit/output/verify.ts";
import type { Outcome } from "../ledger/api.ts";
import { errorText, publicText } from "../platform/log.ts";
import { putVariant } from "../store/store-variant.ts";
import type { Batch, Watched } from "./batch-context.ts";
import { LedgerUnreachable } from "./handler-lease.ts";

/** When to try again what failed for reasons that pass: the job is done, so nothing is made anew and no attempt is counted. */
const AGAIN_MS = 5_000;

/** What is known of the original when the job was submitted. */
interface Source {
  size: Size | null;
  etag: string | null;
}

function failed(failureClass: FailureClass, code: string, message: string): Outcome {
  return {
    kind: "failed",
    class: failureClass,
    failure: { code, message: publicText(message) },
    posted: true,
    ended: true,
  };
}

/** A job that ended without success. The second time it is Ittybit's last word. */
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
async function sourceOf(batch: Batch, watched: Watched, job: IttybitJob): Promise<Source> {
  if (watched.made !== null) return watched.made;
  const { metadata } = job;
  const { work } = watched;
  if (metadata.ledger === batch.answer.ledgerId && metadata.gen === String(work.claim.gen)) {
    const width = sideOf(metadata.width);
    const height = sideOf(metadata.height);
    return { size: width === null || height === null ? null : { width, height }, etag: metadata.etag ?? null };
  }
  const original = await batch.probe(work.id);
  if (original.kind !== "image") return { size: null, etag: null };
  return { size: expectedSize(work.transform, original.size), etag: original.etag };
}

/** An outcome for a download that gave no bytes. `gone` is the caller's: it reads the job once more first. */
function outcomeOfNoBytes(batch: Batch, result: Exclude<Download | Bytes, { kind: "open" | "bytes" }>): Outcome {
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
      return { kind: "pending", due: batch.deps.clock.now() + AGAIN_MS };
    default:
      return result satisfies never;
  }
}

async function openResult(batch: Batch, watched: Watched, url: string): Promise<Download> {
  const { deps } = batch;
  await deps.at("before-download", watched.work.key);
  const settings = { fetch: deps.fetch, allowLoopbackHttp: deps.allowLoopbackHttp, maxBytes: OUTPUT_MAX_BYTES };
  return batch.connections.run(() => openDownload(url, settings));
}

/** Opens the result; a URL that has expired is asked for once more, for a re-read job may carry a fresh one. */
async function openFresh(batch: Batch, watched: Watched, url: string): Promise<Download> {
  const first = await openResult(batch, watched, url);
  if (first.kind !== "gone") return first;
  const look = await batch.connections.run(() => batch.deps.ittybit.get(watched.job));
  const fresh = look.kind === "job" ? look.job.output : null;
  return fresh === null ? first : openResult(batch, watched, fresh);
}

async function store(batch: Batch, watched: Watched, job: IttybitJob, bytes: Uint8Array): Promise<Outcome | null> {
  const { deps } = batch;
  const { key, transform, claim, seen } = watched.work;
  const source = await sourceOf(batch, watched, job);
  const verdict = verifyOutput(bytes, {
    format: transform.format,
    size: source.size,
    asked: transform,
    fit: transform.fit,
  });
  if (!verdict.ok) return failed("transient", "output_invalid", `the result is not the variant: ${verdict.message}`);
  const now = deps.clock.now();
  const { gen } = claim;
  const metadata = { gen, job: watched.job, sourceEtag: source.etag, ...verdict.size, createdAt: now };
  const put = await batch.connections.run(async () => {
    await deps.at("before-put", key);
    if (!(await batch.lease.ensure(LEASE_MIN_LEFT_MS))) return "lost";
    return putVariant(deps.images, { key, bytes, format: transform.format, metadata }, seen);
  });
  await deps.at("put", key);
  if (put === "lost") return null;
  // Somebody wrote since the head: look again.
  if (put === null) return { kind: "pending", due: now };
  const tookMs = (job.finishedAt ?? now) - (job.createdAt ?? watched.submittedAt);
  return { kind: "stored", gen, bytes: bytes.byteLength, etag: put.etag, tookMs: Math.max(0, tookMs) };
}

/** Fetches, judges and stores a finished job's result. Null when the lease is lost: then nothing more may be done. */
export async function storeResult(
  batch: Batch,
  watched: Watched,
  job: IttybitJob,
  url: string,
): Promise<Outcome | null> {
  const download = await openFresh(batch, watched, url);
  if (download.kind !== "open") return outcomeOfNoBytes(batch, download);
  return batch.memory.run(async () => {
    const body = await download.read();
    await batch.deps.at("downloaded", watched.work.key);
    if (body.kind !== "bytes") return outcomeOfNoBytes(batch, body);
    try {
      return await store(batch, watched, job, body.bytes);
    } catch (error) {
      if (error instanceof LedgerUnreachable) throw error;
      // R2 did not answer. If the put has landed, the next look finds it.
      batch.deps.log("variant.put_failed", { key: watched.work.key, error: errorText(error) });
      return { kind: "pending", due: batch.deps.clock.now() + AGAIN_MS };
    }
  }, download.bytes);
}
