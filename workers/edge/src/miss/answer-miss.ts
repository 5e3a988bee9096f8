import { AppError } from "@prewarm/shared/errors";
import { type StoredInfo, storedVariants } from "@prewarm/shared/image-info";
import type { Original } from "@prewarm/shared/source";
import { variantKey, variantName } from "@prewarm/shared/variant-key";
import { type Candidate, serveFirst } from "../hit/serve-first.ts";
import type { MissDetail, RequestContext, Target } from "../request-context.ts";
import { type CommonFields, commonHeaders, NO_STORE, problem, redirect } from "../respond.ts";
import { askOnce } from "./ask-once.ts";
import { isNotShown, originalLocation, originalOf } from "./original.ts";
import { placeholder } from "./placeholder.ts";
import { readInfo } from "./read-info.ts";
import { sameTarget } from "./same-target.ts";
import { answerFor, asStandIn, standInsFor, standInTarget } from "./stand-in.ts";
import { streamOriginal, wantsCors } from "./stream-original.ts";

/**
 * Answers a miss: with the same picture under another key, with a stored variant that answers for good, else without
 * the variant. Asks for the variant unless `known` says why not. Throws `not_found` for ids without a source.
 */
export async function answerMiss(context: RequestContext, known: MissDetail | null): Promise<Response> {
  const original = originalOf(context);
  const info = known === null ? await readInfo(context) : null;
  if (info === null || info === "removed")
    return answerWithout(context, original, { known: info ?? known, isKnown: false, standIn: null });
  // Of all widths with the same picture one is made.
  const same = sameTarget(context, info);
  const wanted = same === null ? context : { ...context, target: same };
  const { found, known: why } = await serveFirst(candidatesFor(context, wanted, original, info));
  if (found?.candidate.isAnswer) return found.response;
  const standIn = found && asStandIn(found.candidate.context, found.response);
  return answerWithout(wanted, original, { known: why, isKnown: true, standIn });
}

/** Stored variants to try, best first: those that answer for good, then stand-ins. `wanted`: the variant to make. */
function* candidatesFor(
  context: RequestContext,
  wanted: RequestContext,
  original: Original,
  info: StoredInfo,
): Generator<Candidate> {
  const { target, method, reads } = context;
  const standIns = standInsFor(wanted, original, info);
  if (wanted !== context && mayBeStored(context, info, wanted.target, standIns.length > 0))
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

/** `known`: why no variant is asked for. `isKnown`: the image is known to exist. */
async function answerWithout(
  context: RequestContext,
  original: Original,
  { known, isKnown, standIn }: { known: MissDetail | null; isKnown: boolean; standIn: Response | null },
): Promise<Response> {
  const { target, method, edge } = context;
  const detail = known ?? (await askOnce(context, original, isKnown));
  if (standIn !== null) return standIn;
  const isPrivate = isSecret(context, original);
  const fields = missFields(context, isPrivate ? null : said(detail));
  const refuse = (code: "removed" | "original_missing") =>
    problem(new AppError(code), method, commonHeaders(fields, "no-store"));
  if (detail === "removed" && !isPrivate) {
    const { removedUrl } = edge.config;
    return removedUrl === "" ? refuse(detail) : redirect(removedUrl, commonHeaders(fields, NO_STORE));
  }
  if (detail === "missing" && original.kind === "bucket" && !isPrivate) return refuse("original_missing");
  if (detail === UNSHOWABLE || isNotShown(original, target.id, edge)) return placeholder(method, fields);
  const streamed =
    original.kind === "url" && wantsCors(context) ? await streamOriginal(context, original.url, fields) : null;
  return streamed ?? redirect(await originalLocation(context, original), commonHeaders(fields, NO_STORE));
}

/** `detail` null: detail and times are left out, because they would show whether the original exists. */
function missFields({ target, timing }: RequestContext, detail: string | null): CommonFields {
  return {
    cacheStatus: `edge; fwd=uri-miss, store; fwd=uri-miss; detail=${detail ?? "private"}`,
    timing: detail === null ? "" : timing(),
    negotiated: target.negotiated,
  };
}

/**
 * Whether the original is hidden and the URL is not signed. Such a viewer must not learn whether the original exists.
 */
function isSecret({ target }: RequestContext, original: Original): boolean {
  return original.kind === "bucket" && original.hidden && !target.signed;
}

/** A dead variant whose original no browser shows, by its bytes. */
const UNSHOWABLE = "dead:unshowable";

/**
 * The detail as the header says it. Null: a HEAD of a variant that a GET would ask for. Foreign codes stay out of the
 * header.
 */
function said(detail: MissDetail | null): string {
  const code = /^dead:([a-z_]{1,40})$/.exec(detail ?? "")?.[1];
  if (code !== undefined) return `dead; reason=${code}`;
  return detail?.startsWith("dead:") ? "dead" : (detail ?? "head");
}
