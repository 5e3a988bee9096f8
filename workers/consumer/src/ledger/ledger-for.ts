import type { Clock } from "@prewarm/shared/clock";
import { errorText, type Log } from "@prewarm/shared/log";
import { LEDGER_CALLS, type LedgerCalls } from "./contract.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";

/** How long a caller goes on asking a ledger that does not answer: a reset or a move of the object takes a few seconds. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** As much of a `DurableObjectNamespace` as is needed. */
export interface LedgerNamespace {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): unknown;
}

export interface AskDeps {
  clock: Clock;
  log: Log;
  sleep(ms: number): Promise<void>;
  /** A random id, different for each call. */
  newCallId(): string;
}

/**
 * The ledger that keeps this image's jobs, as a client: the one place where sharding is decided. There is one shard, which takes about a
 * thousand calls a second and ten million rows; counts, gate and runs would have to be summed over more.
 *
 * Each try takes a new stub, because a stub that has thrown once throws for ever. A call is tried for about 10 s, because it changes nothing
 * when it is heard twice; a call that counts is made once (`LEDGER_CALLS`). Throws `LedgerUnavailable`.
 */
export function ledgerFor(namespace: LedgerNamespace, deps: AskDeps): LedgerCalls {
  const id = namespace.idFromName("main");
  // The RPC types turn `unknown` within an argument to `never`; both ends are this Worker's, and the class implements the contract.
  return ledgerClient(() => namespace.get(id) as LedgerCalls, deps);
}

/** The client over whatever makes stubs. */
export function ledgerClient(newStub: () => LedgerCalls, deps: AskDeps): LedgerCalls {
  const client = Object.entries(LEDGER_CALLS).map(([name, kind]) => {
    const call = name as keyof LedgerCalls;
    const ask = (...args: unknown[]) => {
      const said = kind === "id" ? [...args, deps.newCallId()] : args;
      const patienceMs = kind === "once" ? 0 : PATIENCE_MS;
      const tryOnce = () => (newStub()[call] as (...args: unknown[]) => Promise<unknown>)(...said);
      return persist(call, tryOnce, patienceMs, deps);
    };
    return [call, ask] as const;
  });
  return Object.fromEntries(client) as unknown as LedgerCalls;
}

async function persist<T>(
  call: keyof LedgerCalls,
  ask: () => Promise<T>,
  patienceMs: number,
  { clock, log, sleep }: AskDeps,
): Promise<T> {
  const until = clock.now() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await ask();
    } catch (error) {
      log("ledger.unanswered", { call, error: errorText(error) });
      const wait = pause * (0.5 + 0.5 * clock.random());
      if (isOverloaded(error) || clock.now() + wait > until) throw new LedgerUnavailable(call, error);
      await sleep(wait);
    }
  }
}

/** The platform's mark of an object that has too much to do: another try would add to it. */
function isOverloaded(error: unknown): boolean {
  return ((error ?? {}) as { overloaded?: boolean }).overloaded === true;
}
