import type { Config } from "@prewarm/shared/config";
import type { EdgeCache } from "./bindings.ts";
import { type Env, edgeOf } from "./config.ts";
import type { Edge } from "./request-context.ts";
import { route } from "./route.ts";

const cache: EdgeCache = {
  match: (url) => caches.default.match(url),
  put: (url, response) => caches.default.put(url, response),
  delete: (url) => caches.default.delete(url),
};

/** The edge of a site: its Worker. */
export function createEdge(site: Config) {
  /** One per isolate: what it remembers holds simultaneous misses down to one message. */
  let edge: Edge | undefined;
  return {
    fetch(request, env, context) {
      edge ??= edgeOf(site, env, cache);
      const ready = edge;
      const answer = (asked: Request): Promise<Response> => route(asked, ready, (work) => context.waitUntil(work));
      // The first service that is listed is asked first.
      return ready.config.legacy.reduceRight(
        (next, service) => (asked: Request) => service.serve(asked, next, { ...ready, env }),
        answer,
      )(request);
    },
  } satisfies ExportedHandler<Env>;
}
