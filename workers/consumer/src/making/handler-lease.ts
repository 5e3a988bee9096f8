import type { Clock } from "@prewarm/shared/clock";
import { LEASE_MS } from "@prewarm/shared/limits";
import type { Handlers } from "../ledger/contract.ts";

/** The right to act on what this owner has claimed, as far as its handler can know. */
export interface HandlerLease {
  readonly owner: string;
  /** True when at least `leftMs` are left, after renewing if need be. False: somebody else may own the rows, so do nothing more. */
  ensure(leftMs: number): Promise<boolean>;
  /** Makes a call of this owner; a granted answer renews the lease, counted from before the call. */
  renewingCall<T>(call: () => Promise<T>, granted: (answer: T) => boolean): Promise<T>;
}

export function createHandlerLease(
  owner: string,
  { ledger, clock }: { ledger: Pick<Handlers, "renew">; clock: Clock },
): HandlerLease {
  let until = 0;
  let lost = false;
  let renewing: Promise<void> | null = null;

  async function renewingCall<T>(call: () => Promise<T>, granted: (answer: T) => boolean): Promise<T> {
    const startedAt = clock.now();
    const answer = await call();
    if (granted(answer)) until = Math.max(until, startedAt + LEASE_MS);
    return answer;
  }

  async function renew(): Promise<void> {
    const answer = await renewingCall(
      () => ledger.renew(owner),
      (given) => given === "ok",
    );
    if (answer === "lost") lost = true;
  }

  return {
    owner,
    renewingCall,
    async ensure(leftMs) {
      if (!lost && until - clock.now() < leftMs) {
        renewing ??= renew().finally(() => {
          renewing = null;
        });
        await renewing;
      }
      return !lost && until - clock.now() >= leftMs;
    },
  };
}
