import { migrate } from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";

const versionOf = (sql: ReturnType<typeof nodeSql>) => sql.exec("SELECT version FROM schema_version")[0]?.version;

it("makes the tables once, and remembers its birth whatever opens it later", () => {
  const sql = nodeSql();
  migrate(sql, "L", LEDGER_TABLES);
  const version = versionOf(sql);
  migrate(sql, "other", LEDGER_TABLES);
  expect(versionOf(sql)).toBe(version);
  expect(sql.exec("SELECT queue_id, ceiling FROM meta")).toEqual([{ queue_id: "L", ceiling: 0 }]);
});

it("leaves a database that newer code has brought further as it is, so that a rollback costs nothing", () => {
  const sql = nodeSql();
  migrate(sql, "L", LEDGER_TABLES);
  sql.exec("UPDATE schema_version SET version = 99");
  migrate(sql, "L", LEDGER_TABLES);
  expect(versionOf(sql)).toBe(99);
});
