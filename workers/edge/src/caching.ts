import type { Config } from "@prewarm/shared/config";

/** A year: the longest that RFC 2616 suggested, and what Ittybit's guide writes. */
const YEAR_SECONDS = 31_536_000;

/**
 * The `Cache-Control` that clients get with a variant. A signed URL's expiry trims its life, so that no copy outlives the permission.
 * `expiresAt` and `nowSeconds` in Unix seconds.
 */
export function clientCaching(freshness: Config["freshness"], expiresAt: number | null, nowSeconds: number): string {
  if (freshness === "revalidate") return "public, max-age=0, must-revalidate";
  return `public, max-age=${trimmed(YEAR_SECONDS, expiresAt, nowSeconds)}, immutable`;
}

/** `seconds`, or what is left until `expiresAt` if that is less; never below 0. */
export function trimmed(seconds: number, expiresAt: number | null, nowSeconds: number): number {
  return expiresAt === null ? seconds : Math.max(0, Math.min(seconds, expiresAt - nowSeconds));
}
