import { AS_IMAGE, isVariant } from "./probe.ts";
import { baseOf } from "./words.ts";

/*
 * For service workers that keep images. The usual CacheFirst follows the redirect of a cold image, cannot see that it did, and keeps the
 * original for ever. Here a redirect is seen before it is followed, and what it leads to is shown but not kept.
 */

export interface WorkerOptions {
  /** Where images are served, as for `createPrewarm`. */
  baseUrl: string;
  /** Default `prewarm`. */
  cacheName?: string;
}

/** The part of a FetchEvent that is used. */
export interface ImageEvent {
  request: Request;
  respondWith(response: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

/** For `addEventListener("fetch", …)`: answers requests for images and leaves all others alone. */
export function handleImages({ baseUrl, cacheName = "prewarm" }: WorkerOptions): (event: ImageEvent) => void {
  const prefix = new URL(`${baseOf(baseUrl)}/images/`, (globalThis as { location?: { href: string } }).location?.href)
    .href;
  return (event) => {
    if (event.request.method === "GET" && event.request.url.startsWith(prefix))
      event.respondWith(answer(event, cacheName));
  };
}

async function answer(event: ImageEvent, cacheName: string): Promise<Response> {
  const { url } = event.request;
  const cache = await caches.open(cacheName);
  // Every image was asked for with one `Accept`, so what is kept is what this browser likes.
  const kept = await cache.match(url, { ignoreVary: true } as CacheQueryOptions);
  if (kept) return kept;
  const fresh = await fetch(url, AS_IMAGE).catch(() => null);
  if (isVariant(fresh)) event.waitUntil(cache.put(url, fresh.clone()).catch(() => {})); // a full disk must not break the image
  // What stands in meanwhile is shown and not kept; a redirect is followed as the page would.
  return fresh?.ok ? fresh : fetch(event.request);
}

/** What Workbox hands to a plugin, as far as it is used. */
export interface WorkboxCall {
  request: Request;
}

/** A plugin for any Workbox strategy on image URLs, such as CacheFirst. */
export const workboxPlugin = {
  requestWillFetch: async ({ request }: WorkboxCall): Promise<Request> => new Request(request.url, AS_IMAGE),
  /** `no-cors`, as an `<img>` asks: the original's host need not know of CORS. */
  fetchDidSucceed: async ({ request, response }: WorkboxCall & { response: Response }): Promise<Response> =>
    response.ok ? response : fetch(request.url, { mode: "no-cors" } as RequestInit),
  cacheWillUpdate: async ({ response }: { response: Response }): Promise<Response | null> =>
    isVariant(response) ? response : null,
};
