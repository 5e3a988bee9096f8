import { type Config, defineConfig } from "@prewarm/shared/config";
import { parseTransform } from "@prewarm/shared/transform";
import { readTarget } from "../../../../workers/edge/src/request/target.ts";
import type { Target } from "../../../../workers/edge/src/request-context.ts";

export const BASE = "https://images.example.com";
export const config = defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  presets: { card: "w=640&h=480&f=auto", og: "w=1200&h=630&f=jpeg", "a b": "w=160&f=webp" },
});

/** The URL as the edge reads it. Throws what the edge would refuse it with. */
export function readUrl(text: string, asked: Config = config): Target {
  const url = new URL(text);
  if (url.origin !== BASE || !url.pathname.startsWith("/images/") || url.hash !== "")
    throw new Error(`${text} is no image URL`);
  return readTarget(url, url.searchParams, new Headers({ Accept: "image/avif,image/webp,*/*" }), asked);
}

/** What is wrong with a URL that needs no signature and stands in its one spelling; null when nothing is. */
export function faultOf(text: string): string | null {
  const url = new URL(text);
  const target = readUrl(text);
  if (text !== url.href) return `the browser writes ${url.href}`;
  const { width, height } = target.transform;
  const given = (name: string): number | null =>
    url.searchParams.has(name) ? Number(url.searchParams.get(name)) : null;
  if (!url.searchParams.has("p") && !target.passThrough && (given("w") !== width || given("h") !== height))
    return `the edge reads ${width} × ${height}`;
  if (!target.inClosedSet) return "it needs a signature";
  const repeated = parseTransform(url.searchParams, config, null);
  return repeated.negotiated && url.searchParams.get("f") !== "auto" && !url.searchParams.has("p") ? "f is lost" : null;
}
