import type { Action } from "@prewarm/control-schema/actions";
import { int, intOrNull, type Sql, type SqlRow, text } from "@prewarm/durable-queue";
import type { JobFilter } from "../calls.ts";

/** An action as operators see it, and how far it has come. */
export interface ActionRow extends Omit<Action, "run" | "outcome"> {
  /** Grows with every action. Lists are ordered by it. */
  n: number;
  match: JobFilter;
  /** The next slice continues above this id. */
  cursor: number;
  /** Number of the run of its retried jobs. 0: no run. */
  run: number;
}

type Made = "action" | "kind" | "filter" | "match" | "agreed" | "rate" | "total" | "exact" | "who" | "run" | "canary";

/** An action has more slices. */
export const RUNS_ON = "state = 'running'";

/** Stores an action whose first slice is due now. */
export function insertAction(sql: Sql, made: Pick<ActionRow, Made>, now: number): void {
  const { action, kind, filter, match, agreed, rate, total, exact, who, run, canary } = made;
  sql.exec(
    `INSERT INTO actions (id, kind, filter, match, rate, state, total, exact, done, skipped, cursor, next_at, created, updated, ended, who, run, canary)
      VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?7, 0, 0, 0, ?9, ?9, ?9, NULL, ?8, ?10, ?11)`,
    ...[action, kind, JSON.stringify(filter), JSON.stringify({ ...match, agreed }), rate, total, exact ? 1 : 0],
    ...[who, now, run, canary],
  );
}

export function findAction(sql: Sql, id: string): ActionRow | null {
  const raw = sql.exec("SELECT * FROM actions WHERE id = ?", id)[0];
  return raw === undefined ? null : actionFrom(raw);
}

/** Actions below a number, the newest first. */
export function readActions(sql: Sql, before: number, limit: number): ActionRow[] {
  return sql.exec("SELECT * FROM actions WHERE n < ? ORDER BY n DESC LIMIT ?", before, limit).map(actionFrom);
}

/** When the newest running cancel was created, Unix ms. 0: no cancel runs. */
export function newestCancel(sql: Sql): number {
  return int(sql.exec(`SELECT max(created) AS at FROM actions WHERE ${RUNS_ON} AND kind = 'cancel'`)[0]?.at);
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
export function dueAction(sql: Sql, now: number): ActionRow | null {
  const query = `SELECT * FROM actions WHERE ${RUNS_ON} AND next_at <= ? ORDER BY next_at LIMIT 1`;
  const raw = sql.exec(query, now)[0];
  return raw === undefined ? null : actionFrom(raw);
}

/** Writes the changes of a slice. `nextAt`: when the next slice is due. */
export function updateAction(sql: Sql, changed: ActionRow, nextAt: number): void {
  const { action, done, skipped, cursor, updatedAt, state, endedAt, canary } = changed;
  sql.exec(
    "UPDATE actions SET done = ?1, skipped = ?2, cursor = ?3, next_at = ?4, updated = ?5, state = ?6, ended = ?7, canary = ?9 WHERE id = ?8",
    ...[done, skipped, cursor, nextAt, updatedAt, state, endedAt, action, canary],
  );
}

function actionFrom(raw: SqlRow): ActionRow {
  const { agreed, ...match } = JSON.parse(text(raw.match)) as JobFilter & Pick<Action, "agreed">;
  return {
    n: int(raw.n),
    action: text(raw.id),
    kind: text(raw.kind) as Action["kind"],
    filter: JSON.parse(text(raw.filter)) as Action["filter"],
    match,
    agreed,
    rate: raw.rate === null ? null : Number(raw.rate),
    state: text(raw.state) as Action["state"],
    total: int(raw.total),
    exact: int(raw.exact) === 1,
    done: int(raw.done),
    skipped: int(raw.skipped),
    cursor: int(raw.cursor),
    createdAt: int(raw.created),
    updatedAt: int(raw.updated),
    endedAt: intOrNull(raw.ended),
    who: text(raw.who),
    run: int(raw.run),
    canary: int(raw.canary),
  };
}
