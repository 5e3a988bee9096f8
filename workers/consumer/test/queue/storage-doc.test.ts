import { readFileSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { expect, it } from "vitest";
import { LEDGER_TABLES } from "../../src/ledger/tables/own-tables.ts";

// docs/internals/storage-schema.md is what an operator reads who opens the database: it has to be complete.
const page = readFileSync(join(import.meta.dirname, "../../../../docs/internals/storage-schema.md"), "utf8");
const sql = nodeSql();
migrate(sql, "L", LEDGER_TABLES);

const codes = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

/** Rows of the page's table whose header begins so: the cells of each. */
function rowsUnder(header: string): string[][] {
  const lines = page.slice(page.indexOf(`\n| ${header}`) + 1).split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end).map((line) => line.split("|").slice(1, -1));
}

function columnsOf(table: string): string[] {
  return sql.exec("SELECT name FROM pragma_table_info(?)", table).map(({ name }) => `${table}.${name}`);
}

const madeTables = sql.exec("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => String(name));

it("lists every table", () => {
  const listed = rowsUnder("table |").flatMap(([name]) => codes(name));
  expect(listed.toSorted()).toEqual(madeTables.toSorted());
});

it("lists every column of every table", () => {
  const ofJobs = rowsUnder("columns of `jobs`").flatMap(([names]) => codes(names).map((column) => `jobs.${column}`));
  const listed = rowsUnder("table |").flatMap(([table, columns]) =>
    codes(columns).map((column) => `${codes(table)[0]}.${column}`),
  );
  expect([...listed, ...ofJobs].toSorted()).toEqual(madeTables.flatMap(columnsOf).toSorted());
});

it("lists every index with its table and columns", () => {
  const listed = rowsUnder("index |").map(([name, on]) => [...codes(name), ...codes(on)].join(" "));
  const made = sql
    .exec("SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .map(({ name, tbl_name }) => {
      const columns = sql.exec("SELECT name FROM pragma_index_info(?)", name ?? "").map((column) => column.name);
      return [name, tbl_name, ...columns].join(" ");
    });
  expect(listed.toSorted()).toEqual(made.toSorted());
});
