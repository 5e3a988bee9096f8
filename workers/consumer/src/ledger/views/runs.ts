import type { JobState } from "@prewarm/shared/job";
import type { Page, RunView } from "../contract.ts";
import { quantile } from "../tables/histogram.ts";
import { laneName, stateName } from "../tables/row.ts";
import { type Run, readRuns } from "../tables/runs.ts";
import type { Tx } from "../tables/tx.ts";

/** A request that stands still for this long is no longer being accepted, whatever became of its sender. */
const ACCEPTING_MS = 900_000;
/** A run's speed is measured over at least and at most this. */
const MEASURE_MIN_MS = 3_000;
const MEASURE_MAX_MS = 300_000;

/** How fast runs end, by what was seen when they were looked at; of this instance only, and of use only while somebody looks. */
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

/** A run as it is shown; its state and speed depend on when one looks. */
export function runView(tx: Tx, run: Run, speeds: RunSpeeds): RunView {
  const states: Record<JobState, number> = { queued: 0, processing: 0, retrying: 0, stored: 0, dead: 0, cancelled: 0 };
  run.states.forEach((n, code) => {
    states[stateName(code)] += n;
  });
  const accepting = run.accepting === 1 && tx.now - run.updated < ACCEPTING_MS;
  const state = run.open > 0 ? "running" : "done";
  return {
    run: run.id,
    label: run.label,
    lane: laneName(run.lane),
    state: run.cancelledAt > 0 ? "cancelled" : accepting ? "accepting" : state,
    createdAt: run.created,
    updatedAt: run.updated,
    endedAt: accepting ? null : run.ended || null,
    accepted: run.accepted,
    duplicates: run.duplicates,
    existing: run.existing,
    states,
    ratePerSecond: speeds.perSecond(run, states.stored + states.dead + states.cancelled, tx.now),
    readyP50: quantile(run.ready, 0.5),
    readyP95: quantile(run.ready, 0.95),
  };
}

/** Runs, newest first. */
export function listRuns(
  tx: Tx,
  { limit, cursor, state }: Page & { state: "open" | "done" | "cancelled" | null },
): { runs: Run[]; next: string | null } {
  const before = cursor === null ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const runs = readRuns(tx.sql, before, limit, state);
  return { runs, next: runs.length < limit ? null : String(runs.at(-1)?.n ?? 0) };
}
