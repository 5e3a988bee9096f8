import { sniffType } from "@prewarm/shared/image-header";
import { errorText } from "@prewarm/shared/log";
import { samePicture } from "@prewarm/shared/same-picture";
import { parseVariantKey, storeKey, variantKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import type { VariantOutcome } from "../images/calls.ts";
import { putVariant } from "../store/variants.ts";
import { type BatchContext, mayWrite, rankOf } from "./batch-context.ts";
import type { HeldClaim, Prepared } from "./held-claims.ts";
import { present, settle } from "./settle.ts";

/*
 * Prewarm enlarges nothing, so all widths above that of the original show the same picture. The recipe of an upload
 * orders them all. A handler makes one of them, and the others are copies of it in R2, which cost no job.
 */

/** A variant that is put back is due again after this: most jobs have ended by then. */
const AGAIN_MS = 20_000;

/** The key of the variant with the same picture that is made. Null: it is this one. */
function keyOfSame(
  { config }: BatchContext,
  { key: own, image, transform }: HeldClaim,
  { original }: Prepared,
): string | null {
  if (original.size === null) return null;
  const same = samePicture(transform, original.size, config);
  const key = variantKey(image, same, parseVariantKey(own)?.v ?? null);
  return key === own ? null : key;
}

/**
 * Settles the claim by a copy. False: it has not, because there is nothing to copy, or an earlier handler may have made
 * a job.
 */
export async function copySame(context: BatchContext, claim: HeldClaim, prepared: Prepared): Promise<boolean> {
  const key = keyOfSame(context, claim, prepared);
  if (key === null || (claim.phase !== "standby" && !claim.assignment.first)) return false;
  try {
    const outcome = await copy(context, claim, prepared, key);
    if (outcome === null) return false;
    await settle(context, claim, outcome);
  } catch (error) {
    context.log("variant.copy_failed", { key: claim.key, error: errorText(error) });
    return false;
  } finally {
    claim.begun = false;
  }
  return true;
}

/** Null: R2 has no variant of this original, at or above the floor, to copy. */
async function copy(
  context: BatchContext,
  claim: HeldClaim,
  { stored, original }: Prepared,
  from: string,
): Promise<VariantOutcome | null> {
  const { assignment, key, transform } = claim;
  const rank = rankOf(claim, "result");
  const object = await context.connections.run(() => context.images.get(storeKey(from)), { rank });
  if (object === null) return null;
  const made = fromCustomMetadata(object.customMetadata);
  if (made === null || made.gen < assignment.floor || made.sourceEtag !== original.etag) {
    await object.body.cancel();
    return null;
  }
  // biome-ignore lint/plugin: an object that the consumer wrote
  const bytes = new Uint8Array(await context.connections.run(() => object.arrayBuffer(), { rank }));
  await context.at("before-put", key);
  if (claim.isDropped || claim.isStopped || !mayWrite(context)) return null;
  claim.begun = true;
  const metadata = { ...made, gen: assignment.gen, createdAt: context.clock.now() };
  // The other variant may be a PNG that stands in for a JPEG.
  const format = sniffType(bytes) === "png" ? "png" : transform.format;
  const variant = { key, bytes, format, metadata };
  const put = await context.connections.run(() => putVariant(context.images, variant, stored), { rank });
  await context.at("put", key);
  // The object has changed since the head: the job is prepared again.
  if (put === null) return { kind: "pending", due: context.clock.now() };
  claim.smaller = made.smaller ?? [];
  return present({ bytes: bytes.byteLength, gen: assignment.gen }, false);
}

/**
 * Puts the claim back while this handler holds the variant with the same picture. The next preparation copies that
 * variant. If it is not stored then, and another handler holds it, a job is made.
 */
export async function putBack(context: BatchContext, claim: HeldClaim, prepared: Prepared): Promise<boolean> {
  const key = keyOfSame(context, claim, prepared);
  if (key === null || claim.assignment.urgent || !context.held.holds(key)) return false;
  await settle(context, claim, { kind: "pending", due: context.clock.now() + AGAIN_MS });
  return true;
}
