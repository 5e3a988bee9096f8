import type { Config } from "@prewarm/shared/config";
import { type Env, type RewriterOptions, rewriterOf } from "./config.ts";
import { answer } from "./rewriter.ts";

/** A Worker in front of a site: plain `<img>` elements of its pages ask for what is warm. */
export function createRewriter(site: Config, options: RewriterOptions) {
  return {
    fetch(request, env, context) {
      // The site answers by itself where this fails.
      context.passThroughOnException();
      return answer(
        request,
        rewriterOf(site, options, env, (work) => context.waitUntil(work)),
      );
    },
  } satisfies ExportedHandler<Env>;
}
