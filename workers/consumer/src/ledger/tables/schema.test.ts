import { expect, it } from "vitest";
import { nodeSql } from "../testing/node-sql.ts";
import { migrate } from "./schema.ts";

const birth = { now: 1_000, ledgerId: "L" };
const versionOf = (sql: ReturnType<typeof nodeSql>) => sql.exec("SELECT version FROM schema_version")[0]?.version;

it("makes the tables once, and remembers its birth whatever opens it later", () => {
  const sql = nodeSql();
  migrate(sql, birth);
  const version = versionOf(sql);
  migrate(sql, { now: 2_000, ledgerId: "other" });
  expect(versionOf(sql)).toBe(version);
  expect(sql.exec("SELECT ledger_id, seq FROM meta")).toEqual([{ ledger_id: "L", seq: 1_000_000 }]);
});

it("leaves a database that newer code has brought further as it is, so that a rollback costs nothing", () => {
  const sql = nodeSql();
  migrate(sql, birth);
  sql.exec("UPDATE schema_version SET version = 99");
  migrate(sql, birth);
  expect(versionOf(sql)).toBe(99);
});
