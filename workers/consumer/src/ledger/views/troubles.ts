import { type CauseCount, countCauses, type FailedState } from "@prewarm/durable-queue/operate/causes";
import type { Slice } from "@prewarm/durable-queue/schema/history";
import type { Trouble, Troubles } from "../contract.ts";
import type { LedgerTx } from "../ledger-tx.ts";
import { readableFolder } from "./causes.ts";

/*
 * The current troubles, each with its most frequent cause. Counted only while there are troubles.
 */

const LATELY_MS = 300_000;
const HOUR_MS = 3_600_000;

export function troublesOf(tx: LedgerTx, { lately, hour }: { lately: Slice; hour: Slice }): Troubles {
  const ended = hour.stored + hour.dead + hour.refused;
  return {
    failing: trouble(tx, lately.failed, lately.stored + lately.failed, ["retrying", "dead"], LATELY_MS),
    refusing: trouble(tx, hour.refused, ended, ["refused"], HOUR_MS),
    died: trouble(tx, hour.dead, ended, ["dead"], HOUR_MS),
  };
}

function trouble(tx: LedgerTx, n: number, of: number, states: readonly FailedState[], ms: number): Trouble | null {
  if (n === 0) return null;
  const [top] = countCauses(tx, { states, lanes: [], run: null, from: tx.now - ms, parts: 1 });
  return { n, of, top: top === undefined ? null : topOf(top) };
}

function topOf({ fingerprint, code, message, count, formats, folders }: CauseCount): Trouble["top"] {
  const [folder = "", n = 0] = folders[0] ?? [];
  return {
    fingerprint,
    code,
    message,
    count,
    formats: Object.keys(formats).sort(),
    prefix: n === count ? readableFolder(folder) : "",
  };
}
