import { type Sql, textOrNull } from "./sql.ts";

/**
 * The documents there are: the gate's state, what the gate file last said, the counts, how far the doctor and housekeeping have come, and what
 * webhooks go by; what the outgoing events last said; which version of the code ran last; the last deliveries of hooks.
 */
export type DocName =
  | "gate"
  | "gate-said"
  | "counts"
  | "doctor"
  | "house"
  | "hooks"
  | "events-said"
  | "version"
  | "deliveries";

/** The document's text, or null when none was put yet. */
export function getDoc(sql: Sql, name: DocName): string | null {
  return textOrNull(sql.exec("SELECT body FROM docs WHERE name = ?", name)[0]?.body);
}

export function putDoc(sql: Sql, name: DocName, body: string): void {
  sql.exec("INSERT INTO docs (name, body) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET body = ?2", name, body);
}
