import { dayOf, orderedBy, type StateCounts } from "@prewarm/durable-queue";
import { jobsPerDay, runOfHook } from "@prewarm/shared/hook-days";
import type { JobState, Lane } from "@prewarm/shared/job";
import { oldestWaiting } from "../../console/oldest-waiting.ts";
import { TIERS_MS } from "../../console/tables/history.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { PASS_MS } from "../../images/sweeps.ts";
import { lateSweeps } from "../../images/tables/sweeps.ts";
import { everyLane } from "../../queue-settings.ts";
import type { LedgerNumbers, SpentHook } from "../calls.ts";
import { Paces } from "./pace.ts";
import { endedOf, ofLate, percentiles, slices, sumOf, timesByLane } from "./slices.ts";
import { troublesOf } from "./troubles.ts";
import { laneWaitsFor } from "./waiting.ts";

/** A pass that is due for longer is late. Chosen: 4,000 removals at once are through by then. */
const SWEEP_LATE_MS = 300_000;

/** Everything the overview needs of the ledger: counts, five minutes' rates, an hour's percentiles. No table is counted. */
export function ledgerStats(
  tx: ImageTx,
  apart: Pick<LedgerNumbers, "version" | "metricErrors" | "gate">,
): LedgerNumbers {
  const paces = new Paces(tx);
  const { counts } = paces;
  const minute = tx.now - (tx.now % TIERS_MS.minute);
  const since = { hour: minute - 59 * TIERS_MS.minute, lately: minute - 4 * TIERS_MS.minute };
  const hour = sumOf(slices(tx, "minute", since.hour, minute));
  const fiveMinutes = sumOf(slices(tx, "minute", since.lately, minute));
  const { sum: lately, seconds } = ofLate(tx);
  const perSecond = (n: number) => n / seconds;
  return {
    counts: {
      live: laneCounts(counts, "live"),
      upload: laneCounts(counts, "upload"),
      bulk: laneCounts(counts, "bulk"),
    },
    oldestWaiting: everyLane<number | null>(oldestWaiting(tx), null),
    waitingFor: {
      live: laneWaitsFor(tx, "live", paces),
      upload: laneWaitsFor(tx, "upload", paces),
      bulk: laneWaitsFor(tx, "bulk", paces),
    },
    paces: { all: paces.all(), live: paces.lane("live"), upload: paces.lane("upload"), bulk: paces.lane("bulk") },
    troubles: troublesOf(tx, { lately: fiveMinutes, hour, since }),
    rates: {
      seconds,
      stored: perSecond(lately.stored),
      ended: perSecond(endedOf(lately)),
      failed: perSecond(lately.failed),
      accepted: perSecond(lately.accepted),
      submitted: perSecond(lately.wait.reduce((sum, n) => sum + n, 0)),
    },
    attempts: { failed: fiveMinutes.failed, all: fiveMinutes.stored + fiveMinutes.failed },
    totals: { ...tx.statistics.state.totals },
    wait: percentiles(hour.wait),
    run: percentiles(hour.run),
    lanes: timesByLane(hour),
    rows: rowsOf(counts),
    bytes: tx.sql.bytes,
    lateSweeps: lateSweeps(tx.sql, tx.now - SWEEP_LATE_MS, tx.now + PASS_MS),
    spentHooks: spentHooks(tx),
    ...apart,
  };
}

/** The hooks that have ordered their jobs of today. */
function spentHooks({ site, runs, now }: ImageTx): SpentHook[] {
  const hooks = Object.entries(site.hooks ?? {});
  const days = hooks.map(([name, hook]) => ({ name, most: jobsPerDay(hook), run: runOfHook(name, dayOf(now)) }));
  return days.filter(({ most, run }) => orderedBy(runs.byId(run)) >= most);
}

/** Stored jobs have no rows. */
function rowsOf({ stored, ...others }: StateCounts): number {
  return Object.values(others)
    .flatMap((byName) => Object.values(byName))
    .reduce((sum, n) => sum + n, 0);
}

function laneCounts(counts: StateCounts, lane: Lane): LedgerNumbers["counts"][Lane] {
  const of = (state: JobState) => counts[state][lane] ?? 0;
  return {
    queued: of("queued"),
    processing: of("processing"),
    retrying: of("retrying"),
    stored: of("stored"),
    dead: of("dead"),
    refused: of("refused"),
    cancelled: of("cancelled"),
  };
}
