import { ApiError } from "../errors.ts";
import type { Settings } from "../settings.ts";

export interface RateLimit {
  /** @throws ApiError 429 when the bucket is empty */
  take(call: "create" | "other"): void;
}

/** `Retry-After` in the form the settings or a fault ask for; seconds are whole and at least 1, as RFC 9110 has them. */
export function retryAfterHeaders(
  form: "seconds" | "date" | "none",
  seconds: number,
  now: number,
): Record<string, string> {
  const whole = Math.max(1, Math.ceil(seconds));
  if (form === "none") return {};
  return { "retry-after": form === "seconds" ? String(whole) : new Date(now + whole * 1000).toUTCString() };
}

/** A token bucket. `rate_limited` is the emulator's own word: the service's kind for 429 is not documented. */
export function createRateLimit(settings: Settings, now: () => number): RateLimit {
  let tokens: number | null = null;
  let at = 0;

  return {
    take(call) {
      const limit = settings.rateLimit;
      if (limit === null) {
        tokens = null;
        return;
      }
      if (limit.calls === "create" && call !== "create") return;
      const refilled = tokens === null ? limit.burst : tokens + ((now() - at) / 1000) * limit.perSecond;
      tokens = Math.min(limit.burst, refilled);
      at = now();
      if (tokens < 1) {
        const headers = retryAfterHeaders(limit.retryAfter, (1 - tokens) / limit.perSecond, now());
        throw new ApiError(429, "rate_limited", "too many requests", headers);
      }
      tokens -= 1;
    },
  };
}
