import { ApiError } from "@prewarm/shared/api-errors";
import { isTooDeep } from "@prewarm/shared/foreign-json";
import { JSON_MAX_DEPTH } from "@prewarm/shared/limits";

/** A request's JSON. Throws `body_too_deep`, `body_invalid`. */
export function parseBody(text: string): unknown {
  refuseDeep(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError("body_invalid", { detail: "The body is not valid JSON." });
  }
}

/** Throws `body_too_deep`. */
export function refuseDeep(text: string): void {
  if (isTooDeep(text)) throw new ApiError("body_too_deep", { limitLevels: JSON_MAX_DEPTH });
}
