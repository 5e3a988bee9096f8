/** How the edge says that it serves the very variant that was asked for; an old URL may stand for the nearest there is (docs/moving-from.md). */
const VARIANT = /^edge; (hit|fwd=uri-miss(; detail=unavailable)?, store; hit)(, [a-z-]+; detail=approximate)?$/;
/** What caches may keep besides: what is known of an image, and the way to an original that is shown as it is; seconds. */
const KEPT_BESIDES = [
  { is: /^edge; fwd=bypass; detail=pass-through$/, status: 302, seconds: 3_600 },
  { is: /^$/, status: 200, seconds: 60 },
];

type Asked = Pick<Request, "method" | "url">;
type Answer = Pick<Response, "status" | "headers">;

/**
 * What is wrong with how an answer of the edge may be kept, or null. A cache keeps an answer without `Cache-Control` by rules of its own, and
 * shows what it keeps when everything here has changed. So every answer says how it is kept, and caches keep nothing but variants. `now`: Unix
 * seconds.
 */
export function cachingFault({ method, url }: Asked, answer: Answer, now: number): string | null {
  const { pathname = "", searchParams = null } = URL.parse(url) ?? {};
  if (method !== "GET" && method !== "HEAD") return null;
  const { status, headers } = answer;
  const fault = (sentence: string) => `${method} ${pathname} is answered ${status} ${sentence}`;
  const seconds = secondsKept(headers);
  if (seconds === null) return fault("without Cache-Control, so that caches keep it as they like.");
  // A part or a confirmation is no answer by itself.
  if (seconds === 0 || status === 206 || status === 304) return null;
  if (!isVariant(answer) && !isKeptBesides(answer, seconds)) return fault("and kept, though it is no variant.");
  const end = Number(searchParams?.get("exp") ?? Number.POSITIVE_INFINITY);
  return seconds > end - now ? fault("and kept for longer than its signature holds.") : null;
}

/** For how long caches keep an answer; 0: not at all. Null: it does not say. */
function secondsKept(headers: Headers): number | null {
  const said = headers.get("Cache-Control") ?? "";
  if (/\b(no-store|no-cache|private)\b/.test(said)) return 0;
  const found = /\bmax-age=(\d+)/.exec(said);
  return found === null ? null : Number(found[1]);
}

function isVariant({ status, headers }: Answer): boolean {
  const isPicture = headers.get("Content-Type")?.startsWith("image/") ?? false;
  return status === 200 && isPicture && headers.has("ETag") && VARIANT.test(headers.get("Cache-Status") ?? "");
}

function isKeptBesides({ status, headers }: Answer, seconds: number): boolean {
  const said = headers.get("Cache-Status") ?? "";
  return KEPT_BESIDES.some((one) => one.is.test(said) && one.status === status && seconds <= one.seconds);
}
