import { type Sql, textOrNull } from "./sql.ts";

/**
 * The documents: the gate's state, the last gate file, the counts, the positions of doctor and pruning, the state
 * of webhooks, the last reported events, the last version of the code, the last deliveries of hooks.
 */
export type DocName =
  | "gate"
  | "gate-said"
  | "counts"
  | "doctor"
  | "hooks"
  | "prune"
  | "events-said"
  | "version"
  | "deliveries";

/** The text of the document. Null: it was never stored. */
export function getDoc(sql: Sql, name: DocName): string | null {
  return textOrNull(sql.exec("SELECT body FROM docs WHERE name = ?", name)[0]?.body);
}

export function putDoc(sql: Sql, name: DocName, body: string): void {
  sql.exec("INSERT INTO docs (name, body) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET body = ?2", name, body);
}
