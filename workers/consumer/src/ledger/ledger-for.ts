import type { Ledger } from "./object/ledger-object.ts";

/**
 * The ledger that keeps this image's jobs: the one place where sharding is decided. There is one shard, which takes about a
 * thousand calls a second and ten million rows; counts, gate and runs would have to be summed over more.
 */
export function ledgerFor(namespace: DurableObjectNamespace<Ledger>, _id: string): DurableObjectStub<Ledger> {
  return namespace.get(namespace.idFromName("main"));
}
