import { trimmed } from "../caching.ts";
import type { Visit } from "../request-context.ts";
import { dressed, redirect } from "../respond.ts";
import { isPrivate, originalOf } from "./answer-miss.ts";
import { originalLocation } from "./location.ts";
import { placeholder } from "./placeholder.ts";

/** An hour: nothing better will ever come for this URL, so the redirect may be kept, yet sources move now and then. */
const REDIRECT_SECONDS = 3600;

/** Sends the viewer to an original that is shown as it is, such as SVG or GIF. Asks for nothing. Throws `not_found` as a miss does. */
export async function passThrough(visit: Visit): Promise<Response> {
  const { ask, edge } = visit;
  const original = originalOf(visit);
  visit.mark("edge");
  const dressing = {
    cacheStatus: "edge; fwd=bypass; detail=pass-through",
    timing: visit.timing(),
    negotiated: ask.negotiated,
  };
  if (isPrivate(original, edge)) return placeholder(ask.method, dressing);
  const now = Math.floor(edge.clock.now() / 1000);
  // A bucket's URL is good for one window at least, and no longer may anybody remember it.
  const life =
    original.kind === "bucket" ? Math.min(REDIRECT_SECONDS, edge.config.originalsWindowSeconds) : REDIRECT_SECONDS;
  const seconds = trimmed(life, ask.expiresAt, now);
  return redirect(await originalLocation(visit, original), dressed(dressing, `public, max-age=${seconds}`));
}
