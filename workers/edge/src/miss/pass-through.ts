import type { RequestContext } from "../request-context.ts";
import { commonHeaders, redirect, trimToExpiry } from "../respond.ts";
import { answerMiss } from "./answer-miss.ts";
import { isPrivate, originalLocation, originalOf } from "./original.ts";
import { placeholder } from "./placeholder.ts";
import { readInfo } from "./read-info.ts";

/** An hour: no variant will ever come, so the redirect may be kept, but not for ever, because sources move now and then. */
const REDIRECT_SECONDS = 3600;

/**
 * Sends the viewer to an original that is shown as it is, such as SVG or GIF. Asks for nothing. Of such an image R2 has a note only if it is
 * removed: then the answer is that of a removed image. Throws `not_found` as a miss does.
 */
export async function passThrough(context: RequestContext): Promise<Response> {
  const { target, edge } = context;
  const original = originalOf(context);
  if ((await readInfo(context)) === "removed") return answerMiss(context, "removed");
  context.mark("edge");
  const fields = {
    cacheStatus: "edge; fwd=bypass; detail=pass-through",
    timing: context.timing(),
    negotiated: target.negotiated,
  };
  if (isPrivate(original, edge)) return placeholder(context.method, fields);
  const now = Math.floor(edge.clock.now() / 1000);
  // A bucket's signed URL is good for at least one window, so nobody may keep the redirect for longer than that.
  const life =
    original.kind === "bucket"
      ? Math.min(REDIRECT_SECONDS, edge.config.limits.originalsWindowSeconds)
      : REDIRECT_SECONDS;
  const seconds = trimToExpiry(life, target.expiresAt, now);
  return redirect(await originalLocation(context, original), commonHeaders(fields, `public, max-age=${seconds}`));
}
