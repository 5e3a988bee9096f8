import { createHash } from "node:crypto";
import { migrate } from "@prewarm/durable-queue/schema/migrate";
import type { Sql } from "@prewarm/durable-queue/schema/sql";
import { LEDGER_TABLES } from "../../workers/consumer/src/ledger/tables/own-tables.ts";

/** What a version tells of itself in its message, so that a rollback can judge it without the repository's history. */

const SCHEMA = /\bledger schema ([0-9a-f]{8})\b/;

export function versionMessage(version: string): string {
  return `Prewarm ${version}, ledger schema ${schemaPrint()}`;
}

/** The ledger schema that a version's message names; null: it does not say. */
export function schemaOf(message: string): string | null {
  return SCHEMA.exec(message)?.[1] ?? null;
}

/** A print of every statement that makes the ledger's tables: another schema has another print. */
export function schemaPrint(): string {
  const hash = createHash("sha256");
  const sql: Sql = {
    exec(query) {
      hash.update(query).update("\0");
      return [];
    },
    transaction: (work) => work(),
    rowsWritten: 0,
    bytes: 0,
  };
  migrate(sql, "print", LEDGER_TABLES);
  return hash.digest("hex").slice(0, 8);
}
