import type { HookAnswer } from "@prewarm/control-schema/hooks";
import type { HookConfig } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import type { HookDeps } from "./enqueue-events.ts";
import { noteDelivery, noteOf } from "./note-delivery.ts";
import type { Subscription } from "./verifiers/proof.ts";

const CONFIRM_TIMEOUT_MS = 5000;

/** Nothing but the subscription was spoken of. */
const IGNORED: HookAnswer = {
  run: null,
  accepted: 0,
  duplicates: 0,
  existing: 0,
  purged: 0,
  ignored: 1,
  rejected: [],
  duplicate: false,
};

/**
 * Confirms the subscription of a topic, or shows where an operator confirms it. The verifier has compared topic and address with the
 * configuration. Throws `unavailable` when the confirmation fails, so that the sender asks again.
 */
export async function answerSubscription(
  name: string,
  { verifier }: HookConfig,
  { topic, confirmUrl }: Subscription,
  deps: HookDeps & { fetch: typeof fetch },
): Promise<HookAnswer> {
  const isAutomatic = verifier.kind === "sns" && verifier.confirm !== false;
  if (confirmUrl !== null && isAutomatic) await confirm(confirmUrl, deps.fetch);
  // The address stands in the list only, because the log may go to others.
  const said = confirmUrl === null ? "ended" : isAutomatic ? "confirmed" : "unconfirmed";
  deps.log("hook.subscription", { hook: name, topic, subscription: said });
  const why = `The subscription of ${topic} ${SAID[said]}`;
  await noteDelivery({ ...noteOf(name, IGNORED), why: said === "unconfirmed" ? `${why} ${confirmUrl}` : why }, deps);
  return IGNORED;
}

const OPEN = "To confirm it, open";
const SAID = { ended: "has ended.", confirmed: "is confirmed.", unconfirmed: `waits. ${OPEN}` };

/** What the list says of a delivery, without the address that confirms a subscription: its token is a right. */
export function withoutAddress(why: string | null): string | null {
  const at = why?.indexOf(` ${OPEN} `) ?? -1;
  return at === -1 ? why : `${why?.slice(0, at)} An operator with the act mend sees the address that confirms it.`;
}

async function confirm(url: string, fetcher: typeof fetch): Promise<void> {
  try {
    const answer = await fetcher(url, { redirect: "manual", signal: AbortSignal.timeout(CONFIRM_TIMEOUT_MS) });
    await answer.body?.cancel();
    if (answer.status === 200) return;
  } catch {
    // The host did not answer.
  }
  throw new AppError("unavailable", { detail: "The subscription could not be confirmed now. Send it again." });
}
