import { networkOf } from "@prewarm/shared/network";
import type { Edge, RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";

const WAIT_MS = 50;

/** Whether the client's network has had its share of this minute. None has without an address (no proxy in front) or when the limiter fails. */
export async function isOverLimit(
  { headers, left }: RequestContext,
  limit: Edge["limit"],
  /** Told apart from what else that limiter counts. */
  what = "",
): Promise<boolean> {
  const address = headers.get("CF-Connecting-IP");
  if (limit === null || address === null) return false;
  const result = await withTimeLimit(() => limit.limit({ key: what + networkOf(address) }), left(WAIT_MS));
  return result.ok && !result.value.success;
}
