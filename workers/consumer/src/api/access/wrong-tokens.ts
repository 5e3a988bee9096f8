import { networkOf } from "@prewarm/shared/network";

/** Wrong tokens from one network within the window before it is told to wait. */
const WRONG_MAX = 10;
const WINDOW_MS = 300_000;
/** Networks remembered; the one that began longest ago gives way. */
const NETWORKS_MAX = 10_000;

/** Counts wrong tokens. A right one is always let in: a stranger must not lock anybody out, and tokens are too long to be guessed. */
export interface WrongTokens {
  /** Counts one from this address; the seconds to wait when there were too many, else 0. */
  count(address: string | null, nowMs: number): number;
  /** Without counting: the seconds to wait after too many, else 0. */
  wait(address: string | null, nowMs: number): number;
  /** A right token: its network starts anew. */
  forgive(address: string | null): void;
}

/** Kept in the isolate's memory, so that a stranger's guesses cost no call and no row. */
export function createWrongTokens(): WrongTokens {
  const networks = new Map<string, { since: number; n: number }>();
  const nameOf = (address: string | null) => networkOf(address ?? "unknown");
  const waitOf = ({ since, n }: { since: number; n: number }, nowMs: number): number =>
    n > WRONG_MAX && nowMs - since < WINDOW_MS ? Math.max(1, Math.ceil((since + WINDOW_MS - nowMs) / 1000)) : 0;
  return {
    count(address, nowMs) {
      const name = nameOf(address);
      const known = networks.get(name);
      const entry = known !== undefined && nowMs - known.since < WINDOW_MS ? known : { since: nowMs, n: 0 };
      entry.n += 1;
      if (entry !== known) {
        networks.delete(name);
        networks.set(name, entry);
        const oldest = networks.keys().next().value;
        if (networks.size > NETWORKS_MAX && oldest !== undefined) networks.delete(oldest);
      }
      return waitOf(entry, nowMs);
    },
    wait: (address, nowMs) => waitOf(networks.get(nameOf(address)) ?? { since: 0, n: 0 }, nowMs),
    forgive: (address) => void networks.delete(nameOf(address)),
  };
}
