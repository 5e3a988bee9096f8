import type { LaneCode, Row, StateCode } from "./row.ts";
import type { Rows } from "./rows.ts";
import { ENDED } from "./schema.ts";
import { int, intOrNull, type Sql } from "./sql.ts";

/** Rows of an ended state looked at for one time: there are as many as fail. */
const LOOKED_AT = 5_000;

/** Rows of an ended state, of these lanes, that have not changed since a time (Unix ms), for the caller to delete. */
export function forgetEnded(
  rows: Rows,
  sql: Sql,
  { state, lanes, before, limit }: { state: StateCode; lanes: readonly LaneCode[]; before: number; limit: number },
): Row[] {
  const old = `SELECT id FROM jobs WHERE ${ENDED} AND state = ? AND max(updated, created) < ?
    AND lane IN (SELECT value FROM json_each(?)) LIMIT ?`;
  return rows.loadIds(sql.exec(old, state, before, JSON.stringify(lanes), limit).map((raw) => int(raw.id)));
}

/** When a row of an ended state and these lanes was changed that was so longest ago, Unix ms. */
export function oldestEnded(sql: Sql, state: StateCode, lanes: readonly LaneCode[]): number | null {
  const some = `SELECT max(updated, created) AS at FROM jobs WHERE ${ENDED} AND state = ?
    AND lane IN (SELECT value FROM json_each(?)) LIMIT ${LOOKED_AT}`;
  return intOrNull(sql.exec(`SELECT min(at) AS at FROM (${some})`, state, JSON.stringify(lanes))[0]?.at);
}
