import { readMeta } from "../tables/meta.ts";
import { jobsOf, orderFrom } from "../tables/order.ts";
import { COLUMN_NAMES, type Row, valuesOf } from "../tables/row.ts";
import type { Sql, SqlRow } from "../tables/sql.ts";

/** All jobs that have no bytes, untouched ones too, as rows of `jobs` in the order of ids. */
export function allJobs(sql: Sql): SqlRow[] {
  const touched = sql.exec("SELECT * FROM jobs");
  return [...touched, ...untouchedJobs(sql)].sort((a, b) => Number(a.id) - Number(b.id));
}

/** The jobs that wait in orders, as rows of `jobs`. */
export function untouchedJobs(sql: Sql): SqlRow[] {
  const { queueId } = readMeta(sql);
  const orders = sql.exec("SELECT * FROM orders").map(orderFrom);
  return orders.flatMap((order) => jobsOf(order, queueId).map(({ row }) => rawOf(row)));
}

function rawOf(row: Row): SqlRow {
  const values = valuesOf(row);
  const columns = Object.fromEntries(COLUMN_NAMES.map((name, n) => [name, values[n] ?? null]));
  return { id: row.id, grp: row.group, part: row.part, ...columns };
}
