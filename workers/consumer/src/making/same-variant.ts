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
 * Nothing is enlarged, so every width from the original's own up is the same picture. An upload's recipe names them all before anybody has
 * seen the original; here one of them is made, and the others are copies of it in R2, which cost no job.
 */

/** When such a variant is looked at again: most jobs have ended by then. */
const AGAIN_MS = 20_000;

/** The key of the variant that is made for this one; null: it stands for itself. */
function keyOfSame(
  { config }: BatchContext,
  { key: own, image, transform }: HeldClaim,
  { original }: Prepared,
): string | null {
  if (original.size === null) return null;
  const one = samePicture(transform, original.size, config);
  const key = variantKey(image, one, parseVariantKey(own)?.v ?? null);
  return key === own ? null : key;
}

/** True when the claim is settled by a copy. Of a generation that somebody else was granted a job may run: then it is left to that. */
export async function copySame(context: BatchContext, claim: HeldClaim, prepared: Prepared): Promise<boolean> {
  const key = keyOfSame(context, claim, prepared);
  if (key === null || (claim.phase !== "standby" && !claim.given.first)) return false;
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

/** Null: there is nothing to copy, of this original and not outdated. */
async function copy(
  context: BatchContext,
  claim: HeldClaim,
  { stored, original }: Prepared,
  from: string,
): Promise<VariantOutcome | null> {
  const { given, key, transform } = claim;
  const rank = rankOf(claim, "result");
  const object = await context.connections.run(() => context.images.get(storeKey(from)), { rank });
  if (object === null) return null;
  const made = fromCustomMetadata(object.customMetadata);
  if (made === null || made.gen < given.floor || made.sourceEtag !== original.etag) {
    await object.body.cancel();
    return null;
  }
  // biome-ignore lint/plugin: an object that the consumer wrote
  const bytes = new Uint8Array(await context.connections.run(() => object.arrayBuffer(), { rank }));
  await context.at("before-put", key);
  if (claim.isDropped || claim.isStopped || !mayWrite(context)) return null;
  claim.begun = true;
  const metadata = { ...made, gen: given.gen, createdAt: context.clock.now() };
  // As the other one was made: a PNG may stand in for it.
  const format = sniffType(bytes) === "png" ? "png" : transform.format;
  const variant = { key, bytes, format, metadata };
  const put = await context.connections.run(() => putVariant(context.images, variant, stored), { rank });
  await context.at("put", key);
  // Somebody wrote since the head: to be looked at anew.
  if (put === null) return { kind: "pending", due: context.clock.now() };
  claim.smaller = made.smaller ?? [];
  return present({ bytes: bytes.byteLength, gen: given.gen }, false);
}

/**
 * Puts the claim back while this handler holds the variant that is made for it. The next look copies that variant, or,
 * where it is not stored and another handler holds it, makes a job.
 */
export async function putBack(context: BatchContext, claim: HeldClaim, prepared: Prepared): Promise<boolean> {
  const key = keyOfSame(context, claim, prepared);
  if (key === null || claim.given.urgent || !context.held.holds(key)) return false;
  await settle(context, claim, { kind: "pending", due: context.clock.now() + AGAIN_MS });
  return true;
}
