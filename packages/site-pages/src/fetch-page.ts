import { backoff, readRetryAfter } from "@prewarm/shared/backoff";
import type { Clock } from "@prewarm/shared/clock";
import { charsetOf, pageText } from "./page-text.ts";
import type { PageFault } from "./read-page.ts";

/** What a site's robots.txt and logs call this program. */
export const AGENT = "prewarm";

/** Redirects that are followed, as browsers follow up to 20; a site of one's own needs one or two. */
const REDIRECTS_MAX = 5;
/** Tries of a page that answers 429 or 5xx, and the longest wait between two in ms. */
const TRIES = 3;
const WAIT_FIRST_MS = 500;
const WAIT_MAX_MS = 30_000;

export interface FetchedPage {
  /** After redirects. */
  url: string;
  isSheet: boolean;
  text: string;
}

export interface Fetching {
  fetch: typeof fetch;
  clock: Clock;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Aborts when nothing is to be read any more. */
  stop: AbortSignal;
  /** Bytes of a page that is read. */
  bytesMax: number;
  /** Longest that one page may take, redirects included, in ms. */
  timeoutMs: number;
  /** Whether a page of the site may be read, by its address; null: it may. */
  refusal(url: URL): PageFault | null;
}

/** Reads one page of a site. Never throws, whatever the page does. */
export async function fetchPage(url: string, fetching: Fetching): Promise<FetchedPage | PageFault> {
  const { clock, sleep, stop, timeoutMs, bytesMax } = fetching;
  for (let n = 1; ; n += 1) {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
    try {
      const answer = await follow(url, fetching, signal);
      if (!("response" in answer)) return answer;
      const { response } = answer;
      if (response.ok) return await readBody(response, answer.url, bytesMax);
      await response.body?.cancel();
      const isPassing = response.status === 429 || response.status >= 500;
      if (!isPassing || n === TRIES) return faultOf(response.status);
      const asked = readRetryAfter(response.headers.get("retry-after"), clock.now()) ?? 0;
      const pause = backoff(n, { first: WAIT_FIRST_MS, longest: WAIT_MAX_MS, random: clock.random() });
      await sleep(Math.min(WAIT_MAX_MS, Math.max(asked, pause)), signal);
    } catch (error) {
      return { kind: "failed", why: reasonOf(error, timeoutMs) };
    }
  }
}

/** The answer behind the redirects. */
async function follow(
  start: string,
  { fetch, refusal }: Pick<Fetching, "fetch" | "refusal">,
  signal: AbortSignal,
): Promise<{ response: Response; url: string } | PageFault> {
  let url = start;
  for (let n = 0; n <= REDIRECTS_MAX; n += 1) {
    const headers = { accept: "text/html,text/css;q=0.9,*/*;q=0.1", "user-agent": AGENT };
    const response = await fetch(url, { headers, redirect: "manual", signal });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return { response, url };
    await response.body?.cancel();
    if (!URL.canParse(location, url)) return { kind: "failed", why: "it redirects to what is no address" };
    const next = new URL(location, url);
    const refused = refusal(next);
    if (refused !== null) return refused.kind === "away" ? { kind: "away", why: `redirects to ${next.href}` } : refused;
    url = next.href;
  }
  return { kind: "failed", why: `it redirects more than ${REDIRECTS_MAX} times` };
}

async function readBody(response: Response, url: string, bytesMax: number): Promise<FetchedPage | PageFault> {
  const type = response.headers.get("content-type") ?? "text/html";
  const isSheet = /^text\/css\b/i.test(type);
  if (!isSheet && !/^(?:text\/html|application\/xhtml\+xml)\b/i.test(type)) {
    await response.body?.cancel();
    return { kind: "other", why: `it is ${type}` };
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Leaving the loop cancels the body.
    if (bytes > bytesMax) return { kind: "failed", why: `it is larger than ${bytesMax / 1024 / 1024} MiB` };
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return { url, isSheet, text: pageText(whole, charsetOf(type)) };
}

function faultOf(status: number): PageFault {
  return { kind: status === 404 || status === 410 ? "missing" : "failed", why: `it answers ${status}` };
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `it does not end within ${timeoutMs / 1000} s`;
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || error.message;
}
