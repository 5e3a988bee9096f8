import { dayOf, orderedBy } from "@prewarm/durable-queue";
import { jobsPerDay, runOfHook } from "@prewarm/shared/hook-days";
import { LANES, type Lane } from "@prewarm/shared/job";
import { closedUntil } from "../../console/waiting.ts";
import { untoldSince } from "../../images/changes.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { lateSweeps } from "../../images/tables/sweeps.ts";
import { laneCode } from "../../queue-settings.ts";
import { PASS_MS } from "../../times.ts";
import type { LedgerNumbers } from "../calls.ts";
import { missingResults } from "../views/history.ts";
import { type Slow, slowness } from "../views/slowness.ts";
import { type Failures, failuresOf } from "./failures.ts";

/** A pass that is due for longer is late. Chosen: 4,000 removals at once are through by then. */
const SWEEP_LATE_MS = 300_000;

/** What the rules judge. Times are Unix ms. */
export interface Facts extends Pick<LedgerNumbers, "gate" | "counts" | "oldestWaiting" | "bytes"> {
  now: number;
  /** Jobs that ended per second, in the minute before and the one under way. */
  endedPerSecond: number;
  /** Whether all that waits of a lane is held back: by the gate, by its originals' hosts, or until a retry is due. */
  held: Record<Lane, boolean>;
  failures: Failures;
  results: Unfetched | null;
  slow: Slow | null;
  /** Until when edges hold misses back; null: they do not. */
  shedUntil: number | null;
  /** Of the oldest change that the edges have not been told; null: they know all. */
  untoldSince: number | null;
  /** Sweeps whose pass is late: how many, and since when the oldest is due. Null: none is. */
  lateSweeps: { n: number; since: number } | null;
  spentHooks: SpentHook[];
}

/** Jobs that are made and whose results could not be fetched. */
interface Unfetched {
  n: number;
  since: number;
  /** The last answer of the results' host. Null: this instance has heard none. */
  message: string | null;
  /** The breaker is open because no result can be fetched. */
  isBreaker: boolean;
}

/** A hook that has ordered the jobs that it may order on a day: how many, and the run of the day. */
export interface SpentHook {
  name: string;
  most: number;
  run: string;
}

export function factsOf(tx: ImageTx, numbers: LedgerNumbers): Facts {
  const { gate, counts, oldestWaiting, bytes, rates } = numbers;
  const { shed } = tx.imageMemory;
  const isHeld = (lane: Lane) =>
    oldestWaiting[lane] !== null && (closedUntil(tx, lane) !== null || areRetriesOnly(tx, lane, counts[lane]));
  return {
    now: tx.now,
    gate,
    counts,
    oldestWaiting,
    bytes,
    endedPerSecond: rates.ended,
    held: { live: isHeld("live"), upload: isHeld("upload"), bulk: isHeld("bulk") },
    failures: failuresOf(tx, numbers.counted),
    results: resultsOf(tx),
    slow: slowness(tx),
    shedUntil: shed.until > tx.now ? shed.until : null,
    untoldSince: untoldSince(tx),
    lateSweeps: lateSweeps(tx.sql, tx.now - SWEEP_LATE_MS, tx.now + PASS_MS),
    spentHooks: spentHooks(tx),
  };
}

function areRetriesOnly(tx: ImageTx, lane: Lane, { queued, processing }: Facts["counts"][Lane]): boolean {
  return queued + processing === 0 && (tx.readyAt(laneCode(lane)) ?? tx.now) > tx.now;
}

/** Claims remember it, so an eviction forgets the message only. */
function resultsOf(tx: ImageTx): Unfetched | null {
  const { state, memory: known } = tx.gateNow;
  const since = missingResults(tx);
  const { breaker } = state;
  const isBreaker = breaker.state === "open" && breaker.results === true;
  if (since.length === 0 && !isBreaker) return null;
  const first = Math.min(...since, ...(isBreaker ? [breaker.since] : []));
  const last = [...known.unfetched.values()].at(-1)?.message ?? null;
  return { n: since.length, since: first, message: last ?? (isBreaker ? breaker.reason : null), isBreaker };
}

/** The hooks that have ordered their jobs of today. */
function spentHooks({ site, runs, now }: ImageTx): SpentHook[] {
  const hooks = Object.entries(site.hooks ?? {});
  const days = hooks.map(([name, hook]) => ({ name, most: jobsPerDay(hook), run: runOfHook(name, dayOf(now)) }));
  return days.filter(({ most, run }) => orderedBy(runs.byId(run)) >= most);
}

/** The lanes that have jobs which wait. */
export function waitingLanes({ counts }: Facts): Lane[] {
  return LANES.filter((lane) => counts[lane].queued + counts[lane].retrying > 0);
}
