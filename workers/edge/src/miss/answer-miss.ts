import { AppError } from "@prewarm/shared/errors";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { originalUrl } from "@prewarm/shared/signature";
import { isUnshowable, type Original, resolveOriginal } from "@prewarm/shared/source";
import { serveVariant } from "../hit/serve-variant.ts";
import { IMAGES_PATH, type Target } from "../request/target.ts";
import type { Edge, RequestContext } from "../request-context.ts";
import { type CommonFields, commonHeaders, NO_STORE, problem, redirect } from "../respond.ts";
import { askOnce } from "./ask-once.ts";
import type { MissDetail } from "./asked-lately.ts";
import { answerNearest, answerReady, isListed, savesData } from "./nearest.ts";
import { placeholder } from "./placeholder.ts";
import { readInfo } from "./read-info.ts";
import { sameTarget } from "./same-target.ts";
import { streamOriginal, wantsCors } from "./stream-original.ts";

/**
 * Answers a miss: with the same picture under another key, else without the variant. Asks for it unless `known` says why nothing is to be
 * asked for. Throws `not_found` for ids without a source.
 */
export async function answerMiss(context: RequestContext, known: MissDetail | null): Promise<Response> {
  const original = originalOf(context);
  const info = known === null ? await readInfo(context) : null;
  const same = info === null ? null : sameTarget(context, info);
  if (info === null || same === null) return answerWithout(context, original, info, known);
  const served = mayBeStored(context, info, same) ? await serveVariant(context, same.key) : null;
  // The one that stands for all is what is to be made.
  return served instanceof Response ? served : answerWithout({ ...context, target: same }, original, info, served);
}

/**
 * Whether to read the variant that has the same picture. A note lists neither crops nor other qualities and versions, and it comes a moment after
 * its variant. So GET reads what no note can list, and any request reads what is not listed yet while it has a read to spare.
 */
function mayBeStored(context: RequestContext, info: StoredInfo, { transform, version }: Target): boolean {
  const { method, reads } = context;
  if (isListed(info, transform, version) ?? method !== "HEAD") return true;
  return reads.left > (method === "HEAD" || wantsStandIn(context, info) ? 1 : 0);
}

async function answerWithout(
  context: RequestContext,
  original: Original,
  info: StoredInfo | null,
  known: MissDetail | null,
): Promise<Response> {
  const { target, method, edge } = context;
  // Before markers are read: of the reads that are left a viewer's picture comes first.
  const standIn = info === null ? null : await findStandIn(context, info);
  const detail = known ?? (await askOnce(context, original, info !== null));
  if (standIn !== null) return standIn;
  const fields = isSecret(context, original) ? secretFields(context) : missFields(context, detail);
  if (detail === "missing" && original.kind === "bucket" && !isSecret(context, original)) {
    return problem(new AppError("original_missing"), method, commonHeaders(fields, "no-store"));
  }
  const unshowable = detail === UNSHOWABLE || isUnshowable(edge.config, target.id);
  if (edge.config.fallback === "placeholder" || unshowable || isPrivate(original, edge)) {
    return placeholder(method, fields);
  }
  const streamed =
    original.kind === "url" && wantsCors(context) ? await streamOriginal(context, original.url, fields) : null;
  return streamed ?? redirect(await originalLocation(context, original), commonHeaders(fields, NO_STORE));
}

/** Whether another variant is sent instead of the original, and why: the client saves data, or the original costs it more than a page may. */
function wantsStandIn({ edge, headers }: RequestContext, { bytes }: StoredInfo) {
  const { fallback, cold } = edge.config;
  if (savesData(headers)) return "save-data";
  if (bytes !== null && cold.maxBytes !== null && bytes > cold.maxBytes) return "cold-guard";
  return fallback === "nearest" ? fallback : null;
}

/** HEAD is sent none. */
async function findStandIn(context: RequestContext, info: StoredInfo): Promise<Response | null> {
  const why = context.method === "HEAD" ? null : wantsStandIn(context, info);
  if (why === null) return null;
  const nearest = context.edge.config.fallback === "nearest" ? await answerNearest(context, info) : null;
  return nearest ?? (why === "nearest" ? null : answerReady(context, info, why));
}

function missFields({ target, timing }: RequestContext, detail: MissDetail | null): CommonFields {
  const status = "edge; fwd=uri-miss, store; fwd=uri-miss";
  return {
    cacheStatus: `${status}; detail=${said(detail)}`,
    timing: timing(),
    negotiated: target.negotiated,
  };
}

/** Whether this viewer must not even learn whether there is such an original: a stranger, and one that is hidden. */
function isSecret({ target }: RequestContext, original: Original): boolean {
  return original.kind === "bucket" && original.hidden && !target.signed;
}

/** The same of what exists and of what does not: what was found and how long each step took would tell. */
function secretFields({ target }: RequestContext): CommonFields {
  return {
    cacheStatus: "edge; fwd=uri-miss, store; fwd=uri-miss; detail=private",
    timing: "",
    negotiated: target.negotiated,
  };
}

/** A dead one whose original no browser shows either, as was found by its bytes. */
const UNSHOWABLE = "dead:unshowable";

/** Null: HEAD of something that GET would ask for. What is no code of ours stays out of the header. */
function said(detail: MissDetail | null): string {
  const code = /^dead:([a-z_]{1,40})$/.exec(detail ?? "")?.[1];
  if (code !== undefined) return `dead; reason=${code}`;
  return detail?.startsWith("dead:") ? "dead" : (detail ?? "head");
}

/** The name our own reads of originals carry in `Via`. */
const PIPELINE = /\bprewarm\b/i;

/** Throws `not_found` when no source takes the id, or when the way to the original would come back to this very route. */
export function originalOf({ target, headers, edge }: RequestContext): Original {
  if (PIPELINE.test(headers.get("Via") ?? "")) {
    const detail = "The pipeline asked the edge for an original: a source must not be the edge's own route.";
    throw new AppError("not_found", { detail });
  }
  const original = resolveOriginal(edge.config, target.id);
  if (original === null) throw new AppError("not_found", { detail: "No configured source holds this image." });
  if (original.kind === "url" && original.url.startsWith(`${target.origin}${IMAGES_PATH}`)) {
    throw new AppError("not_found", { detail: "This image's source is the edge's own route, so it leads nowhere." });
  }
  return original;
}

/**
 * Whether viewers must not or cannot see the original. A bucket's are shown where its source says so, by signed URLs; without a key or the
 * bucket there is nothing to show.
 */
export function isPrivate(original: Original, edge: Edge): boolean {
  if (original.kind === "url") return false;
  return original.hidden || edge.keys.length === 0 || edge.originals(original.bucket) === null;
}

/** Where a viewer is sent to see the original: its own URL, or a signed one here for a bucket's. `isPrivate` originals have none. */
export async function originalLocation({ target, edge }: RequestContext, original: Original): Promise<string> {
  if (original.kind === "url") return original.url;
  const [key] = edge.keys;
  if (key === undefined) throw new Error("a private original has no location");
  return originalUrl(target.origin, target.id, key, edge.config, Math.floor(edge.clock.now() / 1000));
}
