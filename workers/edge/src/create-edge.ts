import type { Config } from "@prewarm/shared/config";
import { type Env, edgeOf } from "./config.ts";
import type { Edge } from "./request-context.ts";
import { route } from "./route.ts";

/** The edge of a site: its Worker. */
export function createEdge(site: Config) {
  /** One per isolate: what it remembers holds simultaneous misses down to one message. */
  let edge: Edge | undefined;
  return {
    fetch(request, env, context) {
      edge ??= edgeOf(site, env, caches.default);
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
