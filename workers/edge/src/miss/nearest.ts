import { FORMATS, LQIP } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";
import { type StoredInfo, widthsOf } from "@prewarm/shared/image-info";
import {
  DEFAULT_QUALITY,
  expandTransforms,
  formatTransform,
  nextRungs,
  type Transform,
} from "@prewarm/shared/transform";
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
    const answer = await answerStandIn(context, transform, "nearest");
    if (answer !== null) return answer;
  }
  return null;
}

/** Whether the client asked to be spared bytes. */
export function savesData(headers: Headers): boolean {
  return /^\s*on\s*(?:[;,]|$)/i.test((headers.get("Save-Data") ?? "").slice(0, 64));
}

/** Variants tried: what was noted may have been purged since. */
const READY_TRIES = 2;

/**
 * Any variant that is ready, for a client that would rather see a smaller picture than load the original: the next smaller width first, then
 * the next larger, at last the 16 px stand-in, in a format that whoever shows the asked one shows as well. All of them have the original's
 * shape, as what the redirect would lead to has. Null when none is ready.
 */
export async function answerReady(
  context: RequestContext,
  info: StoredInfo,
  detail: "save-data" | "cold-guard",
): Promise<Response | null> {
  const { target, edge } = context;
  if (info.version !== target.version) return null;
  const asked = formatTransform(target.transform);
  const ready = readyOnes(target.transform, info).filter((each) => formatTransform(each) !== asked);
  for (const transform of [...ready.slice(0, READY_TRIES), ...expandTransforms(LQIP, edge.config)]) {
    const answer = await answerStandIn(context, transform, detail);
    if (answer !== null) return answer;
  }
  return null;
}

/** Best first. */
function readyOnes({ width, height, format }: Transform, info: StoredInfo): Transform[] {
  const wanted = width ?? height ?? Number.POSITIVE_INFINITY;
  const widths = widthsOf(info);
  const smaller = widths.filter((each) => each <= wanted).toReversed();
  const larger = widths.filter((each) => each > wanted);
  // The list goes from the newest format to the oldest.
  const shown = FORMATS.slice(FORMATS.indexOf(format));
  return [...smaller, ...larger].flatMap((each) =>
    shown
      .filter((other) => info.stored[other]?.includes(each))
      .map((other): Transform => {
        return { width: each, height: null, fit: null, pos: null, quality: DEFAULT_QUALITY, format: other };
      }),
  );
}

/** Answers with another variant than was asked for, or null when R2 has it not, or does not say in time. */
async function answerStandIn(
  context: RequestContext,
  transform: Transform,
  detail: "nearest" | "save-data" | "cold-guard",
): Promise<Response | null> {
  const { target, edge } = context;
  const key = storeKey(variantKey(target.id, transform, target.version));
  const fetched = await withTimeLimit(() => edge.images.get(key), context.left(edge.config.edgeBudgetMs));
  if (!fetched.ok || fetched.value === null) return null;
  context.mark(detail);
  const variant = fromStore(fetched.value, transform.format);
  context.show(variant);
  return answerVariant(variant, {
    method: context.method,
    requestHeaders: context.headers,
    cacheStatus: `edge; fwd=uri-miss, store; fwd=uri-miss; detail=${detail}`,
    timing: context.timing(),
    negotiated: target.negotiated,
    cacheControl: `private, max-age=${STAND_IN_SECONDS}`,
    contentLocation: urlOf(target, transform),
  });
}

function urlOf({ id, version }: Target, transform: Transform): string {
  const v = version === null ? "" : `&v=${version}`;
  return `${IMAGES_PATH}${formatId(id)}?${formatTransform(transform)}${v}`;
}
