import { int, type Sql, text, textOrNull } from "./sql.ts";

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

/** The text of the document. Null: it was never stored. */
export function getDoc(sql: Sql, name: string): string | null {
  return textOrNull(sql.exec("SELECT body FROM docs WHERE name = ?", name)[0]?.body);
}

export function putDoc(sql: Sql, name: string, body: string): void {
  sql.exec("INSERT INTO docs (name, body) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET body = ?2", name, body);
}
