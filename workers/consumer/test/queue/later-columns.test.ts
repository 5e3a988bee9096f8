import { readdirSync } from "node:fs";
import { join } from "node:path";
import { migrate, type Sql } from "@prewarm/durable-queue";
import { type Migrations, nodeSql } from "@prewarm/durable-queue/testing";
import { describe, expect, it, vi } from "vitest";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";

// A rollback leaves older code on newer tables. Here each table gets a column more than the code knows, and the tests of the
// protocol, of the ledger's object, of the operator's calls and of the doctor are played again over such a database. An INSERT
// that does not name its columns fails them.

const written = vi.hoisted(() => new Set<string>());

vi.mock("../../../../packages/durable-queue/src/tables/schema.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../../../packages/durable-queue/src/tables/schema.ts")>();
  const addColumns = (sql: Sql): void => {
    for (const { name } of sql.exec("SELECT name FROM sqlite_schema WHERE type = 'table'")) {
      if (sql.exec("SELECT 1 FROM pragma_table_info(?) WHERE name = 'later'", name ?? "").length === 0)
        sql.exec(`ALTER TABLE ${name} ADD COLUMN later TEXT`);
    }
  };
  const watch = (sql: Sql): void => {
    const exec = sql.exec;
    sql.exec = (query, ...params) => {
      const rows = exec(query, ...params);
      const table = /^\s*INSERT\s+(?:OR\s+\w+\s+)?INTO\s+(\w+)/.exec(query)?.[1];
      if (table !== undefined) written.add(table);
      return rows;
    };
  };
  return {
    ...original,
    migrate(sql: Sql, newQueueId: string, migrations: Migrations): void {
      original.migrate(sql, newQueueId, migrations);
      addColumns(sql);
      watch(sql);
    },
  };
});

const source = join(import.meta.dirname, "../../src");
/** Left out: they look at time, size or the platform and not at what is written. */
const OTHERS = /workerd|budget|ledger-schema|of-a-|year|longest-ids|auto-gate|poller|openapi|storage-doc|migrate/;

describe("on tables that have a column more than the code knows", async () => {
  const files = ["images", "ledger", "api", "doctor", "../test/queue"].flatMap((room) =>
    readdirSync(join(source, room), { recursive: true, encoding: "utf8" }).map((file) => `${room}/${file}`),
  );
  const tests = files.filter((name) => name.endsWith(".test.ts") && !OTHERS.test(name)).sort();
  for (const file of tests) await import(/* @vite-ignore */ join(source, file));

  it("a row was inserted into every table", () => {
    const sql = nodeSql();
    migrate(sql, "L", LEDGER_TABLES);
    const tables = sql.exec("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => String(name));
    // These two are written by the migration itself.
    const others = tables.filter((name) => name !== "schema_version" && name !== "meta");
    expect(others.filter((name) => !written.has(name))).toEqual([]);
  });
});
