/** The values that the queue stores in SQLite: no blobs, integers below 2^53. */
export type SqlValue = string | number | null;
export type SqlRow = Record<string, SqlValue>;

/**
 * The part of SQLite that the core of the queue needs, so that tests run it on node:sqlite and production runs it in a
 * Durable Object.
 */
export interface Sql {
  /** Runs one statement with positional parameters (`?1` or `?`) and returns its rows. */
  exec(query: string, ...params: SqlValue[]): SqlRow[];
  /** All or nothing; not nested. */
  transaction<T>(work: () => T): T;
  /** Rows written so far, index entries included, as the platform bills them. 0: not known. */
  readonly rowsWritten: number;
  /** Size of the database in bytes. */
  readonly bytes: number;
}

/** The part of a transaction that a table needs. */
export interface Writing {
  sql: Sql;
  /** Unix ms. */
  now: number;
}

/** A Durable Object's storage, as far as the queue uses it: the platform's types are not needed to build with the queue. */
export interface ObjectStorage {
  sql: {
    exec(query: string, ...params: SqlValue[]): { toArray(): Record<string, unknown>[]; readonly rowsWritten: number };
    readonly databaseSize: number;
  };
  transactionSync<T>(work: () => T): T;
}

/** The adapter over a Durable Object's storage. */
export function durableSql(storage: ObjectStorage): Sql {
  let written = 0;
  return {
    exec(query, ...params) {
      const cursor = storage.sql.exec(query, ...params);
      const rows = cursor.toArray() as SqlRow[];
      written += cursor.rowsWritten;
      return rows;
    },
    transaction: (work) => storage.transactionSync(work),
    get rowsWritten() {
      return written;
    },
    get bytes() {
      return storage.sql.databaseSize;
    },
  };
}

/** Characters of one parameter, as JSON: a value has at most 2 MB, and a character at most three bytes. */
const CHARS_AT_ONCE = 600_000;

/** Inserts rows, each an array of the values of the columns, with few statements. A row has at most 2 MB as JSON. */
export function insertRows(
  sql: Sql,
  table: string,
  columns: readonly string[],
  rows: readonly SqlValue[][],
  verb: "INSERT" | "INSERT OR REPLACE" = "INSERT",
): void {
  const values = columns.map((_, index) => `value ->> ${index}`).join(", ");
  const query = `${verb} INTO ${table} (${columns.join(", ")}) SELECT ${values} FROM json_each(?)`;
  for (const list of jsonLists(rows.map((row) => JSON.stringify(row)))) sql.exec(query, list);
}

/** Joins texts of JSON to lists, each short enough to be a parameter. A text has at most 2 MB. */
export function* jsonLists(texts: readonly string[]): Generator<string> {
  let [some, chars]: [string[], number] = [[], 0];
  for (const next of texts) {
    if (some.length > 0 && chars + next.length > CHARS_AT_ONCE) {
      yield `[${some.join()}]`;
      [some, chars] = [[], 0];
    }
    some.push(next);
    chars += next.length;
  }
  if (some.length > 0) yield `[${some.join()}]`;
}

const READS = /^\s*(SELECT|WITH)\b/i;

/** The same database for readers. A statement that would write throws. */
export function readingOnly(sql: Sql): Sql {
  return {
    exec(query, ...params) {
      if (!READS.test(query)) throw new Error(`a reading call tried to write: ${query.slice(0, 80)}`);
      return sql.exec(query, ...params);
    },
    transaction: (work) => sql.transaction(work),
    get rowsWritten() {
      return sql.rowsWritten;
    },
    get bytes() {
      return sql.bytes;
    },
  };
}

/** Reads a column that is always a number; null counts as 0 (aggregates over nothing). */
export function int(value: SqlValue | undefined): number {
  return typeof value === "number" ? value : Number(value ?? 0);
}

/** Reads a column that is a number or null, or an aggregate over perhaps nothing. */
export function intOrNull(value: SqlValue | undefined): number | null {
  return value === null || value === undefined ? null : int(value);
}

/** Reads a column that is always text. */
export function text(value: SqlValue | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}

/** Reads a column that is text or null. */
export function textOrNull(value: SqlValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
