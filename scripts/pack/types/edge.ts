import type { Config } from "../../../packages/shared/src/config.ts";

/* The types of `prewarm/edge`, as far as a site sees them. The compiler holds the code to them (types.check.ts). */

export interface EdgeWorker {
  fetch(request: Request, env: object, context: { waitUntil(work: Promise<unknown>): void }): Promise<Response>;
}

/** The edge of a site, which answers image URLs. */
export declare function createEdge(site: Config): EdgeWorker;
