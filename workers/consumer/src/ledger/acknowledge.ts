import { getDoc, putDoc, type Sql } from "@prewarm/durable-queue";
import { AUTOMATIC, audit } from "../console/tables/audit.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { type Acknowledged, isQuiet } from "./views/acknowledged.ts";
import type { Alarm } from "./views/warnings.ts";

/*
 * The document `acknowledged`: at most one entry for each key of a warning, and these are a fixed list.
 */

export function readAcknowledged(sql: Sql): Record<string, Acknowledged> {
  const body = getDoc(sql, "acknowledged");
  return body === null ? {} : (JSON.parse(body) as Record<string, Acknowledged>);
}

/** Most ledgers have none, and a minute without any writes nothing. */
export function areAcknowledged({ sql }: ImageTx): boolean {
  return Object.keys(readAcknowledged(sql)).length > 0;
}

function write(sql: Sql, all: Record<string, Acknowledged>): void {
  putDoc(sql, "acknowledged", JSON.stringify(all));
}

export interface Asked {
  key: string;
  /** The cause that the operator has seen; null: any. */
  seen: string | null;
  who: string;
}

/** Acknowledges a trouble as it is now. `changed`: it has another cause than the operator has seen. */
export function acknowledge(tx: ImageTx, now: Alarm[], { key, seen, who }: Asked): "done" | "none" | "changed" {
  const found = now.find((one) => one.key === key);
  if (found === undefined || found.cause === null) return "none";
  const { cause, size, formats, prefix, sentence } = found;
  if (seen !== null && seen !== cause) return "changed";
  write(tx.sql, { ...readAcknowledged(tx.sql), [key]: { cause, size, formats, prefix, who, at: tx.now } });
  audit(tx, who, "trouble.acknowledge", key, { sentence });
  return "done";
}

/** Takes an acknowledgement back; false: there is none. */
export function takeBack(tx: ImageTx, key: string, who: string): boolean {
  const { [key]: known, ...others } = readAcknowledged(tx.sql);
  if (known === undefined) return false;
  write(tx.sql, others);
  audit(tx, who, "trouble.take_back", key, {});
  return true;
}

/** Once a minute: forgets what was acknowledged of troubles that are gone or have changed. */
export function forgetChanged(tx: ImageTx, now: readonly Alarm[]): void {
  const all = readAcknowledged(tx.sql);
  const kept = Object.entries(all).filter(([key, known]) => now.some((one) => one.key === key && isQuiet(known, one)));
  const gone = Object.keys(all).filter((key) => !kept.some(([one]) => one === key));
  if (gone.length === 0) return;
  write(tx.sql, Object.fromEntries(kept));
  for (const key of gone)
    audit(tx, AUTOMATIC, "trouble.forget", key, { why: now.some((one) => one.key === key) ? "changed" : "gone" });
}
