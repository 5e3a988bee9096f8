import { readInfo } from "../hit/read-info.ts";
import { isPrivate, originalLocation, originalOf } from "../request/original.ts";
import type { RequestContext } from "../request-context.ts";
import { commonHeaders, redirect, trimToExpiry } from "../respond.ts";
import { answerMiss } from "./answer-miss.ts";
import { placeholder } from "./placeholder.ts";

/** An hour: clients may keep the redirect, because no variant replaces it, but sources move now and then. */
const REDIRECT_SECONDS = 3600;

/**
 * Redirects to an original that is shown as it is, such as SVG or GIF. R2 has a note of such an image only if it is
 * removed: then the answer is that of a removed image. Throws `not_found` as a miss does.
 */
export async function passThrough(context: RequestContext): Promise<Response> {
  const { target, edge } = context;
  const original = originalOf(context);
  if ((await readInfo(context)) === "removed") return answerMiss({ context, original, known: "removed" });
  context.mark("edge");
  const fields = {
    cacheStatus: "edge; fwd=bypass; detail=pass-through",
    timing: context.timing(),
    negotiated: target.negotiated,
  };
  if (isPrivate(original, edge)) return placeholder(context.method, fields);
  const now = Math.floor(edge.clock.now() / 1000);
  // A bucket's signed URL is good for one window at least, so clients keep the redirect no longer.
  const life =
    original.kind === "bucket"
      ? Math.min(REDIRECT_SECONDS, edge.config.limits.originalsWindowSeconds)
      : REDIRECT_SECONDS;
  const seconds = trimToExpiry(life, target.expiresAt, now);
  return redirect(await originalLocation(context, original), commonHeaders(fields, `public, max-age=${seconds}`));
}
