import { AppError } from "@prewarm/shared/errors";
import { originalUrl } from "@prewarm/shared/signature";
import { isUnshowable, type Original, resolveOriginal } from "@prewarm/shared/source";
import type { Edge, RequestContext } from "../request-context.ts";
import { IMAGES_PATH } from "./target.ts";

/** The word in `Via` of Prewarm's own reads of originals. */
const PIPELINE = /\bprewarm\b/i;

/** Throws `not_found` if no source takes the id, or if the original's address is this route. */
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
 * Whether viewers must not or cannot see the original. Viewers see a bucket's original by a signed URL, if its source
 * is not hidden and key and bucket are there.
 */
export function isPrivate(original: Original, edge: Edge): boolean {
  if (original.kind === "url") return false;
  return original.hidden || edge.keys.length === 0 || edge.originals(original.bucket) === null;
}

/**
 * Whether viewers get no bytes of the original: it is private, no browser shows it, or the configuration replaces it by
 * the placeholder.
 */
export function isNotShown(original: Original, id: string, edge: Edge): boolean {
  return edge.config.firstView === "placeholder" || isUnshowable(edge.config, id) || isPrivate(original, edge);
}

/**
 * The address at which a viewer sees the original: its own, or a signed URL of the edge for a bucket. Throws for an
 * original that `isPrivate`.
 */
export async function originalLocation({ target, edge }: RequestContext, original: Original): Promise<string> {
  if (original.kind === "url") return original.url;
  const [key] = edge.keys;
  if (key === undefined) throw new Error("a private original has no location");
  return originalUrl(target.origin, target.id, key, edge.config, Math.floor(edge.clock.now() / 1000));
}
