import type { Answer } from "@prewarm/control-schema/calls";
import type { Pace } from "@prewarm/control-schema/pace";
import type { Run as RunView } from "@prewarm/control-schema/runs";
import { admittedRows, memberStates, type Row, type Run, readRuns } from "@prewarm/durable-queue";
import { priceOf } from "@prewarm/shared/cost/job-price";
import type { JobState } from "@prewarm/shared/job";
import { timesOfRun } from "../../console/statistics.ts";
import { quantile } from "../../console/tables/histogram.ts";
import { readCosts } from "../../console/tables/history.ts";
import { readRejections } from "../../console/tables/rejections.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { laneName } from "../../queue-settings.ts";
import type { GivenTo } from "../given-to.ts";
import { Paces } from "./pace.ts";
import { runWaitsFor } from "./waiting.ts";

/** A request without progress for this long is not being accepted any more, whatever happened to its sender. */
const ACCEPTING_MS = 900_000;

/** A run for a view. Its state depends on the time of the view. */
export function runView(tx: ImageTx, run: Run): RunView {
  return { ...shown(tx, run, { paces: new Paces(tx), admitted: admittedRows(tx) }), paid: paidOf(tx, run) };
}

/** Its jobs that the budget has paid for. Of a day with too many runs the last ones are not told apart. */
function paidOf(tx: ImageTx, { n, created, ended, open }: Run): RunView["paid"] {
  const past = readCosts(tx.sql, created, open > 0 ? tx.now : Math.max(created, ended)).values();
  const days = [...Object.values(tx.statistics.state.costs), ...past];
  const jobs = days.reduce((sum, places) => sum + (places[`run ${n}`]?.[0] ?? 0), 0);
  return { jobs, amount: priceOf(jobs, tx.site.budget) };
}

/** Null: the run is not known. */
export function getRun(tx: ImageTx, { run: id }: GivenTo<"GET /api/v1/runs/{run}">): RunView | null {
  const run = tx.runs.byId(id);
  return run === null ? null : runView(tx, run);
}

/** Runs, newest first. A page ends after a bounded walk, even if it is not full. */
export function listRuns(
  tx: ImageTx,
  { limit, cursor, ...wanted }: GivenTo<"GET /api/v1/runs">,
): Answer<"GET /api/v1/runs"> {
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const { runs: found, next } = readRuns(tx.sql, before, limit, wanted);
  const known = { paces: new Paces(tx), admitted: admittedRows(tx) };
  const runs = found.map((run) => shown(tx, run, known));
  return { runs, nextCursor: next === null ? null : String(next) };
}

/** The items of a run's requests that were refused, one request a page at most. */
export function listRejected(
  tx: ImageTx,
  { run: id, cursor = "1-0", limit }: GivenTo<"GET /api/v1/runs/{run}/rejected">,
): Answer<"GET /api/v1/runs/{run}/rejected"> {
  const run = tx.runs.byId(id);
  const [from = 1, shown = 0] = cursor.split("-").map(Number);
  const found = run === null ? null : readRejections(tx.sql, run.n, from);
  if (found === null) return { rejected: [], nextCursor: null };
  const first = found.n === from ? shown : 0;
  const rejected = found.items.slice(first, first + limit);
  const left = found.items.length > first + limit;
  const nextCursor = left ? `${found.n}-${first + limit}` : nextRequest(tx, run?.n ?? 0, found.n + 1);
  return { rejected, nextCursor };
}

function nextRequest({ sql }: ImageTx, run: number, n: number): string | null {
  return readRejections(sql, run, n) === null ? null : `${n}-0`;
}

interface Known {
  paces: Paces;
  /** Rows that are being made. */
  admitted: Row[];
}

function shown(tx: ImageTx, run: Run, { paces, admitted }: Known): RunView {
  const states = memberStates(tx, run, admitted);
  const open = states.queued + states.processing + states.retrying;
  const accepting = run.accepting === 1 && tx.now - run.updated < ACCEPTING_MS;
  const pace = open > 0 ? paces.run(run, states) : donePace(tx, run, states);
  const ended = states.stored + states.dead + states.refused + states.cancelled;
  const state = run.cancelledAt > 0 ? "cancelled" : accepting ? "accepting" : open > 0 ? "running" : "done";
  return {
    run: run.id,
    label: run.label,
    lane: laneName(run.lane),
    state,
    createdAt: run.created,
    updatedAt: run.updated,
    endedAt: accepting || open > 0 ? null : run.ended,
    accepted: run.accepted,
    duplicates: run.duplicates,
    existing: run.existing,
    states,
    rejectedTotal: run.rejected,
    who: run.who,
    first: run.first === 0 ? null : run.first,
    waitingFor: run.cancelledAt > 0 ? null : runWaitsFor(tx, run, states, pace),
    outcome: state === "done" ? outcomeOf(run, states) : null,
    total: open + ended,
    done: ended,
    pace,
    paid: null,
    timeToReady: { p50: quantile(timesOfRun(run), 0.5), p95: quantile(timesOfRun(run), 0.95) },
  };
}

/** What became of a run that is done. A variant that was found in R2 is stored as well. */
function outcomeOf({ existing, rejected }: Run, states: Record<JobState, number>): RunView["outcome"] {
  const failed = states.dead + states.refused + rejected;
  if (failed === 0) return "ok";
  return states.stored + existing === 0 ? "failed" : "with failures";
}

/** Of a run that is done: its pace over its whole life. */
function donePace({ site }: ImageTx, run: Run, { stored, dead, refused }: Record<JobState, number>): Pace {
  const seconds = Math.max(1, (run.ended - run.created) / 1000);
  const perSecond = (stored + dead + refused) / seconds;
  const none = { secondsLeft: 0, doneAt: null, doneBetween: null, why: null, jobsLeft: 0 };
  return { ...none, perSecond, amountLeft: priceOf(0, site.budget) };
}
