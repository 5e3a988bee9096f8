import type { Ledger } from "../ledger.ts";
import { type LedgerCalls, OWN_CALLS } from "../ledger-for.ts";
import { READS, type ReadName, type Reads } from "../reads.ts";
import { type Repeat, WRITES, type WriteName, type Writes } from "../writes.ts";

/** A ledger in this process that has each call as a method and answers at once. */
export type DirectLedger = Ledger & Reads & Writes;

/** Adds the methods to a ledger. */
export function directCalls(ledger: Ledger): DirectLedger {
  const reads = keysOf(READS).map((name) => [name, (...args: never) => ledger.read(name, args)]);
  const writes = keysOf(WRITES).map((name) => [name, (...args: never) => ledger.write(name, args)]);
  return Object.assign(ledger, Object.fromEntries([...reads, ...writes]));
}

/** Every call of the ledger, and why it may be repeated. */
export const CALLS = {
  ...(Object.fromEntries(keysOf(READS).map((name) => [name, "read"])) as Record<ReadName, "read">),
  ...(Object.fromEntries(keysOf(WRITES).map((name) => [name, WRITES[name].repeat])) as Record<WriteName, Repeat>),
  ...OWN_CALLS,
} satisfies Record<keyof LedgerCalls, "read" | Repeat>;

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
