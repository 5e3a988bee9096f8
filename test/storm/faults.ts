import type { Chance } from "../world/chance.ts";

/** What may go wrong with a call of the API. */
export type CallFault = "500" | "answer lost" | "answer late";
/** What may go wrong with the download of a result. */
export type ResultFault = "500" | "403" | "truncated" | "html" | "wrong type" | "connection lost";

const CALL_FAULTS: readonly CallFault[] = ["500", "answer lost", "answer late"];
const RESULT_FAULTS: readonly ResultFault[] = ["500", "403", "truncated", "html", "wrong type", "connection lost"];
/** Of jobs, a share of all faults: a failed job is paid, and no fault of ours. */
const FAILED_SHARE = 0.2;
/** List pages go wrong more often: they are few. */
const LIST_TIMES = 4;

/** The weather: which call goes wrong, by the storm's seed and the share of faults. */
export interface Faults {
  ofCall(): CallFault | null;
  ofResult(): ResultFault | null;
  fails(): boolean;
  /** A list page is shuffled, a third of it is left out, and some of the rest comes twice. */
  shuffles(): boolean;
  /** How often each was struck. */
  counts: Map<string, number>;
}

export function createFaults(chance: Chance, share: number): Faults {
  const counts = new Map<string, number>();
  const struck = <T extends string>(fault: T): T => {
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    return fault;
  };
  const oneOf = <T extends string>(faults: readonly T[]): T | null => {
    const fault = chance.hits(share) ? chance.pick(faults) : undefined;
    return fault === undefined ? null : struck(fault);
  };
  const happens = (probability: number, name: string): boolean => chance.hits(probability) && struck(name) === name;
  return {
    ofCall: () => oneOf(CALL_FAULTS),
    ofResult: () => oneOf(RESULT_FAULTS),
    fails: () => happens(share * FAILED_SHARE, "job failed"),
    shuffles: () => happens(share * LIST_TIMES, "list shuffled"),
    counts,
  };
}

/** A page in another order, with 30 % of its jobs left out and others twice. */
export function shufflePage<T>(page: readonly T[], chance: Chance): T[] {
  const kept = page.filter(() => !chance.hits(0.3));
  const twice = kept.filter(() => chance.hits(0.1));
  return [...kept, ...twice]
    .map((one) => ({ one, at: chance.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
