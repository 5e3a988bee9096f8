import { samePicture } from "@prewarm/shared/same-picture";
import { parseVariantKey, storeKey, variantKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import type { Outcome } from "../ledger/contract.ts";
import { errorText } from "../platform/log.ts";
import { putVariant } from "../store/variants.ts";
import { type BatchContext, mayWrite, rankOf } from "./batch-context.ts";
import type { Entry, Prepared } from "./hands.ts";
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
  { given, image, transform }: Entry,
  { original }: Prepared,
): string | null {
  if (original.size === null) return null;
  const one = samePicture(transform, original.size, config);
  const key = variantKey(image, one, parseVariantKey(given.key)?.v ?? null);
  return key === given.key ? null : key;
}

/** True when the entry is settled by a copy. Of a generation that somebody else was granted a job may run: then it is left to that. */
export async function copySame(context: BatchContext, entry: Entry, prepared: Prepared): Promise<boolean> {
  const key = keyOfSame(context, entry, prepared);
  if (key === null || (entry.phase !== "standby" && !entry.given.first)) return false;
  try {
    const outcome = await copy(context, entry, prepared, key);
    if (outcome === null) return false;
    await settle(context, entry, outcome);
  } catch (error) {
    context.log("variant.copy_failed", { key: entry.given.key, error: errorText(error) });
    return false;
  } finally {
    entry.begun = false;
  }
  return true;
}

/** Null: there is nothing to copy, of this original and not outdated. */
async function copy(
  context: BatchContext,
  entry: Entry,
  { stored, original }: Prepared,
  from: string,
): Promise<Outcome | null> {
  const { given, transform } = entry;
  const rank = rankOf(entry, "result");
  const object = await context.connections.run(() => context.images.get(storeKey(from)), { rank });
  if (object === null) return null;
  const made = fromCustomMetadata(object.customMetadata);
  if (made === null || made.gen < given.floor || made.sourceEtag !== original.etag) {
    await object.body.cancel();
    return null;
  }
  const bytes = new Uint8Array(await context.connections.run(() => object.arrayBuffer(), { rank }));
  await context.at("before-put", given.key);
  if (entry.out || entry.calledBack || !mayWrite(context)) return null;
  entry.begun = true;
  const metadata = { ...made, gen: given.gen, createdAt: context.clock.now() };
  const variant = { key: given.key, bytes, format: transform.format, metadata };
  const put = await context.connections.run(() => putVariant(context.images, variant, stored), { rank });
  await context.at("put", given.key);
  // Somebody wrote since the head: to be looked at anew.
  if (put === null) return { kind: "pending", due: context.clock.now() };
  return present({ etag: put.etag, bytes: bytes.byteLength, gen: given.gen }, false);
}

/**
 * Puts the entry back while this handler holds the variant that is made for it. The next look copies that variant, or,
 * where it is not stored and another handler holds it, makes a job.
 */
export async function putBack(context: BatchContext, entry: Entry, prepared: Prepared): Promise<boolean> {
  const key = keyOfSame(context, entry, prepared);
  if (key === null || entry.given.live || !context.hands.holds(key)) return false;
  await settle(context, entry, { kind: "pending", due: context.clock.now() + AGAIN_MS });
  return true;
}
