import type { Page, RunView } from "../../api/ledger-port.ts";
import { type Run, readRuns } from "../tables/runs.ts";
import type { Tx } from "../tables/tx.ts";
import { runView } from "./views.ts";

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

export function publicRun(tx: Tx, run: Run, speeds: RunSpeeds): RunView {
  const { open, timeToReadyMs, cancelledAt, ...view } = runView(run);
  const ended = view.states.stored + view.states.dead + view.states.cancelled;
  const accepting = run.chunk >= 0 && tx.now - run.updated < ACCEPTING_MS;
  const state = cancelledAt !== null ? "cancelled" : open > 0 ? "running" : "done";
  return {
    ...view,
    state: state !== "cancelled" && accepting ? "accepting" : state,
    endedAt: accepting ? null : view.endedAt,
    ratePerSecond: speeds.perSecond(run, ended, tx.now),
    readyP50: timeToReadyMs.p50,
    readyP95: timeToReadyMs.p95,
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
