import { formatId } from "@prewarm/shared/image-id";
import { formatTransform, nextRungs, type Transform } from "@prewarm/shared/transform";
import { storeKey, variantKey } from "@prewarm/shared/variant-key";
import { answerVariant, fromStore } from "../hit/variant.ts";
import { IMAGES_PATH, type Target } from "../request/target.ts";
import type { RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";

/** Rungs looked at: the cost of a miss is bounded, and a much larger picture would be no favour. */
const RUNGS = 2;
/** Seconds for which a stand-in may be kept: it must not hide the variant for long. */
const STAND_IN_SECONDS = 5;

/**
 * The next larger variant that is ready, of the same image, version, format and quality, or null. Found by asking for its key, never by
 * listing. Only widths have neighbours: a pair has its own shape, and the ladder names no heights.
 */
export async function answerNearest(context: RequestContext): Promise<Response | null> {
  const { target, edge } = context;
  const { width, height } = target.transform;
  if (width === null || height !== null) return null;
  for (const rung of nextRungs(width, edge.config, RUNGS)) {
    const transform = { ...target.transform, width: rung };
    const key = storeKey(variantKey(target.id, transform, target.version));
    const fetched = await withTimeLimit(() => edge.images.get(key), context.left(edge.config.edgeBudgetMs));
    if (!fetched.ok) return null;
    if (fetched.value === null) continue;
    context.mark("nearest");
    return answerVariant(fromStore(fetched.value, transform.format), {
      method: context.method,
      requestHeaders: context.headers,
      cacheStatus: "edge; fwd=uri-miss, store; fwd=uri-miss; detail=nearest",
      timing: context.timing(),
      negotiated: target.negotiated,
      cacheControl: `private, max-age=${STAND_IN_SECONDS}`,
      contentLocation: urlOf(target, transform),
    });
  }
  return null;
}

function urlOf({ id, version }: Target, transform: Transform): string {
  const v = version === null ? "" : `&v=${version}`;
  return `${IMAGES_PATH}${formatId(id)}?${formatTransform(transform)}${v}`;
}
