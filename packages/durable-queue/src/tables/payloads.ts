import type { JobKey } from "../job-key.ts";
import { type Sql, text } from "./sql.ts";

/*
 * Payloads of jobs, by key. A payload is written with its job and deleted with it, each in one transaction.
 */

export const PAYLOADS = [
  `CREATE TABLE payloads (grp TEXT NOT NULL, part TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (grp, part)) WITHOUT ROWID`,
];

export function putPayload(sql: Sql, { group, part }: JobKey, payload: string): void {
  sql.exec("INSERT OR REPLACE INTO payloads (grp, part, body) VALUES (?, ?, ?)", group, part, payload);
}

/** The payload of a job. "": the job has none. */
export function payloadOf(sql: Sql, { group, part }: JobKey): string {
  return text(sql.exec("SELECT body FROM payloads WHERE grp = ? AND part = ?", group, part)[0]?.body);
}

export function deletePayloads(sql: Sql, keys: readonly JobKey[]): void {
  if (keys.length === 0) return;
  const list = JSON.stringify(keys.map(({ group, part }) => [group, part]));
  sql.exec("DELETE FROM payloads WHERE (grp, part) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))", list);
}
