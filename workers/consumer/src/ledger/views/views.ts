import type { JobState, Lane } from "@prewarm/shared/job";
import { decodeId, encodeId } from "@prewarm/shared/variant-key";
import type { JobView } from "../api.ts";
import type { AttemptView, CountsView, ImageRows, RunView } from "../api-views.ts";
import { slotsUsed } from "../protocol/slots.ts";
import { listAttempts } from "../tables/attempts.ts";
import { readCounts } from "../tables/counters.ts";
import { quantile } from "../tables/histogram.ts";
import { DEAD, isOpen, laneName, REFUSED, type Row, stateName } from "../tables/row.ts";
import { type Run, readRuns } from "../tables/runs.ts";
import type { Tx } from "../tables/tx.ts";

export function counts(tx: Tx): CountsView {
  const none = (): Record<Lane, number> => ({ live: 0, upload: 0, bulk: 0 });
  const byState: CountsView["byState"] = {
    queued: none(),
    processing: none(),
    retrying: none(),
    stored: none(),
    dead: none(),
    cancelled: none(),
  };
  const view: CountsView = { byState, refused: 0, deadLetters: 0, open: 0, slots: slotsUsed(tx) };
  for (const { state, lane, n } of readCounts(tx.sql)) {
    byState[stateName(state)][laneName(lane)] += n;
    if (isOpen({ state })) view.open += n;
    if (state === DEAD) view.deadLetters += n;
    if (state === REFUSED) view.refused += n;
  }
  return view;
}

export function jobView(tx: Tx, row: Row): JobView {
  return {
    key: row.key,
    state: stateName(row.state),
    lane: laneName(row.lane),
    run: tx.runs.byNumber(row.run)?.id ?? null,
    attempts: row.attempts,
    error: row.error === null ? null : (JSON.parse(row.error) as { code: string; message: string }),
    ittybitJob: row.upstream,
    gen: row.gen,
    due: isOpen(row) ? row.due : null,
    bytes: row.storedAt > 0 ? row.bytes : null,
    createdAt: row.created,
    updatedAt: row.updated || row.created,
    storedAt: row.storedAt || null,
  };
}

export function attemptsOf(tx: Tx, key: string): AttemptView[] {
  return listAttempts(tx.sql, key).map(({ n, started, ended, status, kind, code, message, job }) => ({
    number: n,
    startedAt: started || null,
    endedAt: ended,
    tookMs: started === 0 ? null : ended - started,
    httpStatus: status,
    kind,
    code,
    message,
    ittybitJob: job,
  }));
}

export function runView(run: Run): RunView {
  const states: Record<JobState, number> = { queued: 0, processing: 0, retrying: 0, stored: 0, dead: 0, cancelled: 0 };
  run.states.forEach((n, code) => {
    states[stateName(code)] += n;
  });
  return {
    run: run.id,
    label: run.label,
    lane: laneName(run.lane),
    createdAt: run.created,
    updatedAt: run.updated,
    endedAt: run.ended || null,
    cancelledAt: run.cancelledAt || null,
    accepted: run.accepted,
    duplicates: run.duplicates,
    existing: run.existing,
    states,
    open: run.open,
    timeToReadyMs: { p50: quantile(run.ready, 0.5), p95: quantile(run.ready, 0.95) },
  };
}

/** Runs, newest first, from below the given number. */
export function runsPage(tx: Tx, before: number, limit: number): { runs: RunView[]; next: number | null } {
  const runs = readRuns(tx.sql, before, limit, null);
  return { runs: runs.map(runView), next: runs.length < limit ? null : (runs.at(-1)?.n ?? null) };
}

export function imageRows(tx: Tx, id: string): ImageRows {
  const image = tx.images.get(encodeId(id));
  const rows = tx.rows.loadImage(image.id).map((row) => jobView(tx, row));
  return {
    id: decodeId(image.id),
    sourceEtag: image.sourceEtag,
    purging: image.purgingUntil > tx.now,
    floor: image.floor,
    rows,
  };
}
