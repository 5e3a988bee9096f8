import type { JobKey } from "../job-key.ts";
import type { LargeTable } from "./aged.ts";
import { type Sql, text } from "./sql.ts";

/*
 * Payloads of jobs, by key. A queue whose users keep no payloads elsewhere has this table. A payload is written with its
 * job and deleted with it, each in one transaction. The payloads of pruned dead letters are pruned by their age.
 */

export const PAYLOADS = [
  `CREATE TABLE payloads (grp TEXT NOT NULL, part TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (grp, part)) WITHOUT ROWID`,
];
export const OLD_PAYLOADS: LargeTable = { table: "payloads", key: "grp, part", at: "at" };

export function putPayloads(sql: Sql, payloads: readonly (JobKey & { payload: string })[], now: number): void {
  for (const { group, part, payload } of payloads)
    sql.exec("INSERT OR REPLACE INTO payloads (grp, part, body, at) VALUES (?, ?, ?, ?)", group, part, payload, now);
}

/** The payload of a job. "": the job has none. */
export function payloadOf(sql: Sql, { group, part }: JobKey): string {
  return text(sql.exec("SELECT body FROM payloads WHERE grp = ? AND part = ?", group, part)[0]?.body);
}

export function deletePayload(sql: Sql, { group, part }: JobKey): void {
  sql.exec("DELETE FROM payloads WHERE grp = ? AND part = ?", group, part);
}
