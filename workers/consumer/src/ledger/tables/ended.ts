import type { Row, StateCode } from "./row.ts";
import type { Rows } from "./rows.ts";
import { ENDED } from "./schema.ts";
import { int, intOrNull, type Sql } from "./sql.ts";

/** Rows of an ended state looked at for one time: there are as many as fail. */
const LOOKED_AT = 5_000;

/** Rows of an ended state that have not changed since a time (Unix ms), for the caller to delete. */
export function forgetEnded(rows: Rows, sql: Sql, state: StateCode, before: number, limit: number): Row[] {
  const old = `SELECT id FROM jobs WHERE ${ENDED} AND state = ? AND max(updated, created) < ? LIMIT ?`;
  return rows.loadIds(sql.exec(old, state, before, limit).map((raw) => int(raw.id)));
}

/** When a row of an ended state was changed that was so longest ago, Unix ms. */
export function oldestEnded(sql: Sql, state: StateCode): number | null {
  const some = `SELECT max(updated, created) AS at FROM jobs WHERE ${ENDED} AND state = ? LIMIT ${LOOKED_AT}`;
  return intOrNull(sql.exec(`SELECT min(at) AS at FROM (${some})`, state)[0]?.at);
}
