import type { JobState, Lane } from "@prewarm/shared/job";
import { encodeId } from "@prewarm/shared/variant-key";
import type { Attempt, ImageRows, JobView } from "../contract.ts";
import { listAttempts } from "../tables/attempts.ts";
import { readCounts } from "../tables/counters.ts";
import { DEAD, isOpen, laneName, type Row, stateName } from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";

export interface Counts {
  /** `dead` includes refused. */
  byState: Record<JobState, Record<Lane, number>>;
  /** Dead for another reason than a missing or useless original. */
  deadLetters: number;
}

export function counts(tx: Tx): Counts {
  const none = (): Record<Lane, number> => ({ live: 0, upload: 0, bulk: 0 });
  const byState: Counts["byState"] = {
    queued: none(),
    processing: none(),
    retrying: none(),
    stored: none(),
    dead: none(),
    cancelled: none(),
  };
  const view: Counts = { byState, deadLetters: 0 };
  for (const { state, lane, n } of readCounts(tx.sql)) {
    byState[stateName(state)][laneName(lane)] += n;
    if (state === DEAD) view.deadLetters += n;
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
    ittybitJob: row.ittybitJob,
    gen: row.gen,
    due: isOpen(row) ? row.due : null,
    bytes: row.storedAt > 0 ? row.bytes : null,
    createdAt: row.created,
    updatedAt: row.updated || row.created,
    storedAt: row.storedAt || null,
  };
}

export function attemptsOf(tx: Tx, key: string): Attempt[] {
  return listAttempts(tx.sql, key).map(({ n, started, ended, status, kind, code, message, ittybitJob }) => ({
    number: n,
    startedAt: started || null,
    endedAt: ended,
    tookMs: started === 0 ? null : ended - started,
    httpStatus: status,
    kind,
    code,
    message,
    ittybitJob,
  }));
}

/** An image's rows, and what is known of its original. */
export function imageRows(tx: Tx, id: string): { rows: JobView[] } & Omit<ImageRows, "rows"> {
  const image = tx.images.get(encodeId(id));
  const rows = tx.rows.loadImage(image.id).map((row) => jobView(tx, row));
  return { rows, sourceEtag: image.sourceEtag, purging: image.purgingUntil > tx.now };
}
