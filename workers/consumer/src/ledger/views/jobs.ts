import type { Attempt } from "@prewarm/control-schema/jobs";
import { errorOf, idOfName, isOpen, listAttempts, nameOf, placeOf, type Row, stateOf } from "@prewarm/durable-queue";
import type { JobState } from "@prewarm/shared/job";
import { encodeId, jobOfKey, keyOfJob } from "@prewarm/shared/variant-key";
import { findRecent, readRecentOf, type Stored } from "../../console/tables/recent.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { edgeUntil, lastPurge } from "../../images/purge-record.ts";
import { removalView } from "../../images/removal-record.ts";
import { stagingOfJob } from "../../images/staging.ts";
import { passDueAt } from "../../images/tables/sweeps.ts";
import { laneName } from "../../queue-settings.ts";
import type { FoundJob, ImageRows, NamedJob } from "../calls.ts";
import { jobWaitsFor } from "./waiting.ts";

/** Rows of stored jobs that one is looked for in: up to 100,000 jobs. */
const RECENT_ROWS = 200;
/** A variant that was stored within this may be missing in a list of R2. */
const LATELY_MS = 60_000;

/** A job that has a row. */
export function jobView(tx: ImageTx, row: Row): NamedJob {
  const held = tx.memory.claims.byJob(row.id);
  const claim = held?.gen === row.gen ? held : null;
  return {
    job: nameOf(row.id),
    key: keyOfJob(row),
    state: stateOf(tx, row),
    lane: laneName(row.lane),
    run: tx.runs.byNumber(row.run)?.id ?? null,
    attempts: row.attempts,
    error: errorOf(row),
    ittybitJob: claim?.externalId ?? null,
    gen: row.gen,
    due: isOpen(row) ? claim?.due || row.due : null,
    bytes: null,
    createdAt: row.created,
    updatedAt: row.updated || row.created,
    submittedAt: claim?.admittedAt || null,
    tookMs: null,
    storedAt: null,
  };
}

/** A stored job: its row is gone. */
export function storedView(tx: ImageTx, stored: Stored): NamedJob {
  const { id, lane, run, attempts, gen, bytes, created, at, granted, took } = stored;
  return {
    job: nameOf(id),
    key: keyOfJob(stored),
    state: "stored",
    lane: laneName(lane),
    run: tx.runs.byNumber(run)?.id ?? null,
    attempts,
    error: null,
    ittybitJob: null,
    gen,
    due: null,
    bytes,
    createdAt: created,
    updatedAt: at,
    submittedAt: granted || null,
    tookMs: took || null,
    storedAt: at,
  };
}

/** Whether a stored variant still counts. A purge or a new original outdates it. */
export function isValid(tx: ImageTx, stored: Stored): boolean {
  return stored.gen >= tx.imageOf(stored).floor;
}

/** The job of this name, with or without a row. */
export function findJob(tx: ImageTx, name: string): FoundJob | null {
  const id = idOfName(name);
  const row = id === null ? null : tx.rows.byId(id);
  const stored = id === null || row !== null ? null : storedLately(tx, id);
  const job = row !== null ? jobView(tx, row) : stored !== null ? storedView(tx, stored) : null;
  const known = row ?? stored;
  if (job === null || id === null || known === null) return null;
  return {
    staging: stagingOfJob(tx, known, job.submittedAt ?? tx.now),
    job,
    attempts: row === null ? [] : attemptsOf(tx, row),
    sourceEtag: tx.imageOf(known).etag,
    waitingFor: row === null ? null : jobWaitsFor(tx, row),
    runs: row === null ? [job.run].filter((run) => run !== null) : askersOf(tx, row),
  };
}

function askersOf(tx: ImageTx, row: Row): string[] {
  return tx.runs
    .subscribersOf(row)
    .map((n) => tx.runs.byNumber(n)?.id)
    .filter((id) => id !== undefined);
}

function storedLately(tx: ImageTx, id: number): Stored | null {
  const found = findRecent(tx.sql, id, RECENT_ROWS);
  return found !== null && isValid(tx, found) ? found : null;
}

/** The failed attempts of a job that has a row, the first one first. */
function attemptsOf(tx: ImageTx, row: Row): Attempt[] {
  return listAttempts(tx.sql, row).map(({ n, started, ended, status, kind, code, message, job }) => ({
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

/**
 * The rows of an image, the state of its original, and the names of its variants in R2 (`stored`, their keys). Variants
 * of the last seconds are among the rows, because they were stored after the list of R2.
 */
export function imageRows(tx: ImageTx, id: string, stored: readonly string[]): ImageRows {
  const image = tx.images.get(encodeId(id));
  const rows = tx.rows.loadGroup(id);
  const parts = new Set(rows.map(({ part }) => part));
  const lately = readRecentOf(tx.sql, id, tx.now - LATELY_MS, RECENT_ROWS).filter(
    (one) => !parts.has(one.part) && isValid(tx, one),
  );
  const views = [...rows.map((row) => jobView(tx, row)), ...lately.map((one) => storedView(tx, one))];
  const names = Object.fromEntries(stored.map((key) => [key, nameOf(placeOf(jobOfKey(key), tx.queueId))]));
  for (const { key, job } of views) if (key in names) names[key] = job;
  const purge = lastPurge(image);
  return {
    rows: views,
    names,
    sourceEtag: image.etag,
    focal: image.focal,
    purging: image.lock > tx.now,
    announced: image.announced > 0 ? { v: image.version, number: image.announced } : null,
    purge:
      purge === null ? null : { ...purge, secondAt: passDueAt(tx.sql, purge.seq), edgeUntil: edgeUntil(tx.sql, purge) },
    removal: removalView(tx, image.id),
  };
}

/** States of jobs that have rows, by key. */
export function statesOf(tx: ImageTx, keys: readonly string[]): Record<string, JobState> {
  return Object.fromEntries(tx.rows.loadKeys(keys.map(jobOfKey)).map((row) => [keyOfJob(row), stateOf(tx, row)]));
}
