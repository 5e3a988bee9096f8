import type { JobState, Lane } from "@prewarm/shared/job";
import { decodeId, encodeId } from "@prewarm/shared/variant-key";
import type { Attempt, ImageRows, JobView } from "../contract.ts";
import { slotsUsed } from "../protocol/slots.ts";
import { quantile } from "../tables/histogram.ts";
import { DEAD, isOpen, laneName, REFUSED, type Row, STORED, stateName } from "../tables/row.ts";
import { type Run, runFrom } from "../tables/runs.ts";
import { int, text, textOrNull } from "../tables/sql.ts";
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
  for (const raw of tx.sql.exec("SELECT state, lane, n FROM counters")) {
    const [state, n] = [int(raw.state), int(raw.n)];
    byState[stateName(state)][laneName(int(raw.lane))] += n;
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
    ittybitJob: row.upstream,
    gen: row.gen,
    due: isOpen(row) ? row.due : null,
    bytes: row.storedAt > 0 ? row.bytes : null,
    createdAt: row.created,
    updatedAt: row.updated || row.created,
    storedAt: row.storedAt || null,
  };
}

export function attemptsOf(tx: Tx, key: string): Attempt[] {
  const found = tx.sql.exec(
    "SELECT a.* FROM jobs JOIN attempts AS a ON a.seq = jobs.seq WHERE jobs.key = ? ORDER BY a.n",
    key,
  );
  return found.map((raw) => {
    const started = int(raw.started) || null;
    return {
      number: int(raw.n),
      startedAt: started,
      endedAt: int(raw.ended),
      tookMs: started === null ? null : int(raw.ended) - started,
      httpStatus: raw.status === null ? null : int(raw.status),
      kind: textOrNull(raw.kind),
      code: text(raw.code),
      message: text(raw.message),
      ittybitJob: textOrNull(raw.job),
    };
  });
}

/** An image's rows, and what is known of its original. */
export function imageRows(tx: Tx, id: string): { rows: JobView[] } & Omit<ImageRows, "rows"> {
  const image = tx.images.get(encodeId(id));
  const rows = tx.rows.loadImage(image.id).map((row) => jobView(tx, row));
  return { rows, sourceEtag: image.sourceEtag, purging: image.purgingUntil > tx.now };
}
