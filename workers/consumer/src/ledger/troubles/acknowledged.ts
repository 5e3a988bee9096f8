import type { Trouble } from "@prewarm/control-schema/troubles";
import { getDoc, putDoc, type Sql } from "@prewarm/durable-queue";
import { AUTOMATIC, audit } from "../../console/tables/audit.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { Found } from "./said.ts";

/*
 * Which troubles are quiet, because an operator has acknowledged them: the document `acknowledged`, which has at most
 * one entry for each trouble, and the whole rule of what counts as a change.
 */

/** What an operator acknowledged, by the trouble's key. `at`: Unix ms. */
interface Acknowledged extends Pick<Found, "formats"> {
  cause: string;
  size: number;
  folder: string;
  who: string;
  at: number;
}

/** A trouble may grow to this many times its acknowledged size and by so many more before it has changed. */
const GROWTH = 2;
const GROWTH_FREE = 10;

/**
 * A trouble is quiet while it is no worse than what was acknowledged: the same cause, in no other folder, in no further
 * format, and not much larger. The ledger forgets what is acknowledged once a minute, if the trouble is gone or has
 * changed, so one that comes back is not quiet.
 */
function isQuiet(known: Acknowledged | undefined, { cause, affects, formats }: Found): boolean {
  if (known === undefined || cause !== known.cause || affects.count > GROWTH * known.size + GROWTH_FREE) return false;
  // No common folder or no format is known of a failure that may be anywhere.
  return (affects.folder ?? "").startsWith(known.folder) && formats.every((format) => known.formats.includes(format));
}

/** The troubles as operators see them. */
export function withAcknowledged({ sql }: ImageTx, troubles: readonly Found[]): Trouble[] {
  const all = read(sql);
  return troubles.map((found) => {
    const { formats: _, ...trouble } = found;
    const known = all[trouble.key];
    const isKnown = known !== undefined && isQuiet(known, found);
    return { ...trouble, acknowledged: isKnown ? { who: known.who, at: known.at } : null };
  });
}

export interface Asked {
  key: string;
  /** The cause that the operator has seen; null: any. */
  seen: string | null;
  who: string;
}

/** Acknowledges a trouble as it is now. `changed`: it has another cause than the operator has seen. */
export function acknowledge(
  tx: ImageTx,
  now: readonly Found[],
  { key, seen, who }: Asked,
): "done" | "none" | "changed" {
  const found = now.find((one) => one.key === key);
  if (found === undefined || found.cause === null) return "none";
  const { cause, affects, formats, sentence } = found;
  if (seen !== null && seen !== cause) return "changed";
  const known = { cause, size: affects.count, formats, folder: affects.folder ?? "", who, at: tx.now };
  write(tx.sql, { ...read(tx.sql), [key]: known });
  audit(tx, who, "trouble.acknowledge", key, { sentence });
  return "done";
}

/** Takes an acknowledgement back; false: there is none. */
export function takeBack(tx: ImageTx, key: string, who: string): boolean {
  const { [key]: known, ...others } = read(tx.sql);
  if (known === undefined) return false;
  write(tx.sql, others);
  audit(tx, who, "trouble.take_back", key, {});
  return true;
}

/** Forgets what was acknowledged of troubles that are gone or have changed. */
export function forgetChanged(tx: ImageTx, now: readonly Found[]): void {
  const all = read(tx.sql);
  const gone = Object.keys(all).filter((key) => !now.some((one) => one.key === key && isQuiet(all[key], one)));
  if (gone.length === 0) return;
  write(tx.sql, Object.fromEntries(Object.entries(all).filter(([key]) => !gone.includes(key))));
  for (const key of gone)
    audit(tx, AUTOMATIC, "trouble.forget", key, { why: now.some((one) => one.key === key) ? "changed" : "gone" });
}

function read(sql: Sql): Record<string, Acknowledged> {
  const body = getDoc(sql, "acknowledged");
  return body === null ? {} : (JSON.parse(body) as Record<string, Acknowledged>);
}

function write(sql: Sql, all: Record<string, Acknowledged>): void {
  putDoc(sql, "acknowledged", JSON.stringify(all));
}
