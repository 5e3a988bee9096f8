import type { Rejection } from "@prewarm/control-schema/warm";
import type { Page } from "@prewarm/durable-queue/calls";
import { admittedRows } from "@prewarm/durable-queue/operate/job-state";
import { memberStates } from "@prewarm/durable-queue/operate/member-states";
import { quantile } from "@prewarm/durable-queue/schema/histogram";
import { readRejections } from "@prewarm/durable-queue/schema/rejections";
import { laneName, type Row } from "@prewarm/durable-queue/schema/row";
import { type Run, readRuns } from "@prewarm/durable-queue/schema/runs";
import type { JobState } from "@prewarm/shared/job";
import type { RunView } from "../contract.ts";
import type { LedgerTx } from "../ledger-tx.ts";
import { runWaitsFor } from "./waiting.ts";

/** A request without progress for this long is not being accepted any more, whatever happened to its sender. */
const ACCEPTING_MS = 900_000;
/** A run's speed is measured over at least and at most this. */
const MEASURE_MIN_MS = 3_000;
const MEASURE_MAX_MS = 300_000;

/**
 * The speed of runs, from the observations of their views. This instance keeps it, and only while an operator looks.
 */
export class RunSpeeds {
  readonly #seen = new Map<string, { at: number; ended: number }[]>();

  /** Variants that ended per second of late; over the run's whole life until it has been watched for a while. */
  perSecond(run: Run, ended: number, now: number): number {
    const seen = (this.#seen.get(run.id) ?? []).filter(({ at }) => now - at <= MEASURE_MAX_MS);
    if (this.#seen.size > 1_000) this.#seen.clear();
    if (run.ended === 0) this.#seen.set(run.id, [...seen.slice(-300), { at: now, ended }]);
    const first = seen.find(({ at }) => now - at >= MEASURE_MIN_MS);
    if (first !== undefined && run.ended === 0) return Math.max(0, ended - first.ended) / ((now - first.at) / 1000);
    return ended / Math.max(1, ((run.ended || now) - run.created) / 1000);
  }
}

/** A run for a view. Its state and speed depend on the time of the view. */
export function runView(tx: LedgerTx, run: Run, speeds: RunSpeeds): RunView {
  return shown(tx, run, { speeds, admitted: admittedRows(tx) });
}

/** Runs, newest first. */
export function listRuns(
  tx: LedgerTx,
  { limit, cursor, state }: Page & { state: "open" | "done" | "cancelled" | null },
  speeds: RunSpeeds,
): { runs: RunView[]; next: string | null } {
  const before = cursor === null ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const found = readRuns(tx.sql, before, limit, state);
  const known = { speeds, admitted: admittedRows(tx) };
  const runs = found.map((run) => shown(tx, run, known));
  return { runs, next: found.length < limit ? null : String(found.at(-1)?.n ?? 0) };
}

/** The items of a run's requests that were refused, one request a page at most. */
export function listRejected(
  tx: LedgerTx,
  { run: id, cursor, limit }: Page & { run: string },
): { rejected: Rejection[]; next: string | null } {
  const run = tx.runs.byId(id);
  const [, from = "1", shown = "0"] = /^(\d{1,12})-(\d{1,6})$/.exec(cursor ?? "") ?? [];
  const found = run === null ? null : readRejections(tx.sql, run.n, Number(from));
  if (found === null) return { rejected: [], next: null };
  const first = found.n === Number(from) ? Number(shown) : 0;
  const rejected = found.items.slice(first, first + limit);
  const left = found.items.length > first + limit;
  return { rejected, next: left ? `${found.n}-${first + limit}` : nextRequest(tx, run?.n ?? 0, found.n + 1) };
}

function nextRequest({ sql }: LedgerTx, run: number, n: number): string | null {
  return readRejections(sql, run, n) === null ? null : `${n}-0`;
}

interface Known {
  speeds: RunSpeeds;
  /** Rows that are being made. */
  admitted: Row[];
}

function shown(tx: LedgerTx, run: Run, { speeds, admitted }: Known): RunView {
  const states = memberStates(tx, run, admitted);
  const open = states.queued + states.processing + states.retrying;
  const accepting = run.accepting === 1 && tx.now - run.updated < ACCEPTING_MS;
  return {
    run: run.id,
    label: run.label,
    lane: laneName(run.lane),
    state: run.cancelledAt > 0 ? "cancelled" : accepting ? "accepting" : open > 0 ? "running" : "done",
    createdAt: run.created,
    updatedAt: run.updated,
    endedAt: accepting || open > 0 ? null : run.ended,
    accepted: run.accepted,
    duplicates: run.duplicates,
    existing: run.existing,
    states,
    rejected: run.rejected,
    who: run.who,
    waitingFor: run.cancelledAt > 0 ? null : runWaitsFor(tx, run, states),
    ratePerSecond: speeds.perSecond(run, endedOf(states), tx.now),
    readyP50: quantile(run.ready, 0.5),
    readyP95: quantile(run.ready, 0.95),
  };
}

function endedOf({ stored, dead, refused, cancelled }: Record<JobState, number>): number {
  return stored + dead + refused + cancelled;
}
