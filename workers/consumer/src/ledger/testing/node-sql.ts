import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Sql, SqlRow, SqlValue } from "../tables/sql.ts";

/** The Ledger's SQL port over node:sqlite; `path` defaults to memory. Rows written are not counted here (the platform's count includes indexes). */
export function nodeSql(path = ":memory:"): Sql & { close(): void } {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
  const statements = new Map<string, StatementSync>();
  const prepare = (query: string): StatementSync => {
    const known = statements.get(query);
    if (known) return known;
    const made = db.prepare(query);
    statements.set(query, made);
    return made;
  };
  return {
    exec: (query: string, ...params: SqlValue[]) => prepare(query).all(...params) as SqlRow[],
    transaction(work) {
      prepare("BEGIN").run();
      try {
        const result = work();
        prepare("COMMIT").run();
        return result;
      } catch (error) {
        prepare("ROLLBACK").run();
        throw error;
      }
    },
    rowsWritten: 0,
    get bytes() {
      const [pages] = prepare(
        "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
      ).all() as SqlRow[];
      return Number(pages?.bytes ?? 0);
    },
    close: () => db.close(),
  };
}
