import { AppError } from "@prewarm/shared/errors";
import { isUnshowable, type Original, resolveOriginal } from "@prewarm/shared/source";
import type { Edge } from "../bindings.ts";
import { IMAGES_PATH } from "../request/target.ts";
import type { Visit } from "../request-context.ts";
import { type Dressing, dressed, NO_STORE, problem, redirect } from "../respond.ts";
import { enqueueMiss } from "./ask-once.ts";
import type { Detail } from "./asked-lately.ts";
import { originalLocation } from "./location.ts";
import { answerNearest } from "./nearest.ts";
import { placeholder } from "./placeholder.ts";

/** Answers without the variant. `known` is why nothing is to be asked for; null: ask for it. Throws `not_found` for ids without a source. */
export async function answerMiss(visit: Visit, known: Detail | null): Promise<Response> {
  const { ask, edge } = visit;
  const original = originalOf(visit);
  const detail = known ?? (await enqueueMiss(visit, original));
  const dressing = missDressing(visit, detail);
  if (detail === "missing" && original.kind === "bucket") {
    return problem(new AppError("original_missing"), ask.method, dressed(dressing, "no-store"));
  }
  const nearest = edge.config.fallback === "nearest" && known === null ? await answerNearest(visit) : null;
  if (nearest !== null) return nearest;
  const unshowable = detail === "unshowable" || isUnshowable(edge.config, ask.id);
  if (edge.config.fallback === "placeholder" || unshowable || isPrivate(original, edge)) {
    return placeholder(ask.method, dressing);
  }
  return redirect(await originalLocation(visit, original), dressed(dressing, NO_STORE));
}

/** The name our own reads of originals carry in `Via`. */
const PIPELINE = /\bprewarm\b/i;

/** Throws `not_found` when no source takes the id, or when the way to the original would come back to this very route. */
export function originalOf({ ask, edge }: Visit): Original {
  if (PIPELINE.test(ask.headers.get("Via") ?? "")) {
    const detail = "The pipeline asked the edge for an original: a source must not be the edge's own route.";
    throw new AppError("not_found", { detail });
  }
  const original = resolveOriginal(edge.config, ask.id);
  if (original === null) throw new AppError("not_found", { detail: "No configured source holds this image." });
  if (original.kind === "url" && original.url.startsWith(`${ask.origin}${IMAGES_PATH}`)) {
    throw new AppError("not_found", { detail: "This image's source is the edge's own route, so it leads nowhere." });
  }
  return original;
}

/** A bucket's originals are shown by signed URLs; without a key or the bucket there is nothing to show. */
export function isPrivate(original: Original, edge: Edge): boolean {
  return original.kind === "bucket" && (edge.keys.length === 0 || edge.originals(original.bucket) === null);
}

function missDressing({ ask, timing }: Visit, detail: Detail | null): Dressing {
  const status = "edge; fwd=uri-miss, store; fwd=uri-miss";
  return {
    cacheStatus: detail === null ? status : `${status}; detail=${detail === "unshowable" ? "dead" : detail}`,
    timing: timing(),
    negotiated: ask.negotiated,
  };
}
