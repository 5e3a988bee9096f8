import { areCausesExact, type CauseCount, countCauses, FAILED_STATES } from "../../console/causes.ts";
import { listDeadMessages } from "../../console/tables/dead-messages.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { CausesView, CauseView } from "../calls.ts";
import { jobView } from "./jobs.ts";

/** Causes in one answer. */
const CAUSES_MAX = 200;
/** Unreadable messages in one answer. */
const MESSAGES_MAX = 50;
/** Parts that a window is cut into for the trend. */
const PARTS = 12;

/** The causes of jobs whose last failure is within the window (ms): retrying, dead and refused jobs. */
export function causesView(
  tx: ImageTx,
  { windowMs, run }: { windowMs: number | null; run: string | null },
): CausesView {
  const from = windowMs === null ? 0 : tx.now - windowMs;
  const n = run === null ? null : (tx.runs.byId(run)?.n ?? -1);
  const causes = countCauses(tx, { states: FAILED_STATES, run: n, from, parts: PARTS, view: true });
  return {
    causes: causeViews(tx, causes.slice(0, CAUSES_MAX)),
    from,
    exact: areCausesExact(tx, FAILED_STATES),
    unreadable: run === null ? listDeadMessages(tx.sql, MESSAGES_MAX) : [],
  };
}

function causeViews(tx: ImageTx, causes: readonly CauseCount[]): CauseView[] {
  const rows = tx.rows.loadIds(causes.map(({ sample }) => sample));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return causes.flatMap((cause) => {
    const row = byId.get(cause.sample);
    return row === undefined ? [] : [{ ...cause, sample: jobView(tx, row) }];
  });
}
