import { madeFormats, showsInstead } from "@prewarm/shared/accept";
import { formatId } from "@prewarm/shared/image-id";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { isWithheld, type Original } from "@prewarm/shared/source";
import { formatTransform, isClosed, placeholderTransform, type Transform } from "@prewarm/shared/transform";
import { variantKey } from "@prewarm/shared/variant-key";
import { isNotShown } from "../request/original.ts";
import { IMAGES_PATH } from "../request/target.ts";
import type { RequestContext, Target } from "../request-context.ts";
import { trimToExpiry } from "../respond.ts";
import { bestStored, showsAllOf, showsNoMore } from "./best-stored.ts";

/** A client may keep a stand-in for this many seconds, so that it hides the variant only briefly. */
const STAND_IN_SECONDS = 5;
/**
 * Variants that one miss tries, because a note may list variants that are gone. All but the first two cost only a call
 * of the cache.
 */
const TRIES = 3;

/** Whether the client asked to be spared bytes. */
function savesData(headers: Headers): boolean {
  return /^\s*on\s*(?:[;,]|$)/i.test((headers.get("Save-Data") ?? "").slice(0, 64));
}

/**
 * The stored variants that come before the original, best first. None for a HEAD. With `firstView: "original"` there
 * are none either, unless the client saves data, the original has more than `heavyOriginalBytes`, or viewers do not see
 * it. Only then the 16 px placeholder is among them.
 */
export function standInsFor(context: RequestContext, original: Original, info: StoredInfo): Transform[] {
  const { target, method, headers, edge } = context;
  const { firstView, limits } = edge.config;
  if (method === "HEAD") return [];
  const isHeavy = info.bytes !== null && info.bytes > limits.heavyOriginalBytes;
  const isLast = savesData(headers) || isHeavy || isNotShown(original, target.id, edge);
  if (firstView === "original" && !isLast) return [];
  const wanted = { ...target, accept: headers.get("Accept") };
  const stored = bestStored(wanted, info);
  const isPlaceheld = isLast && info.lqip !== null && info.version === target.version;
  const placeholder = isPlaceheld ? placeholderTransform(edge.config) : null;
  const shows = { ...wanted, asked: target.transform.format };
  if (placeholder !== null && showsInstead(placeholder.format, shows) !== "no") stored.push(placeholder);
  return stored.filter((each) => mayShow(context, original, info, each)).slice(0, TRIES);
}

/**
 * The stored variant that answers for good if `f=auto` chose a format that uploads do not make at each width. Then no
 * variant is made. Null: none shows as much, or uploads make the asked one.
 */
export function answerFor(context: RequestContext, original: Original, info: StoredInfo): Transform | null {
  const { target, headers, edge } = context;
  const { transform, negotiated, orElse } = target;
  if (!negotiated || madeFormats(edge.config).includes(transform.format)) return null;
  const shown = [transform.format, ...orElse];
  const stored = bestStored({ ...target, accept: headers.get("Accept") }, info).find(
    (each) => shown.includes(each.format) && showsAllOf(transform, each, info),
  );
  return stored !== undefined && mayShow(context, original, info, stored) ? stored : null;
}

/**
 * Of a hidden original a viewer sees variants that need no signature, and those that show no more than the asked one.
 */
function mayShow({ target, edge }: RequestContext, original: Original, info: StoredInfo, other: Transform): boolean {
  if (original.kind === "url" || !original.hidden) return true;
  const { config } = edge;
  const isOpen = config.access !== "private" && isClosed(other, config) && !isWithheld(config, target.id, other);
  return isOpen || showsNoMore(other, target.transform, info);
}

/** The target under which the stand-in is served. */
export function standInTarget(target: Target, transform: Transform): Target {
  const { id, version, orElse } = target;
  const formats = [target.transform.format, ...orElse];
  const at = formats.indexOf(transform.format);
  return {
    ...target,
    transform,
    key: variantKey(id, transform, version),
    // The choice of the stand-in depends on Accept, though the asked format may not.
    negotiated: true,
    orElse: at === -1 ? [] : formats.slice(at + 1),
  };
}

/** The response of a stand-in, whose headers name it as another variant. The context's target is the stand-in's. */
export function asStandIn({ target, edge, shown }: RequestContext, response: Response): Response {
  const { id, version, expiresAt, transform } = target;
  const { headers, status } = response;
  const v = version === null ? "" : `&v=${version}`;
  const seconds = trimToExpiry(STAND_IN_SECONDS, expiresAt, Math.floor(edge.clock.now() / 1000));
  headers.set("Cache-Status", "edge; fwd=uri-miss, store; fwd=uri-miss; detail=stand-in");
  const picture = { ...transform, format: shown()?.format ?? transform.format };
  headers.set("Content-Location", `${IMAGES_PATH}${formatId(id)}?${formatTransform(picture)}${v}`);
  if (status < 400) headers.set("Cache-Control", `private, max-age=${seconds}`);
  return response;
}
