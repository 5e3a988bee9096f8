import type { JobState } from "@prewarm/shared/job";
import type { ActionView, JobFilter, NewAction, TooMany } from "../calls.ts";
import {
  type Action,
  dueAction,
  findAction,
  insertAction,
  readActions,
  stopAction,
  updateAction,
} from "../tables/action-rows.ts";
import { audit } from "../tables/audit.ts";
import { BULK } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { countMatches } from "./count-matches.ts";
import { findRows } from "./find-rows.ts";
import { memberStates } from "./member-states.ts";
import { cancelJob, type JobResult, retryJob } from "./retry-and-cancel.ts";

/** How often a running canary is checked. */
const CANARY_LOOK_MS = 2_000;
/** Jobs per slice of an action without a rate. */
const SLICE_MAX = 1_000;
/** A slice does the work of about a second. The alarm fires again afterwards. */
const SECOND_MS = 1_000;

/*
 * An action walks the ids of the table once, upwards. It skips jobs that were ordered later, and a row that it has
 * changed does not match again. So every action ends, and it may be stopped after any slice.
 */

/**
 * Creates an action over the current matches, or over those of them that the operator has agreed to. Null: there is no
 * match.
 */
export function createAction(tx: QueueTx, id: string, wanted: NewAction): ActionView | TooMany | null {
  const { total, exact } = countMatches(tx, wanted.match);
  if (total === 0 && exact) return null;
  if (wanted.agreed !== undefined && total > wanted.agreed.total) return { tooMany: total };
  const { kind, filter, rate, who } = wanted;
  const canary = kind === "retry" && total > (wanted.canary ?? 0) ? (wanted.canary ?? 0) : 0;
  const made = {
    id,
    kind,
    filter,
    match: JSON.stringify({ ...wanted.match, agreed: agreedOf(tx, wanted, total) }),
    rate,
    total,
    exact,
    who,
    canary,
  };
  insertAction(tx.sql, { ...made, run: kind === "retry" ? openRun(tx, id, who) : 0 }, tx.now);
  audit(tx, who, `action.${kind}`, id, { filter: JSON.parse(filter), rate, total, exact, canary });
  return getAction(tx, id);
}

/** What an operator agreed to, as the action keeps it beside its match. `left`: jobs that match, but only since then. */
interface Agreed {
  at: number;
  total: number;
  left: number;
}

function agreedOf(tx: QueueTx, { agreed }: NewAction, total: number): Agreed | null {
  if (agreed === undefined) return null;
  const { now, ...said } = agreed;
  return { ...said, left: Math.max(0, countMatches(tx, now).total - total) };
}

/** A retry is a run of its own, so its outcome is counted without a row per job. */
function openRun(tx: QueueTx, id: string, who: string): number {
  const run = tx.runs.open(id, BULK, "retry by hand");
  run.who = who;
  return run.n;
}

export function getAction(tx: QueueTx, id: string): ActionView | null {
  const action = findAction(tx.sql, id);
  return action === null ? null : viewOf(tx, action);
}

export function listActions(
  tx: QueueTx,
  before: number,
  limit: number,
): { actions: ActionView[]; next: string | null } {
  const found = readActions(tx.sql, before, limit);
  return {
    actions: found.map((action) => viewOf(tx, action)),
    next: found.length < limit ? null : String(found.at(-1)?.n ?? 0),
  };
}

/** Stops an action. Its finished work stays. An ended action stays as it is. */
export function cancelAction(tx: QueueTx, id: string, who: string): ActionView | null {
  if (stopAction(tx.sql, id, tx.now)) audit(tx, who, "action.cancel", id, {});
  return getAction(tx, id);
}

/** Runs one slice of the action that has waited longest. False: no action is due. */
export function actionSlice(tx: QueueTx): boolean {
  const action = dueAction(tx.sql, tx.now);
  if (action === null) return false;
  if (action.canary > 0 && action.done >= action.canary && !passCanary(tx, action)) return true;
  const { rate } = action;
  // A rate below 1/s is one job and a longer wait.
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

function act(tx: QueueTx, { kind, run }: Action, id: number): JobResult {
  return kind === "retry" ? retryJob(tx, id, run) : cancelJob(tx, id);
}

/** Whether every job of the canary is stored, so that the others follow. If not, the action waits or halts. */
function passCanary(tx: QueueTx, action: Action): boolean {
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

/** The states of the jobs of a retry. Null: the action is no retry, or its run is forgotten. */
function outcomeOf(tx: QueueTx, { run: n }: Action): Record<JobState, number> | null {
  const run = tx.runs.byNumber(n);
  return run === null ? null : memberStates(tx, run);
}

/** Ends an action. Jobs that matched at its creation and do not match any more were changed by others. */
function endAction(action: Action, now: number): void {
  action.skipped = Math.max(0, action.total - action.done);
  action.state = "done";
  action.ended = now;
}

function viewOf(tx: QueueTx, action: Action): ActionView {
  const { kind, rate, state, total, exact, done, skipped, who, canary } = action;
  const { agreed } = JSON.parse(action.match) as { agreed: Agreed | null };
  return {
    agreed,
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
