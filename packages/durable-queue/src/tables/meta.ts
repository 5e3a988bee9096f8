import { int, type Sql, text } from "./sql.ts";

export interface Meta {
  /** Part of every idempotency key, so that two queues on one account of the service never replay each other's jobs. */
  queueId: string;
  /** Every given number is below this. */
  ceiling: number;
  /** The number of the last restore. Rows with a lower generation get a new one when they are handed out. */
  restored: number;
}

export function readMeta(sql: Sql): Meta {
  const raw = sql.exec("SELECT queue_id, ceiling, restored FROM meta")[0];
  return { queueId: text(raw?.queue_id), ceiling: int(raw?.ceiling), restored: int(raw?.restored) };
}

export function writeCeiling(sql: Sql, ceiling: number): void {
  sql.exec("UPDATE meta SET ceiling = ?", ceiling);
}

export function writeRestored(sql: Sql, restored: number): void {
  sql.exec("UPDATE meta SET restored = ?", restored);
}
