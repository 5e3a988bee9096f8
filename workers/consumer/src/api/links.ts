import type { Config } from "@prewarm/shared/config";
import { formatId } from "@prewarm/shared/image-id";
import { expiryOf, originalUrl, sign } from "@prewarm/shared/signature";
import { isWithheld, resolveOriginal } from "@prewarm/shared/source";
import { formatTransform, parseTransform, type Transform } from "@prewarm/shared/transform";
import type { Caller } from "./access/caller.ts";
import type { ApiDeps } from "./deps.ts";

type Links = Pick<ApiDeps, "config" | "edgeUrl" | "signingKeys" | "clock">;

/** Where the edge answers a variant; signed when an unsigned URL would be refused, and then not for ever: whoever has seen it may lose the right. */
export async function variantUrl(id: string, transform: Transform, v: string | null, deps: Links): Promise<string> {
  const { config, clock, edgeUrl } = deps;
  const path = `/images/${formatId(id)}`;
  const query = `${formatTransform(transform)}${v === null ? "" : `&v=${v}`}`;
  const [key] = deps.signingKeys;
  if (key === undefined || !needsSignature(id, query, config)) return `${edgeUrl}${path}?${query}`;
  const expiring = `${query}&exp=${expiryOf(config, Math.floor(clock.now() / 1000))}`;
  return `${edgeUrl}${path}?${expiring}&s=${await sign(path, expiring, key, config)}`;
}

function needsSignature(id: string, query: string, config: Config): boolean {
  if (config.access === "private") return true;
  try {
    const { closed, transform } = parseTransform(query, config);
    return !closed || isWithheld(config, id, transform);
  } catch {
    return true; // Made under an older configuration: an unsigned URL cannot ask for it any more.
  }
}

/**
 * Where this caller may look at an original: its own URL, or the edge's signed one for a bucket; null when neither is known. What no viewer
 * of a page may see is for operators only.
 */
export async function originalAddress(id: string, { role }: Pick<Caller, "role">, deps: Links): Promise<string | null> {
  const original = resolveOriginal(deps.config, id);
  if (original === null) return null;
  if (original.kind === "url") return original.url;
  if (original.hidden && role !== "operator") return null;
  const [key] = deps.signingKeys;
  if (key === undefined || deps.edgeUrl === "") return null;
  return originalUrl(deps.edgeUrl, id, key, deps.config, Math.floor(deps.clock.now() / 1000));
}
