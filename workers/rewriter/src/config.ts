import type { Config } from "@prewarm/shared/config";
import { printableJson } from "@prewarm/shared/printable";
import { publicConfig } from "@prewarm/shared/public-config";
import type { Rewriter } from "./rewriter.ts";

/** A service binding, as far as it is used. */
export interface Service {
  fetch(request: Request): Promise<Response>;
}

export interface Env {
  /** Where images are served. Unset: no page is rewritten. */
  EDGE_URL?: string;
  /** The consumer, whose API tells what is stored. */
  CONSUMER?: Service;
  /** A token that may look (docs/operate.md, Rights). */
  VIEWER_TOKEN?: string;
  /** The site, where it is a Worker itself. Unset: the origin behind the route. */
  SITE?: Service;
}

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

/** Bytes of a page that are read ahead, and images of one lookup: a thousand is what the API takes, at six reads of R2 a time. */
const MAX_BYTES = 2_000_000;
const MAX_IMAGES = 500;

/** Makes everything that pages are rewritten with from the site's configuration and the Worker's environment. */
export function rewriterOf(
  site: Config,
  options: RewriterOptions,
  env: Env,
  waitUntil: (work: Promise<unknown>) => void,
): Rewriter {
  const { from, placeholder = false, readMs = 50, lookupMs = 100 } = options;
  const html = { ...publicConfig(site), baseUrl: env.EDGE_URL ?? "", from, placeholder };
  return {
    html,
    fault: faultOf(site, env),
    configuration: hashOf(JSON.stringify(html)),
    limits: { readMs, lookupMs, maxBytes: MAX_BYTES, maxImages: MAX_IMAGES },
    now: () => Date.now(),
    fetchPage: (request) => (env.SITE === undefined ? fetch(request) : env.SITE.fetch(request)),
    lookup: {
      // The host is not looked at: a binding leads to the Worker.
      ask: (ids, signal) =>
        (env.CONSUMER as Service).fetch(
          new Request("https://consumer/api/v1/info", {
            method: "POST",
            headers: { authorization: `Bearer ${env.VIEWER_TOKEN}`, "content-type": "application/json" },
            body: JSON.stringify({ ids }),
            signal,
          }),
        ),
      cache: () => caches.open("prewarm-rewriter"),
      waitUntil,
      log: (event, fields) => console.log(printableJson(JSON.stringify({ event, part: "rewriter", ...fields }))),
    },
  };
}

function faultOf({ access }: Config, { EDGE_URL, CONSUMER, VIEWER_TOKEN }: Env): string | null {
  if (!EDGE_URL || !URL.canParse(EDGE_URL)) return "no-edge-url";
  if (CONSUMER === undefined) return "no-consumer";
  if (!VIEWER_TOKEN) return "no-viewer-token";
  // A page that is made once for all viewers holds no key.
  return access === "private" ? "private" : null;
}

/** FNV-1a, in base 36. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(36);
}
