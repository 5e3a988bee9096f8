import { type StoredInfo, storedVariants } from "@prewarm/shared/image-info";
import { samePicture } from "@prewarm/shared/same-picture";
import type { Original } from "@prewarm/shared/source";
import { variantKey, variantName } from "@prewarm/shared/variant-key";
import { originalOf } from "../request/original.ts";
import type { Miss, RequestContext, Target } from "../request-context.ts";
import { readInfo } from "./read-info.ts";
import { serveVariant } from "./serve-variant.ts";
import { answerFor, asStandIn, standInsFor, standInTarget } from "./stand-in.ts";

/** A variant that may replace a missing one, if it is stored. */
interface Candidate {
  /** The variant is served as its target. */
  context: RequestContext;
  /** The variant, if it is not the target's own. */
  other?: Pick<Target, "key" | "transform">;
  /** True: it answers for good. False: it stands in until the asked one is stored. */
  isAnswer: boolean;
}

/**
 * Answers with a stored variant that answers for good in place of the asked one: the same picture under another key, or
 * one that shows as much. If none is stored, says what a miss may answer. `own`: why the asked one is not shown. Throws
 * `not_found` for ids without a source.
 */
export async function serveOther(
  context: RequestContext,
  own: Exclude<Awaited<ReturnType<typeof serveVariant>>, Response>,
): Promise<Response | Miss> {
  const original = originalOf(context);
  const info = own ?? (await readInfo(context));
  if (info === null || typeof info === "string") return { context, original, known: info };
  // Of all widths with the same picture one is made.
  const wanted = { ...context, target: samePictureOf(context, info) };
  let known: Miss["known"] = null;
  for (const candidate of candidatesFor(context, wanted, original, info)) {
    if (candidate.isAnswer && known !== null) continue;
    const served = await serveVariant(candidate.context, candidate.other);
    if (served instanceof Response) {
      if (candidate.isAnswer) return served;
      return { context: wanted, original, known, isKnown: true, standIn: asStandIn(candidate.context, served) };
    }
    if (candidate.isAnswer) known = served;
  }
  return { context: wanted, original, known, isKnown: true };
}

/** The target whose variant is made: another one if that shows the same picture, because the original is no larger. */
function samePictureOf({ target, edge }: RequestContext, info: StoredInfo): Target {
  const transform = samePicture(target.transform, info, edge.config);
  return { ...target, transform, key: variantKey(target.id, transform, target.version) };
}

/**
 * Stored variants to try, best first: those that answer for good, then stand-ins. `wanted`: the variant to make. Takes
 * them one by one, so that each may depend on the reads that are left.
 */
function* candidatesFor(
  context: RequestContext,
  wanted: RequestContext,
  original: Original,
  info: StoredInfo,
): Generator<Candidate> {
  const { target, method, reads } = context;
  const standIns = standInsFor(wanted, original, info);
  if (wanted.target.key !== target.key && mayBeStored(context, info, wanted.target, standIns.length > 0))
    yield { context, other: wanted.target, isAnswer: true };
  const transform = answerFor(context, original, info);
  // A HEAD skips it if the note has just cost a read.
  if (transform !== null && (method !== "HEAD" || reads.left > 1))
    yield { context, other: { key: variantKey(target.id, transform, target.version), transform }, isAnswer: true };
  // Before markers: a viewer's picture gets the reads that are left.
  for (const standIn of standIns)
    yield { context: { ...wanted, target: standInTarget(wanted.target, standIn) }, isAnswer: false };
}

/**
 * Whether to read the variant with the same picture. A note may lag behind its variant, and lists one version only. So
 * a request also reads a variant that the note does not list, if it has a read left.
 */
function mayBeStored({ method, reads }: RequestContext, info: StoredInfo, same: Target, hasStandIn: boolean): boolean {
  if (isListed(info, same) ?? method !== "HEAD") return true;
  return reads.left > (method === "HEAD" || hasStandIn ? 1 : 0);
}

/** Whether the image's note lists this variant as stored. Null: the note lists another version. */
function isListed(info: StoredInfo, { transform, version }: Target): boolean | null {
  const name = variantName(transform);
  const isThere = storedVariants(info, version).some((each) => variantName(each) === name);
  return isThere || version === info.version ? isThere : null;
}
