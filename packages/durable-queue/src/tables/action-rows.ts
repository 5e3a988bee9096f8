import { RUNS_ON } from "./schema.ts";
import { int, intOrNull, type Sql, type SqlRow, text } from "./sql.ts";

/** An operator's action on all jobs that match a filter, slice by slice. Times are Unix ms. */
export interface Action {
  /** Grows with every action. Lists are ordered by it. */
  n: number;
  id: string;
  kind: ActionKind;
  /** The filter as the operator wrote it, JSON text. */
  filter: string;
  /** The filter as it is matched with jobs, JSON text. */
  match: string;
  /** Jobs per second. Null: no limit. */
  rate: number | null;
  /** `halted`: not every job of the canary was stored, so the action stopped. */
  state: "running" | "done" | "cancelled" | "halted";
  /** Jobs that matched when the action was created. Without `exact`: at least so many. */
  total: number;
  exact: boolean;
  done: number;
  skipped: number;
  /** The next slice continues above this id. */
  cursor: number;
  created: number;
  updated: number;
  ended: number | null;
  who: string;
  /** Number of the run of its retried jobs. 0: no run. */
  run: number;
  /**
   * Size of the canary. The other jobs follow when every job of the canary is stored. 0: no canary, or not any more.
   */
  canary: number;
}

export type ActionKind = "retry" | "cancel";

type Made = "id" | "kind" | "filter" | "match" | "rate" | "total" | "exact" | "who" | "run" | "canary";
export type NewActionRow = Pick<Action, Made>;

/** Stores an action whose first slice is due now. */
export function insertAction(sql: Sql, action: NewActionRow, now: number): void {
  const { id, kind, filter, match, rate, total, exact, who, run, canary } = action;
  sql.exec(
    `INSERT INTO actions (id, kind, filter, match, rate, state, total, exact, done, skipped, cursor, next_at, created, updated, ended, who, run, canary)
      VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?7, 0, 0, 0, ?9, ?9, ?9, NULL, ?8, ?10, ?11)`,
    ...[id, kind, filter, match, rate, total, exact ? 1 : 0, who, now, run, canary],
  );
}

export function findAction(sql: Sql, id: string): Action | null {
  const raw = sql.exec("SELECT * FROM actions WHERE id = ?", id)[0];
  return raw === undefined ? null : actionFrom(raw);
}

/** Actions below a number, the newest first. */
export function readActions(sql: Sql, before: number, limit: number): Action[] {
  return sql.exec("SELECT * FROM actions WHERE n < ? ORDER BY n DESC LIMIT ?", before, limit).map(actionFrom);
}

/** When the newest running cancel was created, Unix ms. 0: no cancel runs. */
export function newestCancel(sql: Sql): number {
  return int(sql.exec(`SELECT max(created) AS at FROM actions WHERE ${RUNS_ON} AND kind = 'cancel'`)[0]?.at ?? 0);
}

/** Stops an action. False: it does not run. */
export function stopAction(sql: Sql, id: string, now: number): boolean {
  const query =
    "UPDATE actions SET state = 'cancelled', ended = ?1, updated = ?1 WHERE id = ?2 AND state = 'running' RETURNING n";
  return sql.exec(query, now, id).length > 0;
}

/** When the next slice of any action is due. Null: no action runs. */
export function nextSliceAt(sql: Sql): number | null {
  return intOrNull(sql.exec(`SELECT min(next_at) AS at FROM actions WHERE ${RUNS_ON}`)[0]?.at);
}

/** The action whose slice is longest overdue. */
export function dueAction(sql: Sql, now: number): Action | null {
  const query = `SELECT * FROM actions WHERE ${RUNS_ON} AND next_at <= ? ORDER BY next_at LIMIT 1`;
  const raw = sql.exec(query, now)[0];
  return raw === undefined ? null : actionFrom(raw);
}

/** Writes the changes of a slice. `nextAt`: when the next slice is due. */
export function updateAction(sql: Sql, action: Action, nextAt: number): void {
  const { id, done, skipped, cursor, updated, state, ended, canary } = action;
  sql.exec(
    "UPDATE actions SET done = ?1, skipped = ?2, cursor = ?3, next_at = ?4, updated = ?5, state = ?6, ended = ?7, canary = ?9 WHERE id = ?8",
    ...[done, skipped, cursor, nextAt, updated, state, ended, id, canary],
  );
}

const ENDS = ["done", "cancelled", "halted"] as const;

function actionFrom(raw: SqlRow): Action {
  const state = text(raw.state);
  return {
    n: int(raw.n),
    id: text(raw.id),
    kind: text(raw.kind) as ActionKind,
    filter: text(raw.filter),
    match: text(raw.match),
    rate: raw.rate === null || raw.rate === undefined ? null : Number(raw.rate),
    state: ENDS.find((end) => end === state) ?? "running",
    total: int(raw.total),
    exact: int(raw.exact) === 1,
    done: int(raw.done),
    skipped: int(raw.skipped),
    cursor: int(raw.cursor),
    created: int(raw.created),
    updated: int(raw.updated),
    ended: intOrNull(raw.ended),
    who: text(raw.who),
    run: int(raw.run),
    canary: int(raw.canary),
  };
}
