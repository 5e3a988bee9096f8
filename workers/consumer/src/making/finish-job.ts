import type { Format } from "@prewarm/shared/config";
import { sniffType } from "@prewarm/shared/image-header";
import type { Failure, FailureClass } from "@prewarm/shared/job";
import { errorText, publicText } from "@prewarm/shared/log";
import { resolveOriginal } from "@prewarm/shared/source";
import type { Body, Failed, Finished, Made, Opened, Result, Unfetched } from "../engine.ts";
import type { VariantOutcome } from "../images/calls.ts";
import { expectedSize } from "../output/expected-size.ts";
import { addLabels } from "../output/labels/add-labels.ts";
import type { Labels } from "../output/labels/labels.ts";
import { stripMetadata } from "../output/strip/strip-metadata.ts";
import { type Verdict, verifyOutput } from "../output/verify.ts";
import { secretsOf } from "../platform/signed-url.ts";
import { putVariant, type StoredObject } from "../store/variants.ts";
import { RESULT_WITHIN_MS } from "../times.ts";
import { type BatchContext, generationOf, lookAt, mayWrite, rankOf } from "./batch-context.ts";
import { type HeldClaim, type Prepared, stagedNameOf, versionOf } from "./held-claims.ts";
import { findOpaquePngs, isShownOpaque } from "./opaque-picture.ts";
import { head, prepare } from "./prepare.ts";
import { present, settle } from "./settle.ts";

/** The properties that a result must have. `originalBytes`: bytes of its original; null: not known. */
interface Expectation extends Made {
  format: Format;
  originalBytes: number | null;
}

/**
 * A job that is done is due again after `least` when a failure passes: no new job is made and no attempt is counted. A
 * result is fetched again after half the time that it has been missing, within these.
 */
const AGAIN_MS = { least: 5_000, most: 60_000 };

function again(context: BatchContext): VariantOutcome {
  return { kind: "pending", due: context.clock.now() + AGAIN_MS.least };
}

/** The secrets in the URLs of the original of a job. No message shows them. */
async function secretsOfJob({ originals, config }: BatchContext, claim: HeldClaim) {
  const { image, assignment } = claim;
  const isSigned = originals.bucketOriginalUrl !== null && resolveOriginal(config, image)?.kind === "bucket";
  const own = isSigned ? await originals.bucketOriginalUrl?.(image, assignment.grantedAt) : null;
  const name = stagedNameOf(claim);
  const staged = name === null ? null : await originals.stagedUrl?.(name);
  return [own ?? null, staged ?? null].flatMap(secretsOf);
}

/** The outcome of a job that has ended without a result to store. */
function ended(failureClass: FailureClass, failure: Failure): VariantOutcome {
  return { kind: "failed", class: failureClass, failure, external: "ended" };
}

/**
 * The outcome of a paid job whose result could not be fetched: its result is fetched again until RESULT_WITHIN_MS after
 * the first refusal. So a host that fails for a while costs no second job. Our own clocks count, because the engine's may
 * be an hour off: the ledger's says since when, and the handler's, seconds off at most, until when.
 */
function keptUnfetched(
  context: BatchContext,
  { assignment }: HeldClaim,
  { code, status, message }: Unfetched,
): VariantOutcome {
  const now = context.clock.now();
  const missing = assignment.unfetchedSince === null ? 0 : now - assignment.unfetchedSince;
  if (missing >= RESULT_WITHIN_MS)
    return ended("transient", { code, message, ...(status === null ? {} : { httpStatus: status }) });
  const wait = Math.min(Math.max(AGAIN_MS.least, missing / 2), AGAIN_MS.most, RESULT_WITHIN_MS - missing);
  return { kind: "pending", due: now + Math.ceil(wait), unfetched: { code, status, message } };
}

type NoBytes = { kind: "later" } | Unfetched | Failed;

