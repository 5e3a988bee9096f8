import { networkOf } from "@prewarm/shared/network";
import type { Edge, RequestContext } from "../request-context.ts";
import { withTimeLimit } from "../time-limit.ts";

/** Share of the budget. */
const SHARE = 0.05;

/** The client's network; null without a proxy in front. */
export function clientNetwork({ headers }: Pick<RequestContext, "headers">): string | null {
  const address = headers.get("CF-Connecting-IP");
  return address === null ? null : networkOf(address);
}

/**
 * Whether the client's network is over its limit of this minute. False without an address (no proxy in front), or if
 * the limiter fails.
 */
export async function isOverLimit(
  context: Pick<RequestContext, "headers" | "left">,
  limit: Edge["limit"],
  /** Separates these requests from others that the limiter counts. */
  what = "",
): Promise<boolean> {
  const network = clientNetwork(context);
  if (limit === null || network === null) return false;
  const result = await withTimeLimit(() => limit.limit({ key: what + network }), context.left(SHARE));
  return result.ok && !result.value.success;
}
