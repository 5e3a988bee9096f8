import { AS_IMAGE, isVariant } from "./probe.ts";
import { baseOf } from "./words.ts";

/*
 * For service workers that keep images. The usual CacheFirst follows the redirect of a cold image without notice, and
 * keeps the original for ever. This one stops at the redirect: the page shows the original, and the cache does not keep
 * it.
 */

export interface WorkerOptions {
  /** The address of the edge, as for `createPrewarm`. */
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

/** A listener for `addEventListener("fetch", …)`. Answers requests for images only. */
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
  // Every request has the `Accept` of this browser, so the kept answer is right for it.
  const kept = await cache.match(url, { ignoreVary: true } as CacheQueryOptions);
  if (kept) return kept;
  const fresh = await fetch(url, AS_IMAGE).catch(() => null);
  if (isVariant(fresh)) event.waitUntil(cache.put(url, fresh.clone()).catch(() => {})); // a full disk must not break the image
  // A stand-in is shown and not kept. A redirect is followed by the page's own request.
  return fresh?.ok ? fresh : fetch(event.request);
}

/** The part of a plugin's argument of Workbox that is used. */
export interface WorkboxCall {
  request: Request;
}

/** A plugin for any Workbox strategy on image URLs, such as CacheFirst. */
export const workboxPlugin = {
  requestWillFetch: async ({ request }: WorkboxCall): Promise<Request> => new Request(request.url, AS_IMAGE),
  /** The request as an `<img>` makes it, `no-cors`: the host of the original may not allow CORS. */
  fetchDidSucceed: async ({ request, response }: WorkboxCall & { response: Response }): Promise<Response> =>
    response.ok ? response : fetch(request.url, { mode: "no-cors" } as RequestInit),
  cacheWillUpdate: async ({ response }: { response: Response }): Promise<Response | null> =>
    isVariant(response) ? response : null,
};
