import type { Config } from "../../../packages/shared/src/config.ts";

/* The types of `prewarm/rewriter`, as far as a site sees them. The compiler holds the code to them (types.check.ts). */

export interface RewriterOptions {
  /** What the `src` of the site's images begins with, such as `/uploads/`; what follows is the id. */
  from: string;
  /** Whether the tiny picture stands behind each image, by an inline style; never in a page that has a policy. Default: no. */
  placeholder?: boolean;
  /** Longest that a page's images are gathered after its first one, in ms. Default: 50. */
  readMs?: number;
  /** Longest that a page then waits for what is known of them, in ms. Default: 100. */
  lookupMs?: number;
}

export interface RewriterWorker {
  fetch(
    request: Request,
    env: object,
    context: { waitUntil(work: Promise<unknown>): void; passThroughOnException(): void },
  ): Promise<Response>;
}

/** The Worker in front of a site's pages. */
export declare function createRewriter(site: Config, options: RewriterOptions): RewriterWorker;