/** The outcome of a job that gave no bytes. */
async function outcomeOf(context: BatchContext, claim: HeldClaim, result: NoBytes): Promise<VariantOutcome> {
  switch (result.kind) {
    case "later":
      return again(context);
    case "unfetched":
      return keptUnfetched(context, claim, result);
    case "failed": {
      const { class: failureClass, failure } = result;
      const secrets = await secretsOfJob(context, claim);
      const kind = failure.kind === undefined ? {} : { kind: publicText(failure.kind, secrets) };
      return ended(failureClass, { ...failure, message: publicText(failure.message, secrets), ...kind });
    }
    default:
      return result satisfies never;
  }
}

/**
 * The format of a result whose order is not known: the asked one if a WebP shows that the picture is opaque, else the
 * one that stands in.
 */
async function guessFormat(
  context: BatchContext,
  claim: HeldClaim,
  original: Prepared["original"],
  result: Uint8Array,
): Promise<Format> {
  const { format: asked } = claim.transform;
  const usual = context.engine.formatOf(asked, original.alpha);
  if (usual === asked || sniffType(result) === usual) return usual;
  return (await isShownOpaque(context, claim, original)) ? asked : usual;
}

/** From this handler's preparation, else from the job, else from the original as it is now. */
async function expectationOf(
  context: BatchContext,
  claim: HeldClaim,
  made: Made | null,
  result: Uint8Array,
): Promise<Expectation> {
  const own = claim.posted ? await claim.prepared : null;
  const { format: asked } = claim.transform;
  if (own === null && made !== null) return { ...made, format: made.format ?? asked, originalBytes: null };
  const original = own?.original ?? (await lookAt(context, versionOf(claim), rankOf(claim, "result")));
  if (original.kind !== "image") return { size: null, format: asked, etag: null, originalBytes: null, alpha: false };
  const { size, etag, alpha, bytes: originalBytes } = original;
  const format = made === null ? await guessFormat(context, claim, original, result) : (made.format ?? asked);
  return { size: expectedSize(claim.transform, size), format, etag, originalBytes, alpha };
}

/** The labels of the original that the job was made from, from this handler's look at it or a new one. Null: none are wanted or known. */
async function labelsOf(context: BatchContext, claim: HeldClaim, etag: string | null): Promise<Labels | null> {
  if (!context.config.labels) return null;
  const original = claim.original ?? (await lookAt(context, versionOf(claim), rankOf(claim, "result")));
  if (original.kind !== "image" || original.etag !== etag) return null;
  if (original.leftOut?.includes("long_text")) context.counts.longTexts += 1;
  return original.labels ?? null;
}

/** The result of the job, as the engine reads it. */
function resultOf(context: BatchContext, claim: HeldClaim): Result {
  const { sight: job, grantedAt: admittedAt, unfetchedSince } = claim.assignment;
  if (job === null) return { kind: "later" };
  const generation = generationOf(context, claim);
  return context.engine.resultOf({ generation, job, admittedAt, isRetry: unfetchedSince !== null });
}

/**
 * The engine made a whole picture, so a wrong one fails the job. A page, a part or no bytes came from the host, so they
 * are fetched again.
 */
function outcomeOfWrong(
  context: BatchContext,
  claim: HeldClaim,
  { isPicture, message }: Extract<Verdict, { ok: false }>,
  from: string,
): VariantOutcome {
  if (isPicture)
    return ended("transient", { code: "output_invalid", message: `the result is not the variant: ${message}` });
  const unfetched = { kind: "unfetched", code: "output_invalid", status: 200 } as const;
  return keptUnfetched(context, claim, { ...unfetched, message: `${from}, and ${message}` });
}

