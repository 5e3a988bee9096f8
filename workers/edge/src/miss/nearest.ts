import { FORMATS, LQIP } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";
import { type StoredInfo, widthsOf } from "@prewarm/shared/image-info";
import { isWithheld } from "@prewarm/shared/source";
import {
  DEFAULT_QUALITY,
  expandTransforms,
  formatTransform,
  nextRungs,
  type Transform,
} from "@prewarm/shared/transform";
import { variantKey } from "@prewarm/shared/variant-key";
import { serveVariant } from "../hit/serve-variant.ts";
import { IMAGES_PATH } from "../request/target.ts";
import type { RequestContext } from "../request-context.ts";

/** Rungs looked at: a much larger picture would be no favour. */
const RUNGS = 2;
/** Seconds for which a stand-in may be kept: it must not hide the variant for long. */
const STAND_IN_SECONDS = 5;

/** Whether the client asked to be spared bytes. */
export function savesData(headers: Headers): boolean {
  return /^\s*on\s*(?:[;,]|$)/i.test((headers.get("Save-Data") ?? "").slice(0, 64));
}

/**
 * Whether the image's note lists this variant as stored. Null where a note cannot tell: it lists uncropped widths in the usual quality, of one
 * version.
 */
export function isListed(info: StoredInfo, { width, height, quality, format }: Transform, version: string | null) {
  if (width === null || height !== null || quality !== DEFAULT_QUALITY || info.version !== version) return null;
  return info.stored[format]?.includes(width) ?? false;
}

/**
 * The next larger variant, of the same image, version, format and quality, or null. Found by its key, never by listing. Only widths have
 * neighbours: a pair has its own shape, and the ladder names no heights.
 */
export async function answerNearest(context: RequestContext, info: StoredInfo): Promise<Response | null> {
  const { target, edge } = context;
  const { width, height } = target.transform;
  if (width === null || height !== null) return null;
  const larger = nextRungs(width, edge.config, RUNGS).map((rung): Transform => ({ ...target.transform, width: rung }));
  return answerFirst(
    context,
    larger.filter((each) => isListed(info, each, target.version) !== false),
    "nearest",
  );
}

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
  return answerFirst(context, [...ready.slice(0, 1), ...expandTransforms(LQIP, edge.config)], detail);
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

/**
 * Answers with the first of these variants that is there, and says that it is another than was asked for. More than one is tried only where
 * the data centre's cache has it.
 */
async function answerFirst(
  context: RequestContext,
  transforms: readonly Transform[],
  detail: "nearest" | "save-data" | "cold-guard",
): Promise<Response | null> {
  const { id, version, signed } = context.target;
  for (const transform of transforms) {
    // What this viewer may not ask for is no stand-in either.
    if (!signed && isWithheld(context.edge.config, id, transform)) continue;
    const target = { ...context.target, transform, key: variantKey(id, transform, version) };
    const served = await serveVariant({ ...context, target });
    if (!(served instanceof Response)) continue;
    const { headers, status } = served;
    const v = version === null ? "" : `&v=${version}`;
    headers.set("Cache-Status", `edge; fwd=uri-miss, store; fwd=uri-miss; detail=${detail}`);
    headers.set("Content-Location", `${IMAGES_PATH}${formatId(id)}?${formatTransform(transform)}${v}`);
    if (status < 400) headers.set("Cache-Control", `private, max-age=${STAND_IN_SECONDS}`);
    return served;
  }
  return null;
}
