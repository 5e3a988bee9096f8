import { migrate, type Sql } from "@prewarm/durable-queue";
import { LEDGER_TABLES } from "./own-tables.ts";

/** Every statement that makes the ledger's tables, one after the other: another schema has other statements. */
export function schemaStatements(): string {
  let statements = "";
  const sql: Sql = {
    exec(query) {
      statements += `${query}\0`;
      return [];
    },
    transaction: (work) => work(),
    rowsWritten: 0,
    bytes: 0,
  };
  migrate(sql, "print", LEDGER_TABLES);
  return statements;
}
