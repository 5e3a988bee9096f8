import { forgetActions, oldestAction } from "../tables/actions.ts";
import { forgetDeadMessages, oldestDeadMessage } from "../tables/dead-messages.ts";
import { forgetEnded, oldestEnded } from "../tables/ended.ts";
import { forgetEvents, oldestEvent } from "../tables/events.ts";
import { forgetDays, oldestDay, rollMinutes } from "../tables/history.ts";
import { forgetImages, oldestImage } from "../tables/images.ts";
import { forgetInbox, oldestInbox } from "../tables/inbox.ts";
import { forgetRecent, oldestRecent } from "../tables/recent.ts";
import { forgetRejections, oldestRejection } from "../tables/rejections.ts";
import { CANCELLED, DEAD, REFUSED } from "../tables/row.ts";
import { forgetRuns, oldestRun } from "../tables/runs.ts";
import type { LedgerTx } from "./ledger-tx.ts";

const DAY_MS = 86_400_000;
/** How long what has ended is kept: dead letters to be retried, refused and cancelled ones to be seen. R2 knows what is stored. */
const KEEP_ENDED_MS = { [DEAD]: 30 * DAY_MS, [REFUSED]: DAY_MS, [CANCELLED]: DAY_MS } as const;
const KEEP_RECENT_MS = 3 * DAY_MS;
/** Of 500 stored jobs each, some 50 kB: a million jobs take 100 MB. */
const RECENT_ROWS = 2_000;
const KEEP_ACTIONS_MS = 90 * DAY_MS;
const KEEP_RUNS_MS = 30 * DAY_MS;
const KEEP_INBOX_MS = 14 * DAY_MS;
const KEEP_EVENTS_MS = 14 * DAY_MS;
const KEEP_MESSAGES_MS = 30 * DAY_MS;
const KEEP_IMAGES_MS = 90 * DAY_MS;
const KEEP_HISTORY_MS = 400 * DAY_MS;
/** Above this the database sheds at once what it only keeps to be seen: the platform's limit is 10 GB. */
export const SHED_ABOVE_BYTES = 5_000_000_000;
/** Rows of one table that one transaction forgets. */
const SLICE_ROWS = 1_000;
/** A round at most so often, and what is past its use is looked up at least so often. */
const ROUND_MS = 3_600_000;
const LONGEST_MS = DAY_MS / 4;

/** One slice of the round: forgets what is past its use in every table. True while there may be more. */
export function pruneSlice(tx: LedgerTx): boolean {
  const { sql, now } = tx;
  const isFull = sql.bytes > SHED_ABOVE_BYTES;
  const before = (keep: number) => (isFull ? now : now - keep);
  let forgotten = 0;
  for (const state of [DEAD, REFUSED, CANCELLED] as const) {
    for (const row of forgetEnded(
      tx.rows,
      sql,
      state,
      state === DEAD ? now - KEEP_ENDED_MS[state] : before(KEEP_ENDED_MS[state]),
      SLICE_ROWS,
    )) {
      if (tx.memory.hands.holderOf(row.id) !== null) continue;
      tx.rows.delete(row, null);
      forgotten += 1;
    }
  }
  forgotten += forgetRecent(sql, before(KEEP_RECENT_MS), { most: RECENT_ROWS, limit: SLICE_ROWS });
  forgotten += forgetActions(sql, now - KEEP_ACTIONS_MS, SLICE_ROWS);
  forgotten += forgetRuns(sql, before(KEEP_RUNS_MS), SLICE_ROWS);
  forgotten += forgetRejections(sql, before(KEEP_RUNS_MS), SLICE_ROWS);
  forgotten += forgetInbox(sql, now - KEEP_INBOX_MS, SLICE_ROWS);
  forgotten += forgetEvents(sql, before(KEEP_EVENTS_MS), SLICE_ROWS);
  forgotten += forgetDeadMessages(sql, now - KEEP_MESSAGES_MS, SLICE_ROWS);
  forgotten += forgetImages(sql, now - KEEP_IMAGES_MS, SLICE_ROWS);
  rollMinutes(sql, now);
  forgetDays(sql, now - KEEP_HISTORY_MS);
  return forgotten >= SLICE_ROWS;
}

/** When the next round is due, Unix ms: at the first thing that will be past its use, but not at once again. */
export function nextHousekeepingAt(tx: LedgerTx): number {
  const { sql, now } = tx;
  if (sql.bytes > SHED_ABOVE_BYTES) return now + ROUND_MS;
  const firsts: [number | null, number][] = [
    [oldestEnded(sql, DEAD), KEEP_ENDED_MS[DEAD]],
    [oldestEnded(sql, REFUSED), KEEP_ENDED_MS[REFUSED]],
    [oldestEnded(sql, CANCELLED), KEEP_ENDED_MS[CANCELLED]],
    [oldestRecent(sql), KEEP_RECENT_MS],
    [oldestAction(sql), KEEP_ACTIONS_MS],
    [oldestRun(sql), KEEP_RUNS_MS],
    [oldestRejection(sql), KEEP_RUNS_MS],
    [oldestInbox(sql), KEEP_INBOX_MS],
    [oldestEvent(sql), KEEP_EVENTS_MS],
    [oldestDeadMessage(sql), KEEP_MESSAGES_MS],
    [oldestImage(sql), KEEP_IMAGES_MS],
    [oldestDay(sql), KEEP_HISTORY_MS],
  ];
  const times = firsts.flatMap(([at, keep]) => (at === null ? [] : [at + keep]));
  return Math.max(now + ROUND_MS, Math.min(now + LONGEST_MS, ...times));
}
