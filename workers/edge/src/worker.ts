import type { Edge, EdgeCache } from "./bindings.ts";
import { type Bindings, createEdge } from "./config.ts";
import { route } from "./route.ts";

/** One per isolate: its memory is what keeps simultaneous misses to one message. */
let edge: Edge | undefined;

const cache: EdgeCache = {
  match: (url) => caches.default.match(url),
  put: (url, response) => caches.default.put(url, response),
  delete: (url) => caches.default.delete(url),
};

export default {
  fetch(request, env, context) {
    edge ??= createEdge(env, cache);
    return route(request, edge, (work) => context.waitUntil(work));
  },
} satisfies ExportedHandler<Bindings>;
