import type { EdgeCache } from "./bindings.ts";
import { createEdge, type Env } from "./config.ts";
import type { Edge } from "./request-context.ts";
import { route } from "./route.ts";

/** One per isolate: what it remembers holds simultaneous misses down to one message. */
let edge: Edge | undefined;

const cache: EdgeCache = {
  match: (url) => caches.default.match(url),
  put: (url, response) => caches.default.put(url, response),
  delete: (url) => caches.default.delete(url),
};

export default {
  fetch(request, env, context) {
    edge ??= createEdge(env, cache);
    const ready = edge;
    const answer = (asked: Request): Promise<Response> => route(asked, ready, (work) => context.waitUntil(work));
    // The first service that is listed is asked first.
    return ready.config.legacy.reduceRight(
      (next, service) => (asked: Request) => service.serve(asked, next, { ...ready, env }),
      answer,
    )(request);
  },
} satisfies ExportedHandler<Env>;
