import { createHash } from "node:crypto";
import { LEDGER_SCHEMA } from "@prewarm/control-schema/ledger-schema";
import { migrate, type Sql } from "@prewarm/durable-queue";
import { expect, it } from "vitest";
import { LEDGER_TABLES } from "./own-tables.ts";

it("LEDGER_SCHEMA is the hash of every statement that makes the ledger's tables: write the received one after a change", () => {
  const hash = createHash("sha256");
  const sql: Sql = {
    exec(query) {
      hash.update(`${query}\0`);
      return [];
    },
    transaction: (work) => work(),
    rowsWritten: 0,
    bytes: 0,
  };
  migrate(sql, "print", LEDGER_TABLES);
  expect(hash.digest("hex").slice(0, 8)).toBe(LEDGER_SCHEMA);
});
