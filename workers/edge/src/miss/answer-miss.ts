import { AppError } from "@prewarm/shared/errors";
import { type StoredInfo, storedVariants } from "@prewarm/shared/image-info";
import type { Original } from "@prewarm/shared/source";
import type { Transform } from "@prewarm/shared/transform";
import { variantKey, variantName } from "@prewarm/shared/variant-key";
import { serveVariant } from "../hit/serve-variant.ts";
import type { Target } from "../request/target.ts";
import type { RequestContext } from "../request-context.ts";
import { type CommonFields, commonHeaders, NO_STORE, problem, redirect } from "../respond.ts";
import { askOnce } from "./ask-once.ts";
import type { MissDetail } from "./asked-lately.ts";
import { isNotShown, originalLocation, originalOf } from "./original.ts";
import { placeholder } from "./placeholder.ts";
import { readInfo } from "./read-info.ts";
import { sameTarget } from "./same-target.ts";
import { answerFor, answerStandIn, standInsFor } from "./stand-in.ts";
import { streamOriginal, wantsCors } from "./stream-original.ts";

/**
 * Answers a miss: with the same picture under another key, with a stored variant that answers for good, else without the variant. Asks for it
 * unless `known` says why nothing is to be asked for. Throws `not_found` for ids without a source.
 */
export async function answerMiss(context: RequestContext, known: MissDetail | null): Promise<Response> {
  const original = originalOf(context);
  const info = known === null ? await readInfo(context) : null;
  if (info === null || info === "removed") return answerWithout(context, original, info ?? known, null);
  // The one that stands for all is what is to be made.
  const same = sameTarget(context, info);
  const wanted = same === null ? context : { ...context, target: same };
  const standIns = standInsFor(wanted, original, info);
  const isRead = same !== null && mayBeStored(context, info, same, standIns.length > 0);
  const served = (isRead ? await serveVariant(context, same) : null) ?? (await serveAnswer(context, original, info));
  return served instanceof Response ? served : answerWithout(wanted, original, served, standIns);
}

/** Serves the variant that answers for good, if there is one. A HEAD leaves it where the note has just cost a read. */
async function serveAnswer(
  context: RequestContext,
  original: Original,
  info: StoredInfo,
): ReturnType<typeof serveVariant> {
  const { target, method, reads } = context;
  const transform = answerFor(context, original, info);
  if (transform === null || (method === "HEAD" && reads.left <= 1)) return null;
  return serveVariant(context, { key: variantKey(target.id, transform, target.version), transform });
}

/**
 * Whether to read the variant that has the same picture. A note comes a moment after its variant, and speaks of one version. So GET reads what the note cannot tell, and any request reads what is not listed yet while it has a read to spare.
 */
function mayBeStored({ method, reads }: RequestContext, info: StoredInfo, same: Target, hasStandIn: boolean): boolean {
  if (isListed(info, same) ?? method !== "HEAD") return true;
  return reads.left > (method === "HEAD" || hasStandIn ? 1 : 0);
}

/** Whether the image's note lists this variant as stored. Null where the note cannot tell, because it speaks of another version. */
function isListed(info: StoredInfo, { transform, version }: Target): boolean | null {
  const name = variantName(transform);
  const isThere = storedVariants(info, version).some((each) => variantName(each) === name);
  return isThere || version === info.version ? isThere : null;
}

/** `known`: why nothing is to be asked for. `standIns`: null of an image that is not known. */
async function answerWithout(
  context: RequestContext,
  original: Original,
  known: MissDetail | null,
  standIns: readonly Transform[] | null,
): Promise<Response> {
  const { target, method, edge } = context;
  // Before markers are read: of the reads that are left a viewer's picture comes first.
  const standIn = await answerStandIn(context, standIns ?? []);
  const detail = known ?? (await askOnce(context, original, standIns !== null));
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

/** `detail` null: nothing is told, because what was found, and how long each step took, would tell whether there is such an original. */
function missFields({ target, timing }: RequestContext, detail: string | null): CommonFields {
  return {
    cacheStatus: `edge; fwd=uri-miss, store; fwd=uri-miss; detail=${detail ?? "private"}`,
    timing: detail === null ? "" : timing(),
    negotiated: target.negotiated,
  };
}

/** Whether this viewer must not even learn whether there is such an original: a stranger, and one that is hidden. */
function isSecret({ target }: RequestContext, original: Original): boolean {
  return original.kind === "bucket" && original.hidden && !target.signed;
}

/** A dead one whose original no browser shows either, as was found by its bytes. */
const UNSHOWABLE = "dead:unshowable";

/** Null: HEAD of something that GET would ask for. What is no code of ours stays out of the header. */
function said(detail: MissDetail | null): string {
  const code = /^dead:([a-z_]{1,40})$/.exec(detail ?? "")?.[1];
  if (code !== undefined) return `dead; reason=${code}`;
  return detail?.startsWith("dead:") ? "dead" : (detail ?? "head");
}
