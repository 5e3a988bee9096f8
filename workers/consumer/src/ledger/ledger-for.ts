import type { Clock } from "@prewarm/shared/clock";
import { errorText, type Log } from "@prewarm/shared/log";
import type { Ledger } from "./ledger.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";
import { type AnsweringRead, READS, type ReadName, type Reads } from "./reads.ts";
import { WRITES, type WriteName, type Writes } from "./writes.ts";

/** How long a caller goes on asking a ledger that does not answer: a reset or a move of the object takes a few seconds. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Calls that wait for the platform or for R2, besides those of `READS` and `WRITES`. A repeat changes nothing. */
export const OWN_CALLS = {
  edgesTold: "read",
  findBookmark: "read",
  restoreTo: "idempotent",
  rearm: "idempotent",
  recover: "idempotent",
} as const;
type OwnName = keyof typeof OWN_CALLS;

/** A call as its caller gets it. */
type Asked<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;

/** Every call of the ledger, by its name. `who` names the person or machine for the audit log. */
export type LedgerCalls = { [K in ReadName]: Asked<Reads[K]> } & { [K in WriteName]: Asked<Writes[K]> } & {
  [K in OwnName]: Asked<Ledger[K]>;
};

/** The calls that answer an operation of the API, by its name (`ANSWERS` in reads.ts). */
export type AnsweringCalls = Pick<LedgerCalls, AnsweringRead>;

/** What handlers ask. */
export type Handlers = Pick<LedgerCalls, "exchange" | "recordDead">;

/** The ledger's object: one door for reads, one for writes. What it answers at once its caller gets as a promise. */
export type LedgerDoors = Pick<Ledger, "read" | "write" | OwnName>;

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
 * when it is heard twice; a call that counts is made once (`WRITES`). Throws `LedgerUnavailable`.
 */
export function ledgerFor(namespace: LedgerNamespace, deps: AskDeps): LedgerCalls {
  const id = namespace.idFromName("main");
  // The platform's RPC types know no generics; both ends are this Worker's, and the class implements the doors.
  return ledgerClient(() => namespace.get(id) as LedgerDoors, deps);
}

type Method = (...args: unknown[]) => unknown;

/** The client over whatever makes stubs. */
export function ledgerClient(newStub: () => LedgerDoors, deps: AskDeps): LedgerCalls {
  const ask = (name: string, patienceMs: number, call: (stub: LedgerDoors) => unknown) =>
    persist(name, async () => call(newStub()), patienceMs, deps);
  const reads = Object.keys(READS).map((name) => {
    return [name, (...args: never) => ask(name, PATIENCE_MS, (stub) => stub.read(name as ReadName, args))] as const;
  });
  const writes = Object.entries(WRITES).map(([name, { repeat }]) => {
    const call = (...args: never) => {
      const id = repeat === "id" ? deps.newCallId() : undefined;
      return ask(name, repeat === "once" ? 0 : PATIENCE_MS, (stub) => stub.write(name as WriteName, args, id));
    };
    return [name, call] as const;
  });
  const own = (Object.keys(OWN_CALLS) as OwnName[]).map((name) => {
    const call = (...args: unknown[]) =>
      ask(name, PATIENCE_MS, (stub) => (stub as unknown as Record<OwnName, Method>)[name](...args));
    return [name, call] as const;
  });
  return Object.fromEntries([...reads, ...writes, ...own]) as unknown as LedgerCalls;
}

async function persist<T>(
  call: string,
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
