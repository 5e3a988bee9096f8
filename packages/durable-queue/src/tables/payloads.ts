import type { LargeTable } from "./aged.ts";
import { type Sql, text } from "./sql.ts";

/*
 * Payloads of jobs, by key. A queue whose users keep no payloads elsewhere has this table. A payload is written with its
 * job and deleted with it, each in one transaction. The payloads of pruned dead letters are pruned by their age.
 */

export const PAYLOADS = [
  `CREATE TABLE payloads (id TEXT PRIMARY KEY, body TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID`,
];
export const OLD_PAYLOADS: LargeTable = { table: "payloads", at: "at" };

export function putPayloads(sql: Sql, payloads: readonly { key: string; payload: string }[], now: number): void {
  for (const { key, payload } of payloads)
    sql.exec("INSERT OR REPLACE INTO payloads (id, body, at) VALUES (?, ?, ?)", key, payload, now);
}

/** The payload of a job. "": the job has none. */
export function payloadOf(sql: Sql, key: string): string {
  return text(sql.exec("SELECT body FROM payloads WHERE id = ?", key)[0]?.body);
}

export function deletePayload(sql: Sql, key: string): void {
  sql.exec("DELETE FROM payloads WHERE id = ?", key);
}
