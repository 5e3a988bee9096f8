import { FORMATS, type Format } from "@prewarm/shared/config";
import { sniffType } from "@prewarm/shared/image-header";
import { errorText, publicText } from "@prewarm/shared/log";
import { resolveOriginal } from "@prewarm/shared/source";
import type { VariantOutcome } from "../images/calls.ts";
import type { IttybitJob } from "../ittybit/dialects.ts";
import { isAnothers } from "../ittybit/job-order.ts";
import { expectedSize, madeFormat, type Size } from "../ittybit/job-request.ts";
import type { Bytes } from "../ittybit/output/download.ts";
import { stripMetadata } from "../ittybit/output/strip/strip-metadata.ts";
import { type Verdict, verifyOutput } from "../ittybit/output/verify.ts";
import { secretsOf } from "../platform/signed-url.ts";
import { putVariant, type StoredObject } from "../store/variants.ts";
import { type BatchContext, lookAt, mayWrite, rankOf } from "./batch-context.ts";
import { failed } from "./failed.ts";
import { keptUnfetched, openFresh, outcomeOfNoBytes, readDone } from "./fetch-result.ts";
import type { HeldClaim } from "./held-claims.ts";
import { findOpaquePngs, isShownOpaque } from "./opaque-picture.ts";
import { head, prepare } from "./prepare.ts";
import { present, settle } from "./settle.ts";
import { ofAnother } from "./submit-job.ts";

/** What a result is judged by: the size and format it must have, and the etag and bytes of the original it was made from; null when unknown. */
interface Expectation {
  size: Size | null;
  format: Format;
  etag: string | null;
  originalBytes: number | null;
  /** The original has an alpha channel. */
  alpha: boolean;
}

/** When to try again after a failure that passes: the job is done, so no new one is made and no attempt is counted. */
const AGAIN_MS = 5_000;
/** How long a job that is done may take to show its result. */
const OUTPUT_WITHIN_MS = 15_000;

function again(context: BatchContext): VariantOutcome {
  return { kind: "pending", due: context.clock.now() + AGAIN_MS };
}

/** What must appear in no message about a job: what makes the URLs work of its original and of its result. */
async function secretsOfJob(
  { originals, config }: BatchContext,
  { image, given, staging }: HeldClaim,
  job: IttybitJob,
) {
  const isSigned = originals.bucketOriginalUrl !== null && resolveOriginal(config, image)?.kind === "bucket";
  const own = isSigned ? await originals.bucketOriginalUrl?.(image, given.grantedAt) : null;
  const staged = staging === null ? null : await originals.stagedUrl?.({ id: image, number: staging.number });
  return [own ?? null, staged ?? null, job.input, job.output].flatMap(secretsOf);
}

/** A job that ended without success. A job that fails once more at Ittybit fails because of its original. */
async function outcomeOfEnded(context: BatchContext, claim: HeldClaim, job: IttybitJob): Promise<VariantOutcome> {
  const message = job.error?.message ?? "the job failed";
  const secrets = await secretsOfJob(context, claim, job);
  if (job.status === "cancelled") return failed("transient", "upstream_cancelled", message, secrets);
  const outcome = failed("once", "upstream_failed", message, secrets);
  const kind = job.error?.kind;
  if (typeof kind === "string") outcome.failure.kind = publicText(kind, secrets);
  return outcome;
}

function sideOf(text: string | undefined): number | null {
  const side = Number(text);
  return Number.isInteger(side) && side > 0 ? side : null;
}

/** From this handler's own look at the original, from the job's metadata, or from a look now. */
async function expectationOf(
  context: BatchContext,
  claim: HeldClaim,
  { metadata }: IttybitJob,
  result: Uint8Array,
): Promise<Expectation> {
  const own = claim.posted ? await claim.prepared : null;
  const { format: asked } = claim.transform;
  const isShown = metadata.ledger === context.ledgerId && metadata.gen === String(claim.given.gen);
  const shown = FORMATS.find((one) => one === metadata.format) ?? asked;
  if (own === null && isShown) {
    const width = sideOf(metadata.width);
    const height = sideOf(metadata.height);
    const size = width === null || height === null ? null : { width, height };
    const alpha = metadata.alpha !== undefined;
    return { size, format: shown, etag: metadata.etag ?? null, originalBytes: null, alpha };
  }
  const original = own?.original ?? (await lookAt(context, claim.image, rankOf(claim, "result")));
  if (original.kind !== "image") return { size: null, format: asked, etag: null, originalBytes: null, alpha: false };
  const { size, etag, alpha, bytes: originalBytes } = original;
  // What the job was asked for is not shown. A PNG is always right, and a JPEG if a WebP shows that it can be one.
  const mustBePng = async () => sniffType(result) === "png" || !(await isShownOpaque(context, claim, original));
  const format = isShown ? shown : madeFormat(asked, alpha && (await mustBePng()));
  return { size: expectedSize(claim.transform, size), format, etag, originalBytes, alpha };
}

/** The job with its result's URL, or what is to be said instead. */
async function resultOf(
  context: BatchContext,
  claim: HeldClaim,
): Promise<{ job: IttybitJob; url: string } | VariantOutcome> {
  const { job: id, gen, sight, grantedAt, unfetchedSince } = claim.given;
  const now = context.clock.now();
  // Done, and its result not shown yet, or not to be fetched where it was: the job is read once more.
  const isToRead = sight?.status === "done" && (sight.output === null || unfetchedSince !== null);
  const fresh = isToRead && id !== null ? await readDone(context, claim, id) : null;
  const job = fresh?.output == null ? sight : fresh;
  if (job === null || job.status === "pending") return again(context);
  if (isAnothers(job, { ledger: context.ledgerId, gen: String(gen), key: claim.key })) return ofAnother(job.id);
  if (job.status !== "done") return outcomeOfEnded(context, claim, job);
  if (job.output !== null) return { job, url: job.output };
  const since = Math.min(
    now - grantedAt,
    job.finishedAt === null ? Number.POSITIVE_INFINITY : Math.abs(now - job.finishedAt),
  );
  return since < OUTPUT_WITHIN_MS
    ? again(context)
    : failed("transient", "output_missing", "the job is done and names no result");
}

