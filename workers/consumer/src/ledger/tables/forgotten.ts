import { FIRST_ENDED } from "./row.ts";
import { int, type Sql } from "./sql.ts";

const MAX = 1_000;

/**
 * Waiting rows that nobody would find: without a due, and in no chunk of fresh ones. There are none, unless somebody has edited the
 * database. Reads all waiting rows: for the doctor's pass.
 */
export function forgottenIds(sql: Sql): number[] {
  const chunked = "SELECT value FROM fresh, json_each(fresh.ids)";
  const query = `SELECT id FROM jobs WHERE state < ? AND due IS NULL AND id NOT IN (${chunked}) LIMIT ?`;
  return sql.exec(query, FIRST_ENDED, MAX).map((raw) => int(raw.id));
}
