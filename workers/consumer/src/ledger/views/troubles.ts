import type { Slice } from "@prewarm/durable-queue/schema/history";
import { type FailureKind, mostFrequentFailure } from "@prewarm/durable-queue/schema/recent-failures";
import type { Trouble, Troubles } from "../contract.ts";
import type { LedgerTx } from "../ledger-tx.ts";
import { readableFolder } from "./causes.ts";

/*
 * The current troubles, each with its most frequent cause. A trouble and its cause count the same events.
 */

/** The first minutes of the slices that are given, Unix ms. */
interface Since {
  lately: number;
  hour: number;
}

export function troublesOf(
  tx: LedgerTx,
  { lately, hour, since }: { lately: Slice; hour: Slice; since: Since },
): Troubles {
  const ended = hour.stored + hour.dead + hour.refused;
  return {
    failing: trouble(tx, "failed", { n: lately.failed, of: lately.stored + lately.failed, since: since.lately }),
    refusing: trouble(tx, "refused", { n: hour.refused, of: ended, since: since.hour }),
    died: trouble(tx, "dead", { n: hour.dead, of: ended, since: since.hour }),
  };
}

function trouble(tx: LedgerTx, kind: FailureKind, { n, of, since }: { n: number; of: number; since: number }) {
  return n === 0 ? null : { n, of, top: topOf(tx, kind, since) };
}

function topOf(tx: LedgerTx, kind: FailureKind, since: number): Trouble["top"] {
  const top = mostFrequentFailure(tx.sql, kind, since);
  if (top === null) return null;
  const { folder, ...cause } = top;
  return { ...cause, prefix: readableFolder(folder) };
}