/** Verifies the bytes, removes their metadata, adds the labels, and puts them if R2 still holds the object `before`. */
async function storeVariant(
  context: BatchContext,
  claim: HeldClaim,
  made: Made | null,
  body: Extract<Body, { kind: "bytes" }>,
  before: StoredObject | null,
): Promise<VariantOutcome> {
  const { transform, assignment, key } = claim;
  const { gen } = assignment;
  const expected = await expectationOf(context, claim, made, body.bytes);
  const { format } = expected;
  const verdict = verifyOutput(body.bytes, { format, size: expected.size, asked: transform, fit: transform.fit });
  if (!verdict.ok) return outcomeOfWrong(context, claim, verdict, body.from);
  const stripped = stripMetadata(body.bytes, format);
  if (!stripped.ok) {
    const message = `metadata cannot be taken out of the result: ${stripped.message}`;
    return ended("permanent", { code: "output_metadata", message });
  }
  if (stripped.removed.length > 0) context.counts.stripped += 1;
  const { etag: sourceEtag, originalBytes } = expected;
  const labels = await labelsOf(context, claim, sourceEtag);
  const bytes = labels === null ? stripped.bytes : addLabels(stripped.bytes, format, labels);
  const { id: job = "", createdAt = null, finishedAt = null } = assignment.sight ?? {};
  const metadata = { gen, job, sourceEtag, originalBytes, ...verdict.size, createdAt: context.clock.now() };
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
  // The object has changed since the head, or the lease is too short: the job is prepared again.
  if (put === null) return { kind: "pending", due: now };
  claim.smaller = [];
  claim.made = metadata;
  if (expected.alpha) claim.opaquePngs = await findOpaquePngs(context, claim, { bytes, format, etag: sourceEtag });
  const tookMs = (finishedAt ?? now) - (createdAt ?? assignment.grantedAt);
  return { kind: "stored", bytes: bytes.byteLength, tookMs: Math.max(0, tookMs) };
}

/** The outcome if R2 did not answer. If the put has landed, the next head finds the object. */
function outcomeOfThrow(context: BatchContext, key: string, error: unknown): VariantOutcome {
  context.log("variant.put_failed", { key, error: errorText(error) });
  return again(context);
}

/**
 * The object that the put may replace: as this handler saw it before its POST, else as R2 has it now. Null: the claim
 * is settled.
 */
async function beforePut(context: BatchContext, claim: HeldClaim): Promise<{ stored: StoredObject | null } | null> {
  const own = claim.posted ? await claim.prepared : null;
  if (own !== null) return own;
  const found = await head(context, claim, rankOf(claim, "result"));
  if (found?.stored?.gen !== claim.assignment.gen) return found;
  await settle(context, claim, present(found.stored, true));
  return null;
}

/**
 * The same for a job from before a restore, whose original may have changed since. If it has, the outcome is
 * `outdated`. An original without an etag cannot be compared, and counts as the same.
 */
async function sameOriginal(
  context: BatchContext,
  claim: HeldClaim,
  { made }: Finished,
): Promise<{ stored: StoredObject | null } | null> {
  const prepared = await prepare(context, claim, false);
  const etag = made?.etag ?? null;
  if (prepared === null || (etag !== null && etag === prepared.original.etag)) return prepared;
  await settle(context, claim, { kind: "outdated" });
  return null;
}

async function openResult(context: BatchContext, claim: HeldClaim, result: Finished): Promise<Opened> {
  await context.at("before-download", claim.key);
  return context.connections.run(
    async () => {
      claim.begun = true;
      return result.open();
    },
    { rank: rankOf(claim, "result") },
  );
}

/** Fetches, verifies and stores the result of a job that has ended, or settles its failure. */
export async function finishJob(context: BatchContext, claim: HeldClaim): Promise<void> {
  const { key } = claim;
  const result = resultOf(context, claim);
  if (result.kind !== "finished") return settle(context, claim, await outcomeOf(context, claim, result));
  const { beforeRestore } = claim.assignment;
  const before = beforeRestore ? await sameOriginal(context, claim, result) : await beforePut(context, claim);
  if (before === null || claim.isDropped) return;
  const opened = await openResult(context, claim, result);
  if (opened.kind !== "open") return settle(context, claim, await outcomeOf(context, claim, opened));
  const finish = async (): Promise<void> => {
    const body = await opened.read();
    await context.at("downloaded", key);
    const outcome =
      body.kind === "bytes"
        ? await storeVariant(context, claim, result.made, body, before.stored).catch((error) =>
            outcomeOfThrow(context, key, error),
          )
        : await outcomeOf(context, claim, body);
    await settle(context, claim, outcome);
  };
  await context.memory.run(finish, { weight: opened.bytes, rank: rankOf(claim, "result") });
}
