import { within } from "@prewarm/durable-queue";
import { ApiError } from "@prewarm/shared/api-errors";
import { SITE_FUNCTION_MS } from "@prewarm/shared/limits";
import { errorText, type Log } from "@prewarm/shared/log";

/** A deploy of a mended configuration takes longer; a passing fault does not. */
const RETRY_SECONDS = 60;

interface SiteCall {
  /** Such as `mapper`. */
  what: string;
  hook: string;
  log: Log;
}

/**
 * Runs a function of prewarm.config.ts, and `read` over what it returns: a site's code is trusted with secrets, but not to be right.
 * Throws `not_configured`, after which senders send again, when either throws or takes longer than `SITE_FUNCTION_MS`. The log has the
 * reason; a sender may be a stranger and does not get it.
 */
export async function callSite<T>(
  { what, hook, log }: SiteCall,
  run: () => unknown,
  read: (result: unknown) => T,
): Promise<T> {
  try {
    return read(await within(Promise.resolve().then(run), SITE_FUNCTION_MS));
  } catch (error) {
    log("hook.function_failed", { hook, function: what, error: errorText(error) });
    const detail = `The ${what} of this hook failed; the log of the consumer has the reason. Send it again.`;
    throw new ApiError("not_configured", { detail, retryAfterSeconds: RETRY_SECONDS });
  }
}
