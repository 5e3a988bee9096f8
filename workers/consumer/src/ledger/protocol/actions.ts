import type { JobState } from "@prewarm/shared/job";
import type { ActionView, JobFilter, NewAction } from "../contract.ts";
import {
  type Action,
  dueAction,
  findAction,
  insertAction,
  readActions,
  stopAction,
  updateAction,
} from "../tables/actions.ts";
import { audit } from "../tables/audit.ts";
import { BULK } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import { countMatches } from "./count-matches.ts";
import { findRows } from "./find-rows.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { memberStates } from "./member-states.ts";
import { cancelJob, type JobResult, promoteJob, retryJob } from "./retry-and-cancel.ts";

/** How often a canary that is under way is looked at. */
const CANARY_LOOK_MS = 2_000;
/** Jobs of one slice of an action without a rate. */
const SLICE_MAX = 1_000;
/** A slice does about a second's worth; the alarm rings again after what it did. */
const SECOND_MS = 1_000;

/*
 * An action walks up the ids of the table once. Jobs that were ordered later are left alone, and a row it has acted on does not match
 * again. So every action ends, and it may be stopped after any slice.
 */

/** Makes an action over what matches now; null when nothing does. */
export function createAction(tx: LedgerTx, id: string, wanted: NewAction): ActionView | null {
  const { total, exact } = countMatches(tx, wanted.match);
  if (total === 0 && exact) return null;
  const { kind, filter, rate, who } = wanted;
  const canary = kind === "retry" && total > (wanted.canary ?? 0) ? (wanted.canary ?? 0) : 0;
  const made = { id, kind, filter, match: JSON.stringify(wanted.match), rate, total, exact, who, canary };
  insertAction(tx.sql, { ...made, run: kind === "retry" ? openRun(tx, id, who) : 0 }, tx.now);
  audit(tx, who, `action.${kind}`, id, { filter: JSON.parse(filter), rate, total, exact, canary });
  return getAction(tx, id);
}

/** What is tried again is a run of its own: so it is counted how that came out, at no row a job. */
function openRun(tx: LedgerTx, id: string, who: string): number {
  const run = tx.runs.open(id, BULK, "retry by hand");
  run.who = who;
  return run.n;
}

export function getAction(tx: Tx, id: string): ActionView | null {
  const action = findAction(tx.sql, id);
  return action === null ? null : viewOf(tx, action);
}

export function listActions(tx: Tx, before: number, limit: number): { actions: ActionView[]; next: string | null } {
  const found = readActions(tx.sql, before, limit);
  return {
    actions: found.map((action) => viewOf(tx, action)),
    next: found.length < limit ? null : String(found.at(-1)?.n ?? 0),
  };
}

/** Stops an action; what it has done stays done. One that has ended stays as it is. */
export function cancelAction(tx: Tx, id: string, who: string): ActionView | null {
  if (stopAction(tx.sql, id, tx.now)) audit(tx, who, "action.cancel", id, {});
  return getAction(tx, id);
}

/** One slice of the action that has waited longest; false when none is due. */
export function actionSlice(tx: LedgerTx): boolean {
  const action = dueAction(tx.sql, tx.now);
  if (action === null) return false;
  if (action.canary > 0 && action.done >= action.canary && !passCanary(tx, action)) return true;
  const { rate } = action;
  // A rate below one a second is one job and a longer wait.
  const fast = rate === null ? SLICE_MAX : Math.max(1, Math.min(SLICE_MAX, Math.floor(rate)));
  const limit = action.canary > 0 ? Math.min(fast, action.canary - action.done) : fast;
  const match = JSON.parse(action.match) as JobFilter;
  const { rows, next } = findRows(tx, match, { above: action.cursor, orderedBy: action.created }, limit);
  tx.rows.loadIds(rows.map(({ id }) => id));
  action.done += rows.filter(({ id }) => act(tx, action, id) === "ok").length;
  const wait = rate === null ? 0 : Math.max(SECOND_MS, (rows.length / rate) * SECOND_MS);
  action.cursor = next ?? action.cursor;
  action.updated = tx.now;
  if (next === null) endAction(action, tx.now);
  updateAction(tx.sql, action, tx.now + Math.ceil(rows.length === 0 ? 0 : wait));
  return true;
}

function act(tx: LedgerTx, { kind, run }: Action, id: number): JobResult {
  if (kind === "retry") return retryJob(tx, id, run);
  return (kind === "cancel" ? cancelJob : promoteJob)(tx, id);
}

/** True: all of the canary are stored, and the others follow. Else it waits for them, or goes on no more. */
function passCanary(tx: LedgerTx, action: Action): boolean {
  const states = outcomeOf(tx, action);
  const open = states === null ? 0 : states.queued + states.processing + states.retrying;
  if (states !== null && open > 0) {
    updateAction(tx.sql, action, tx.now + CANARY_LOOK_MS);
    return false;
  }
  action.updated = tx.now;
  if (states !== null && states.stored >= action.done) {
    action.canary = 0;
    return true;
  }
  Object.assign(action, { state: "halted", ended: tx.now });
  updateAction(tx.sql, action, tx.now);
  return false;
}

/** What became of the jobs of a retry; null of anything else, and once its run is forgotten. */
function outcomeOf(tx: Tx, { run: n }: Action): Record<JobState, number> | null {
  const run = tx.runs.byNumber(n);
  return run === null ? null : memberStates(tx, run);
}

/** The walk is through. What matched when it was counted and does no more was done by somebody else. */
function endAction(action: Action, now: number): void {
  action.skipped = Math.max(0, action.total - action.done);
  action.state = "done";
  action.ended = now;
}

function viewOf(tx: Tx, action: Action): ActionView {
  const { kind, rate, state, total, exact, done, skipped, who, canary } = action;
  return {
    ...{ canary, run: tx.runs.byNumber(action.run)?.id ?? null, outcome: outcomeOf(tx, action) },
    action: action.id,
    kind,
    filter: action.filter,
    rate,
    state,
    total,
    exact,
    done,
    skipped,
    createdAt: action.created,
    updatedAt: action.updated,
    endedAt: action.ended,
    who,
  };
}
