import { AGENT } from "@prewarm/site-pages/fetch-page";
import { ROBOTS_MAX_BYTES, type Robots, readRobots } from "@prewarm/site-pages/robots";
import type { LocalPage } from "./local-page.ts";
import { type KeptImage, reasonOf, type SiteCopy } from "./site-copy.ts";
import { Refused, readAll, type SiteAnswer, type SiteFetch } from "./site-fetch.ts";
import type { SiteNames } from "./site-names.ts";

/** What this program calls itself where no browser asks. */
export const OWN_HEADERS = { "user-agent": AGENT, accept: "text/html,image/*,*/*;q=0.1" };
/** Some sites choose a format by it: what they show weighs what a browser would have loaded. */
const AS_BROWSER = { "user-agent": AGENT, accept: "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8" };

/** How much is read beside what the browser asks for. */
export interface VisitLimits {
  pages: number;
  /** Requests, images included. */
  requests: number;
  /** Bytes of images. */
  bytes: number;
  /** Unix ms at which the visit ends. */
  until: number;
}

export interface Visiting {
  names: SiteNames;
  copy: SiteCopy;
  fetch: SiteFetch;
  limits: VisitLimits;
  now(): number;
  /** Resolves when the next request may be sent. `delayMs`: what the site's robots.txt asks for at least. */
  pace(delayMs: number): Promise<void>;
  stop: AbortSignal;
}

export interface Visited {
  pages: number;
  /** The pages themselves, the first 40 million characters. */
  read: LocalPage[];
  /** What could not be read, with the reason. */
  unread: { place: string; why: string }[];
  /** The limit that ended the visit; null: there was nothing more to read. */
  limit: string | null;
}

/** Characters of pages that stay in memory. */
const TEXTS_MAX = 40_000_000;

/** Reads the original of an old address that the browser has asked for, at once. Never rejects. */
export async function keepOriginal(image: KeptImage, { copy, fetch }: Pick<Visiting, "copy" | "fetch">): Promise<void> {
  const original = copy.wanted(image);
  if (original === null) return;
  try {
    const answer = await fetch(original, { headers: OWN_HEADERS, follows: () => true });
    if ((await copy.keep(original, answer)) !== null) return;
    answer.body.destroy();
  } catch {
    // As when it is not there.
  }
  copy.becomeOriginal(image);
}

/** Reads the site's pages from `start` on, as its robots.txt allows, and the images that they show. Never rejects. */
export async function visitSite(start: URL, visiting: Visiting): Promise<Visited> {
  const { names, copy, limits } = visiting;
  const visited: Visited = { pages: 0, read: [], unread: [], limit: null };
  let textLength = 0;
  const ask = createAsking(await robotsOf(start, visiting), visited, visiting);
  const seen = new Set([nameOf(start)]);
  const waiting = [start];
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    if (visited.pages >= limits.pages) visited.limit ??= `${limits.pages} pages`;
    const page = await ask(url, "page", copy.page);
    if (page === null) continue;
    visited.pages += 1;
    textLength += page.text.length;
    if (textLength <= TEXTS_MAX) visited.read.push(page);
    for (const image of page.images) {
      if (names.localOf(image) === null || seen.has(image.href) || copy.byUrl(image) !== undefined) continue;
      seen.add(image.href);
      const kept = await ask(image, "image", (answer) => copy.keep(image, answer));
      const original = kept === null ? null : copy.wanted(kept);
      if (kept === null || original === null) continue;
      if ((await ask(original, "original", (answer) => copy.keep(original, answer))) === null)
        copy.becomeOriginal(kept);
    }
    for (const link of page.links) {
      if (seen.has(nameOf(link)) || NO_PAGE.test(link.pathname)) continue;
      seen.add(nameOf(link));
      waiting.push(link);
    }
  }
  return visited;
}

type Ask = <T>(
  url: URL,
  kind: "page" | "image" | "original",
  read: (answer: SiteAnswer) => Promise<T | null>,
) => Promise<T | null>;

/** Asks for one address after the other within the limits, and notes what cannot be read. */
function createAsking(robots: Robots, visited: Visited, visiting: Visiting): Ask {
  const { names, fetch, stop } = visiting;
  let requests = 0;
  return async (url, kind, read) => {
    visited.limit ??= limitOf(visiting, requests);
    if (stop.aborted || visited.limit !== null) return null;
    try {
      if (url.origin === names.origin && !robots.allows(url.pathname + url.search))
        throw new Refused("robots.txt forbids it");
      requests += 1;
      await visiting.pace(robots.delayMs ?? 0);
      const follows = (next: URL): boolean => kind !== "page" || next.origin === names.origin;
      const answer = await fetch(url, { headers: kind === "image" ? AS_BROWSER : OWN_HEADERS, follows });
      const found = await read(answer);
      if (found === null) answer.body.destroy();
      if (answer.location !== null) throw new Refused(`it redirects to ${answer.location.host}`);
      if (answer.status >= 400) throw new Refused(`it answers ${answer.status}`);
      const passedOn = PASSED_ON.exec(answer.type)?.[0];
      if (passedOn !== undefined) throw new Refused(`passed on: no variant is made of ${passedOn}`);
      return found;
    } catch (error) {
      visited.unread.push({ place: url.href, why: reasonOf(error) });
      return null;
    }
  };
}

/** Pictures that keep the page's own URL: most browsers show none, and no variant is made. */
const PASSED_ON = /^image\/(tiff|jxl)\b/i;

/** A folder and its index are one page. */
function nameOf(page: URL): string {
  return page.href.replace(/\/index\.html?$/, "/");
}

/** Links to these lead to files that are no pages. */
const NO_PAGE = /\.(?!html?$|php$|aspx?$)[a-z][a-z\d]{1,4}$/i;

function limitOf({ limits, copy, now }: Visiting, requests: number): string | null {
  if (requests >= limits.requests) return `${limits.requests} requests`;
  if (now() > limits.until) return "its time";
  const bytes = copy.all().reduce((sum, image) => sum + image.bytes, 0);
  return bytes > limits.bytes ? `${limits.bytes / 1_000_000} MB` : null;
}

/** A site without robots.txt, or with one that cannot be read, forbids nothing. */
async function robotsOf(start: URL, { fetch, pace }: Visiting): Promise<Robots> {
  try {
    await pace(0);
    const answer = await fetch(new URL("/robots.txt", start), { headers: OWN_HEADERS, follows: () => true });
    const isThere = answer.status === 200;
    if (!isThere) answer.body.destroy();
    return readRobots(isThere ? (await readAll(answer.body, ROBOTS_MAX_BYTES)).toString("utf8") : "", AGENT);
  } catch {
    return readRobots("", AGENT);
  }
}
