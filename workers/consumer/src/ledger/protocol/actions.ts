import type { ActionFilter } from "../../api/actions.ts";
import type { ActionView, JobFilter, NewAction } from "../../api/ledger-port.ts";
import { audit } from "../tables/audit.ts";
import { int, type SqlRow, text } from "../tables/sql.ts";
import type { Tx } from "../tables/tx.ts";
import { countMatches } from "../views/count-matches.ts";
import { findRows } from "../views/find-rows.ts";
import { cancelKeys, retryKeys } from "./retry-and-cancel.ts";

/** Jobs of one slice of an action without a rate. */
const SLICE_MAX = 1_000;
/** A slice does about a second's worth; the alarm rings again after what it did. */
const SECOND_MS = 1_000;

/*
 * An action walks down the table once, from the newest row there was when it was made: rows that come later, and rows it has acted on, do
 * not match again. So it ends, may be broken off at any slice, and never touches more than was counted but for what matched a moment later.
 */

/** Makes an action over what matches now; null when nothing does. `keys`: the jobs that were named one by one. */
export function createAction(tx: Tx, id: string, wanted: NewAction, keys: string[] | null): ActionView | null {
  const { total, exact } = countMatches(tx, wanted.match, keys);
  if (total === 0) return null;
  const match = JSON.stringify({ match: wanted.match, keys });
  tx.sql.exec(
    `INSERT INTO actions (id, kind, filter, match, rate, state, total, exact, done, skipped, cursor, next_at, created, updated, ended, who)
      VALUES (?, ?, ?, ?, ?, 'running', ?, ?, 0, 0, ?, ?, ?, ?, NULL, ?)`,
    id,
    wanted.kind,
    JSON.stringify(wanted.filter),
    match,
    wanted.rate,
    total,
    exact ? 1 : 0,
    tx.next(),
    tx.now,
    tx.now,
    tx.now,
    wanted.who,
  );
  audit(tx, wanted.who, `action.${wanted.kind}`, id, { filter: wanted.filter, rate: wanted.rate, total, exact });
  return getAction(tx, id);
}

export function getAction(tx: Tx, id: string): ActionView | null {
  const raw = tx.sql.exec("SELECT * FROM actions WHERE id = ?", id)[0];
  return raw === undefined ? null : viewOf(raw);
}

export function listActions(tx: Tx, before: number, limit: number): { actions: ActionView[]; next: string | null } {
  const found = tx.sql.exec("SELECT * FROM actions WHERE n < ? ORDER BY n DESC LIMIT ?", before, limit);
  return { actions: found.map(viewOf), next: found.length < limit ? null : String(found.at(-1)?.n ?? 0) };
}

/** Stops an action; what it has done stays done. One that has ended stays as it is. */
export function cancelAction(tx: Tx, id: string, who: string): ActionView | null {
  const stopped = tx.sql.exec(
    "UPDATE actions SET state = 'cancelled', ended = ?1, updated = ?1 WHERE id = ?2 AND state = 'running' RETURNING n",
    tx.now,
    id,
  );
  if (stopped.length > 0) audit(tx, who, "action.cancel", id, {});
  return getAction(tx, id);
}

/** When the next slice of any action is due, Unix ms; null when none runs. */
export function nextActionAt(tx: Tx): number | null {
  const at = tx.sql.exec("SELECT min(next_at) AS at FROM actions WHERE state = 'running'")[0]?.at;
  return at === null || at === undefined ? null : int(at);
}

/** One slice of the action that has waited longest; false when none is due. */
export function actionSlice(tx: Tx): boolean {
  const raw = tx.sql.exec(
    "SELECT * FROM actions WHERE state = 'running' AND next_at <= ? ORDER BY next_at LIMIT 1",
    tx.now,
  )[0];
  if (raw === undefined) return false;
  const rate = raw.rate === null ? null : Number(raw.rate);
  // A rate below one a second is one job and a longer wait.
  const limit = rate === null ? SLICE_MAX : Math.max(1, Math.min(SLICE_MAX, Math.floor(rate)));
  const { match, keys } = JSON.parse(text(raw.match)) as { match: JobFilter; keys: string[] | null };
  const { rows, next } = findRows(tx, match, int(raw.cursor), limit, keys);
  const acting = text(raw.kind) === "retry" ? retryKeys : cancelKeys;
  const results = Object.values(
    acting(
      tx,
      rows.map(({ key }) => key),
    ),
  );
  const done = int(raw.done) + results.filter((result) => result === "ok").length;
  const wait = rate === null ? 0 : Math.max(SECOND_MS, (rows.length / rate) * SECOND_MS);
  const ended = next === null;
  tx.sql.exec(
    "UPDATE actions SET done = ?1, skipped = ?2, cursor = ?3, next_at = ?4, updated = ?5, state = ?6, ended = ?7 WHERE id = ?8",
    done,
    // What matched when it was counted and does no more: somebody else was faster.
    ended ? Math.max(0, int(raw.total) - done) : 0,
    next ?? 0,
    tx.now + Math.ceil(rows.length === 0 ? 0 : wait),
    tx.now,
    ended ? "done" : "running",
    ended ? tx.now : null,
    text(raw.id),
  );
  return true;
}

function viewOf(raw: SqlRow): ActionView {
  return {
    action: text(raw.id),
    kind: text(raw.kind) === "retry" ? "retry" : "cancel",
    filter: JSON.parse(text(raw.filter)) as ActionFilter,
    rate: raw.rate === null || raw.rate === undefined ? null : Number(raw.rate),
    state: stateOf(text(raw.state)),
    total: int(raw.total),
    exact: int(raw.exact) === 1,
    done: int(raw.done),
    skipped: int(raw.skipped),
    createdAt: int(raw.created),
    updatedAt: int(raw.updated),
    endedAt: raw.ended === null ? null : int(raw.ended),
    who: text(raw.who),
  };
}

function stateOf(word: string): ActionView["state"] {
  return word === "done" || word === "cancelled" ? word : "running";
}
