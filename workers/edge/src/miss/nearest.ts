import { formatId } from "@prewarm/shared/image-id";
import { formatTransform, nextRungs, type Transform } from "@prewarm/shared/transform";
import { storeKey, variantKey } from "@prewarm/shared/variant-key";
import { answerVariant } from "../hit/answer-variant.ts";
import { fromStore } from "../hit/variant.ts";
import { type Ask, IMAGES_PATH } from "../request/target.ts";
import type { Visit } from "../request-context.ts";
import { within } from "../time-limit.ts";

/** Rungs looked at: the cost of a miss is bounded, and a much larger picture would be no favour. */
const RUNGS = 2;
/** Seconds for which a stand-in may be kept: it must not hide the variant for long. */
const STAND_IN_SECONDS = 5;

/**
 * The next larger variant that is ready, of the same image, version, format and quality, or null. Found by asking for its key, never by
 * listing. Pairs have their own shape and heights no ladder of keys, so only widths have neighbours.
 */
export async function answerNearest(visit: Visit): Promise<Response | null> {
  const { ask, edge } = visit;
  const { width, height } = ask.transform;
  if (width === null || height !== null) return null;
  for (const rung of nextRungs(width, edge.config, RUNGS)) {
    const transform = { ...ask.transform, width: rung };
    const key = storeKey(variantKey(ask.id, transform, ask.version));
    const fetched = await within(() => edge.images.get(key), visit.left(edge.config.edgeBudgetMs));
    if (!fetched.ok) return null;
    if (fetched.value === null) continue;
    visit.mark("nearest");
    return answerVariant(fromStore(fetched.value, transform.format), {
      method: ask.method,
      requestHeaders: ask.headers,
      cacheStatus: "edge; fwd=uri-miss, store; fwd=uri-miss; detail=nearest",
      timing: visit.timing(),
      negotiated: ask.negotiated,
      cacheControl: `private, max-age=${STAND_IN_SECONDS}`,
      contentLocation: urlOf(ask, transform),
    });
  }
  return null;
}

function urlOf({ id, version }: Ask, transform: Transform): string {
  const v = version === null ? "" : `&v=${version}`;
  return `${IMAGES_PATH}${formatId(id)}?${formatTransform(transform)}${v}`;
}
