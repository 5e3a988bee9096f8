import { type Sql, textOrNull } from "./sql.ts";

/** The text of the document. Null: it was never stored. */
export function getDoc(sql: Sql, name: string): string | null {
  return textOrNull(sql.exec("SELECT body FROM docs WHERE name = ?", name)[0]?.body);
}

export function putDoc(sql: Sql, name: string, body: string): void {
  sql.exec("INSERT INTO docs (name, body) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET body = ?2", name, body);
}
