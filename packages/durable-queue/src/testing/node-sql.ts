import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Sql, SqlRow, SqlValue } from "../tables/sql.ts";

/** What the platform's SQLite takes (developers.cloudflare.com/durable-objects/platform/limits, read 2026-11): a value, a statement, its parameters. */
const VALUE_MAX_BYTES = 2_000_000;
const STATEMENT_MAX_BYTES = 100_000;
const PARAMETERS_MAX = 100;

/** Throws as the platform would: local SQLite takes far more. */
function mustFit(query: string, params: readonly SqlValue[]): void {
  if (query.length > STATEMENT_MAX_BYTES) throw new Error(`a statement of ${query.length} bytes`);
  if (params.length > PARAMETERS_MAX) throw new Error(`${params.length} parameters: ${query.slice(0, 80)}`);
  for (const value of params) {
    // A character takes three bytes at most.
    if (typeof value !== "string" || value.length <= VALUE_MAX_BYTES / 3) continue;
    const bytes = Buffer.byteLength(value);
    if (bytes > VALUE_MAX_BYTES) throw new Error(`a value of ${bytes} bytes: ${query.slice(0, 80)}`);
  }
}

/**
 * The queue's SQL port over node:sqlite, within the platform's limits; `path` defaults to memory. Rows written are not counted here (the
 * platform's count includes indexes).
 */
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
    exec(query: string, ...params: SqlValue[]) {
      mustFit(query, params);
      return prepare(query).all(...params) as SqlRow[];
    },
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
        // As the platform's databaseSize: pages that are free count not.
        "SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
      ).all() as SqlRow[];
      return Number(pages?.bytes ?? 0);
    },
    close: () => db.close(),
  };
}