/** A whole picture is what Ittybit made. Anything else came in its place: a page, nothing, or a part. */
function outcomeOfWrong(
  context: BatchContext,
  claim: HeldClaim,
  { isPicture, message }: Extract<Verdict, { ok: false }>,
  from: string,
): VariantOutcome {
  if (isPicture) return failed("transient", "output_invalid", `the result is not the variant: ${message}`);
  const unfetched = { kind: "unfetched", code: "output_invalid", status: 200 } as const;
  return keptUnfetched(context, claim, { ...unfetched, message: `${from}, and ${message}` });
}

/** Judges the bytes, takes metadata out of them, and puts them in place of what the head saw. */
async function storeVariant(
  context: BatchContext,
  claim: HeldClaim,
  job: IttybitJob,
  body: Extract<Bytes, { kind: "bytes" }>,
  before: StoredObject | null,
): Promise<VariantOutcome> {
  const { transform, given, key } = claim;
  const { gen } = given;
  const expected = await expectationOf(context, claim, job, body.bytes);
  const { format } = expected;
  const verdict = verifyOutput(body.bytes, { format, size: expected.size, asked: transform, fit: transform.fit });
  if (!verdict.ok) return outcomeOfWrong(context, claim, verdict, body.from);
  const stripped = stripMetadata(body.bytes, format);
  if (!stripped.ok)
    return failed("permanent", "output_metadata", `metadata cannot be taken out of the result: ${stripped.message}`);
  if (stripped.removed.length > 0) context.counts.stripped += 1;
  const { bytes } = stripped;
  const { etag: sourceEtag, originalBytes } = expected;
  const metadata = { gen, job: job.id, sourceEtag, originalBytes, ...verdict.size, createdAt: context.clock.now() };
  const put = await context.connections.run(
    async () => {
      await context.at("before-put", key);
      if (claim.isDropped || claim.isStopped) return "stopped";
      if (!mayWrite(context)) return null;
      return putVariant(context.images, { key, bytes, format, metadata }, before);
    },
    { rank: rankOf(claim, "result") },
  );
  await context.at("put", key);
  if (put === "stopped") return { kind: "stopped" };
  const now = context.clock.now();
  // Somebody wrote since the head, or the lease is too short: to be looked at anew.
  if (put === null) return { kind: "pending", due: now };
  claim.smaller = [];
  claim.made = metadata;
  if (expected.alpha) claim.opaquePngs = await findOpaquePngs(context, claim, { bytes, format, etag: sourceEtag });
  const tookMs = (job.finishedAt ?? now) - (job.createdAt ?? given.grantedAt);
  return { kind: "stored", bytes: bytes.byteLength, tookMs: Math.max(0, tookMs) };
}

/** R2 did not answer. If the put has landed, the next look finds it. */
function outcomeOfThrow(context: BatchContext, key: string, error: unknown): VariantOutcome {
  context.log("variant.put_failed", { key, error: errorText(error) });
  return again(context);
}

/** What the put may replace: as this handler saw it before its POST, or as it stands now. Null when the claim is settled. */
async function beforePut(context: BatchContext, claim: HeldClaim): Promise<{ stored: StoredObject | null } | null> {
  const own = claim.posted ? await claim.prepared : null;
  if (own !== null) return own;
  const found = await head(context, claim, rankOf(claim, "result"));
  if (found?.stored?.gen !== claim.given.gen) return found;
  await settle(context, claim, present(found.stored, true));
  return null;
}

/**
 * Of a job from before a restore: the ledger does not know what became of its original since. What stands in R2, if the original is still the one
 * that the job was made from; null when the claim is settled. An original without an etag cannot be compared.
 */
async function sameOriginal(
  context: BatchContext,
  claim: HeldClaim,
  { metadata }: IttybitJob,
): Promise<{ stored: StoredObject | null } | null> {
  const prepared = await prepare(context, claim, false);
  if (prepared === null || (metadata.etag !== undefined && metadata.etag === prepared.original.etag)) return prepared;
  await settle(context, claim, { kind: "outdated" });
  return null;
}

/** Fetches, judges and stores a finished job's result, or says how it failed. */
export async function finishJob(context: BatchContext, claim: HeldClaim): Promise<void> {
  const { key } = claim;
  const result = await resultOf(context, claim);
  if ("kind" in result) return settle(context, claim, result);
  const { job, url } = result;
  const before = claim.given.beforeRestore ? await sameOriginal(context, claim, job) : await beforePut(context, claim);
  if (before === null || claim.isDropped) return;
  const download = await openFresh(context, claim, job, url);
  if (download.kind !== "open") return settle(context, claim, outcomeOfNoBytes(context, claim, download));
  const finish = async (): Promise<void> => {
    const body = await download.read();
    await context.at("downloaded", key);
    const outcome =
      body.kind === "bytes"
        ? await storeVariant(context, claim, job, body, before.stored).catch((error) =>
            outcomeOfThrow(context, key, error),
          )
        : outcomeOfNoBytes(context, claim, body);
    await settle(context, claim, outcome);
  };
  await context.memory.run(finish, { weight: download.bytes, rank: rankOf(claim, "result") });
}
