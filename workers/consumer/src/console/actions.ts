import type { Action } from "@prewarm/control-schema/actions";
import { cancelJob, memberStates, type QueueTx, retryJob } from "@prewarm/durable-queue";
import type { JobState } from "@prewarm/shared/job";
import { laneCode } from "../queue-settings.ts";
import type { AskedPage, NewAction, TooMany } from "./calls.ts";
import { countMatches } from "./count-matches.ts";
import { findRows } from "./find-rows.ts";
import {
  type ActionRow,
  dueAction,
  findAction,
  insertAction,
  nextSliceAt,
  readActions,
  stopAction,
  updateAction,
} from "./tables/action-rows.ts";
import { audit, numberBelow } from "./tables/audit.ts";

/** How often a running canary is checked. */
const CANARY_LOOK_MS = 2_000;
/** Jobs that a slice walks past, and that a slice of an action without a rate acts on at most: about 100 ms. */
const SLICE_MAX = 3_000;
/** Calls come in between the slices of an action without a rate. */
const PAUSE_MS = 250;
/** A slice of an action with a rate does the work of a second at least. */
const SECOND_MS = 1_000;

/*
 * An action walks the ids of the table once, upwards. It skips jobs that were ordered later, and a row that it has
 * changed does not match again. So every action ends, and it may be stopped after any slice.
 */

/**
 * Creates an action over the current matches, or over those of them that the operator has agreed to. Null: there is no
 * match.
 */
export function createAction(tx: QueueTx, wanted: NewAction): Action | TooMany | null {
  const { kind, filter, match, rate, who } = wanted;
  const { total, exact } = countMatches(tx, match);
  if (total === 0 && exact) return null;
  if (wanted.agreed !== undefined && total > wanted.agreed.total) return { tooMany: total };
  const action = `act_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const canary = kind === "retry" && total > (wanted.canary ?? 0) ? (wanted.canary ?? 0) : 0;
  const run = kind === "retry" ? openRun(tx, action, who) : 0;
  const agreed = agreedOf(tx, wanted, total);
  insertAction(tx.sql, { action, kind, filter, match, agreed, rate, total, exact, who, run, canary }, tx.now);
  audit(tx, who, `action.${kind}`, action, { filter, rate, total, exact, canary });
  return getAction(tx, { action });
}

function agreedOf(tx: QueueTx, { agreed }: NewAction, total: number): Action["agreed"] {
  if (agreed === undefined) return null;
  const { now, ...said } = agreed;
  return { ...said, left: Math.max(0, countMatches(tx, now).total - total) };
}

/** A retry is a run of its own, so its outcome is counted without a row per job. */
function openRun(tx: QueueTx, id: string, who: string): number {
  const run = tx.runs.open(id, laneCode("bulk"), "retry by hand");
  run.who = who;
  return run.n;
}

/** Null: the action is not known. */
export function getAction(tx: QueueTx, { action: id }: { action: string }): Action | null {
  const row = findAction(tx.sql, id);
  return row === null ? null : viewOf(tx, row);
}

/** The newest actions first. */
export function listActions(
  tx: QueueTx,
  { cursor = null, limit }: AskedPage,
): { actions: Action[]; nextCursor: string | null } {
  const found = readActions(tx.sql, numberBelow(cursor), limit);
  return {
    actions: found.map((row) => viewOf(tx, row)),
    nextCursor: found.length < limit ? null : String(found.at(-1)?.n ?? 0),
  };
}

/** Stops an action. Its finished work stays. An ended action stays as it is. */
export function cancelAction(tx: QueueTx, id: string, who: string): Action | null {
  if (stopAction(tx.sql, id, tx.now)) audit(tx, who, "action.cancel", id, {});
  return getAction(tx, { action: id });
}

/** Whether a slice of an action is due. */
export function isSliceDue({ sql, now }: QueueTx): boolean {
  const at = nextSliceAt(sql);
  return at !== null && at <= now;
}

/** Runs one slice of the action that has waited longest, if a slice is due. */
export function actionSlice(tx: QueueTx): void {
  const action = dueAction(tx.sql, tx.now);
  if (action === null || (action.canary > 0 && action.done >= action.canary && !passCanary(tx, action))) return;
  const { rate, match, canary, cursor } = action;
  // A rate below 1/s is one job and a longer wait.
  const fast = rate === null ? SLICE_MAX : Math.max(1, Math.min(SLICE_MAX, Math.floor(rate)));
  const limit = canary > 0 ? Math.min(fast, canary - action.done) : fast;
  const span = { above: cursor, orderedBy: action.createdAt, walk: SLICE_MAX };
  const { rows, next } = findRows(tx, match, span, limit);
  tx.rows.loadIds(rows.map(({ id }) => id));
  action.done += rows.filter(({ id }) => act(tx, action, id)).length;
  const wait = rate === null || rows.length === 0 ? PAUSE_MS : Math.max(SECOND_MS, (rows.length / rate) * SECOND_MS);
  action.cursor = next ?? cursor;
  action.updatedAt = tx.now;
  if (next === null) endAction(action, tx.now);
  updateAction(tx.sql, action, tx.now + Math.ceil(wait));
}

function act(tx: QueueTx, { kind, run }: ActionRow, id: number): boolean {
  return (kind === "retry" ? retryJob(tx, id, run) : cancelJob(tx, id)) === "ok";
}

/** Whether every job of the canary is stored, so that the others follow. If not, the action waits or halts. */
function passCanary(tx: QueueTx, action: ActionRow): boolean {
  const states = outcomeOf(tx, action);
  const open = states === null ? 0 : states.queued + states.processing + states.retrying;
  if (states !== null && open > 0) {
    updateAction(tx.sql, action, tx.now + CANARY_LOOK_MS);
    return false;
  }
  action.updatedAt = tx.now;
  if (states !== null && states.stored >= action.done) {
    action.canary = 0;
    return true;
  }
  Object.assign(action, { state: "halted", endedAt: tx.now });
  updateAction(tx.sql, action, tx.now);
  return false;
}

/** The states of the jobs of a retry. Null: the action is no retry, or its run is forgotten. */
function outcomeOf(tx: QueueTx, { run: n }: ActionRow): Record<JobState, number> | null {
  const run = tx.runs.byNumber(n);
  return run === null ? null : memberStates(tx, run);
}

/** Ends an action. Jobs that matched at its creation and do not match any more were changed by others. */
function endAction(action: ActionRow, now: number): void {
  action.skipped = Math.max(0, action.total - action.done);
  action.state = "done";
  action.endedAt = now;
}

function viewOf(tx: QueueTx, row: ActionRow): Action {
  const { n, match, cursor, run, ...shown } = row;
  return { ...shown, run: tx.runs.byNumber(run)?.id ?? null, outcome: outcomeOf(tx, row) };
}
