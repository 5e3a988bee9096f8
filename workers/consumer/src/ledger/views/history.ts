import type { StateCounts } from "@prewarm/durable-queue";
import type { JobState, Lane } from "@prewarm/shared/job";
import { oldestWaiting } from "../../console/waiting.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { everyLane } from "../../queue-settings.ts";
import type { LedgerNumbers } from "../calls.ts";
import { Paces } from "./pace.ts";
import { beginnings, endedOf, ofLate, percentiles, slices, sumOf, timesByLane } from "./slices.ts";
import { laneWaitsFor } from "./waiting.ts";

/** Everything the overview needs of the ledger: counts, five minutes' rates, an hour's percentiles. No table is counted. */
export function ledgerStats(
  tx: ImageTx,
  apart: Pick<LedgerNumbers, "version" | "metricErrors" | "gate">,
): LedgerNumbers {
  const paces = new Paces(tx);
  const { counts } = paces;
  const since = beginnings(tx.now);
  const hour = sumOf(slices(tx, "minute", since.hour, tx.now));
  const fiveMinutes = sumOf(slices(tx, "minute", since.lately, tx.now));
  const failed = { failed: fiveMinutes.failed, all: fiveMinutes.stored + fiveMinutes.failed };
  const missing = missingResults(tx).length;
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
    rates: {
      stored: perSecond(lately.stored),
      ended: perSecond(endedOf(lately)),
      failed: perSecond(lately.failed),
      accepted: perSecond(lately.accepted),
      submitted: perSecond(lately.wait.reduce((sum, n) => sum + n, 0)),
    },
    attempts: { failed: failed.failed + missing, all: failed.all + missing },
    counted: {
      lately: failed,
      hour: { dead: hour.dead, refused: hour.refused, ended: hour.stored + hour.dead + hour.refused },
    },
    totals: { ...tx.statistics.state.totals },
    wait: percentiles(hour.wait),
    run: percentiles(hour.run),
    lanes: timesByLane(hour),
    rows: rowsOf(counts),
    bytes: tx.sql.bytes,
    ...apart,
  };
}

/** Since when each result is missing that could not be fetched, Unix ms. */
export function missingResults({ memory }: ImageTx): number[] {
  return memory.claims.held().flatMap(({ unfetchedSince }) => unfetchedSince ?? []);
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
