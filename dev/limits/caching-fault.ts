import { cachingOf, saysCaching } from "./caching.ts";

/** The header that speaks to the Workers Cache alone: an answer has it where that cache is in front (`edgeCache: "workers"`). */
const IN_FRONT = "Cloudflare-CDN-Cache-Control";
/** How the edge says that it serves the very variant that was asked for; an old URL may stand for the nearest there is (docs/moving-from.md). */
const VARIANT = /^edge; (hit|fwd=uri-miss(; detail=unavailable)?, store; hit)(, [a-z-]+; detail=approximate)?$/;
/** What browsers may keep besides, and a cache in front may not: what is known of an image, and the way to an original that is shown as it is; seconds. */
const BROWSERS_KEEP = [
  { is: /^edge; fwd=bypass; detail=pass-through$/, status: 302, seconds: 3_600 },
  { is: /^$/, status: 200, seconds: 60 },
];
/** Tags of an image's answers, by which a purge finds them. */
const TAGS = /^i-[0-9a-f]+,b-\d+(,signed)?$/;

type Asked = Pick<Request, "method" | "url">;
type Answer = Pick<Response, "status" | "headers">;

/**
 * What is wrong with how an answer of the edge may be kept, or null. A cache keeps an answer that says nothing by rules of its own, and what it
 * keeps is served when everything here has changed: so every answer speaks, and nothing is kept but variants. `now`: Unix seconds.
 */
export function cachingFault({ method, url }: Asked, answer: Answer, now: number): string | null {
  const { pathname = "", searchParams = null } = URL.parse(url) ?? {};
  if (method !== "GET" && method !== "HEAD") return null;
  const { status, headers } = answer;
  const fault = (sentence: string) => `${method} ${pathname} is answered ${status} ${sentence}`;
  if (!saysCaching(headers)) return fault("without Cache-Control, so that caches keep it as they like.");
  const caching = cachingOf(answer);
  if (typeof caching === "string" || caching.seconds === 0) return null;
  const isInFront = headers.has(IN_FRONT);
  if (!isVariant(answer))
    return isInFront || !mayBrowsersKeep(answer, caching.seconds) ? fault("and kept, though it is no variant.") : null;
  const end = Number(searchParams?.get("exp") ?? Number.POSITIVE_INFINITY);
  if (caching.seconds > end - now) return fault("and kept for longer than its signature holds.");
  if (!isInFront) return null;
  if (!TAGS.test(headers.get("Cache-Tag") ?? "")) return fault("and kept without the tags that a purge names.");
  return caching.ifError === 0 ? null : fault("and kept in place of an error, though a purge has ended it.");
}

function isVariant({ status, headers }: Answer): boolean {
  const isPicture = headers.get("Content-Type")?.startsWith("image/") ?? false;
  return status === 200 && isPicture && headers.has("ETag") && VARIANT.test(headers.get("Cache-Status") ?? "");
}

function mayBrowsersKeep({ status, headers }: Answer, seconds: number): boolean {
  const said = headers.get("Cache-Status") ?? "";
  return BROWSERS_KEEP.some((one) => one.is.test(said) && one.status === status && seconds <= one.seconds);
}
