import type { Clock } from "@prewarm/shared/clock";
import { LEASE_MS } from "@prewarm/shared/limits";
import { backoff } from "../platform/backoff.ts";
import { errorText, type Log } from "../platform/log.ts";
import type { LedgerPort } from "./ledger-port.ts";

/** The ledger did not answer: the messages must come again, and the rows' lease runs out by itself. */
export class LedgerUnreachable extends Error {
  constructor(call: string, cause: unknown) {
    super(`${call}: ${errorText(cause)}`, { cause });
    this.name = "LedgerUnreachable";
  }
}

/** The right to act on what this owner has claimed, as far as its handler can know. */
export interface HandlerLease {
  readonly owner: string;
  /** True when at least `leftMs` are left, after renewing if need be. False: somebody else may own the rows, so do nothing more. */
  ensure(leftMs: number): Promise<boolean>;
  /** Calls the ledger, again when there is no answer (a repeated call of the same owner changes nothing). Throws LedgerUnreachable. */
  call<T>(name: string, rpc: () => Promise<T>): Promise<T>;
  /** As `call`; a granted answer renews the lease, counted from before the call. */
  renewingCall<T>(name: string, rpc: () => Promise<T>, granted: (answer: T) => boolean): Promise<T>;
}

const TRIES = 3;
const FIRST_PAUSE_MS = 200;

export function createHandlerLease(
  owner: string,
  {
    ledger,
    clock,
    sleep,
    log,
  }: { ledger: Pick<LedgerPort, "renew">; clock: Clock; sleep(ms: number): Promise<void>; log: Log },
): HandlerLease {
  let until = 0;
  let lost = false;
  let renewing: Promise<void> | null = null;

  async function timed<T>(name: string, rpc: () => Promise<T>): Promise<{ answer: T; startedAt: number }> {
    for (let attempt = 1; ; attempt += 1) {
      const startedAt = clock.now();
      try {
        return { answer: await rpc(), startedAt };
      } catch (error) {
        log("ledger.unanswered", { call: name, attempt, error: errorText(error) });
        if (attempt === TRIES) throw new LedgerUnreachable(name, error);
        await sleep(backoff(attempt, { first: FIRST_PAUSE_MS }));
      }
    }
  }

  async function renewingCall<T>(name: string, rpc: () => Promise<T>, granted: (answer: T) => boolean): Promise<T> {
    const { answer, startedAt } = await timed(name, rpc);
    if (granted(answer)) until = Math.max(until, startedAt + LEASE_MS);
    return answer;
  }

  async function renew(): Promise<void> {
    const answer = await renewingCall(
      "renew",
      () => ledger.renew(owner),
      (given) => given === "ok",
    );
    if (answer === "lost") lost = true;
  }

  return {
    owner,
    renewingCall,
    call: async (name, rpc) => (await timed(name, rpc)).answer,
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
