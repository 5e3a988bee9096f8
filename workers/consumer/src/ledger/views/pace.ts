import type { Pace } from "@prewarm/control-schema/pace";
import {
  budgetLeft,
  closedFor,
  firstRuns,
  type LaneCode,
  nextRetryOf,
  type Run,
  runsDue,
  type StateCounts,
  stateCounts,
} from "@prewarm/durable-queue";
import { priceOf } from "@prewarm/shared/cost/job-price";
import { type JobState, LANES, type Lane } from "@prewarm/shared/job";
import { counted, momentOf, number } from "@prewarm/shared/words";
import { SILENT_MS, type Speed } from "../../console/work-time.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { laneCode, laneName } from "../../queue-settings.ts";
import { whyHeld } from "./held-sentence.ts";

/*
 * The one answer to "how fast, and when is it done", for a job, a run, a lane and everything. Higher lanes go first, in
 * a lane the runs that were promoted, and then runs take turns. The time left is null, with the reason, while the next
 * decision of the gate is to wait.
 */

/** Rows and runs of a lane that are read for one answer, and runs that are counted. */
const ROWS_MAX = 50_000;
const RUNS_MAX = 100;
const RUNS_COUNTED = 1_000;

type Open = Pick<Record<JobState, number>, "queued" | "processing" | "retrying">;

/** The paces of one transaction. */
export class Paces {
  /** Jobs that end per second now, of all lanes together; null: not known. */
  readonly perSecond: number | null;
  readonly counts: StateCounts;
  readonly #tx: ImageTx;
  readonly #speed: Speed | null;

  constructor(tx: ImageTx) {
    this.#tx = tx;
    this.counts = stateCounts(tx);
    this.#speed = tx.statistics.speed;
    this.perSecond = this.#speed?.perSecond ?? null;
  }

  all(): Pace {
    const open = LANES.map((lane) => this.#open(lane));
    const sum = (state: keyof Open) => open.reduce((all, one) => all + one[state], 0);
    const standing = { queued: sum("queued"), processing: sum("processing"), retrying: sum("retrying") };
    const why = LANES.map((lane) => this.#heldBack(lane, this.#open(lane))).find((reason) => reason !== null) ?? null;
    return this.#pace(standing, openIn(standing), why);
  }

  lane(lane: Lane): Pace {
    const open = this.#open(lane);
    return this.#pace(open, this.#before(lane) + openIn(open), this.#heldBack(lane, open));
  }

  /** `states`: the members of the run by state. */
  run(run: Run, states: Open): Pace {
    const lane = laneName(run.lane);
    const { before, inTurn: others } = otherRuns(this.#tx, run.lane, run.n);
    const inLane = openIn(this.#open(lane));
    const own = openIn(states);
    const openOf = (n: number) => this.#tx.runs.byNumber(n)?.open ?? 0;
    // In turn, another run has had as many jobs made as this one when this one is done, or all of its own.
    const turns = others.slice(0, RUNS_MAX).map((n) => Math.min(own, openOf(n)));
    const inTurn = [...before.slice(0, RUNS_MAX).map(openOf), ...turns].reduce((sum, n) => sum + n, own);
    const isAll = before.length + others.length <= RUNS_MAX;
    const jobs = this.#before(lane) + (isAll ? Math.min(inTurn, Math.max(own, inLane)) : inLane);
    return this.#pace(states, jobs, this.#heldBack(lane, states, run));
  }

  /** Of a job with so many before it. */
  after(lane: Lane, ahead: number): Pace {
    const one = { queued: 1, processing: 0, retrying: 0 };
    const pace = this.#pace(one, ahead, this.#heldBack(lane, one));
    // A job has no pace of its own: it waits for those before it.
    return pace.secondsLeft === null ? pace : { ...pace, perSecond: this.perSecond };
  }

  /** Jobs of a lane that the engine is still to make. */
  waiting(lane: Lane): number {
    const { queued, retrying } = this.#open(lane);
    return queued + retrying;
  }

  /** Jobs that were not tried yet, of the open lanes above. */
  queuedBefore(lane: Lane): number {
    return this.#above(lane).reduce((sum, one) => sum + this.#open(one).queued, 0);
  }

  /** All jobs of the open lanes above. */
  #before(lane: Lane): number {
    return this.#above(lane).reduce((sum, one) => sum + openIn(this.#open(one)), 0);
  }

  /** The open lanes above, which go first. */
  #above(lane: Lane): Lane[] {
    return LANES.slice(0, LANES.indexOf(lane)).filter((one) => closedFor(this.#tx.gateNow, one) === null);
  }

  #open(lane: Lane): Open {
    const { queued, processing, retrying } = this.counts;
    return { queued: queued[lane] ?? 0, processing: processing[lane] ?? 0, retrying: retrying[lane] ?? 0 };
  }

  /** `jobs`: all that end until the scope is done. */
  #pace(open: Open, jobs: number, held: string | null): Pace {
    const own = openIn(open);
    const jobsLeft = open.queued + open.retrying;
    const left = { jobsLeft, amountLeft: priceOf(jobsLeft, this.#tx.site.budget) };
    const known = { ...left, doneAt: null, doneBetween: null };
    if (own === 0) return { ...known, perSecond: 0, secondsLeft: 0, why: null };
    const why = held ?? this.#unknown();
    if (why !== null || this.#speed === null)
      return { ...known, perSecond: held === null ? null : 0, secondsLeft: null, why };
    const { perSecond, slow, fast } = this.#speed;
    const secondsLeft = jobs / perSecond;
    // From the last end on, so that the date stands still while no job ends.
    const { now, statistics } = this.#tx;
    const at = (speed: number) => Math.round(now - statistics.silentMs + (jobs * 1000) / speed);
    return {
      ...left,
      secondsLeft,
      why: null,
      doneAt: at(perSecond),
      doneBetween: { from: at(fast), to: at(slow) },
      perSecond: secondsLeft === 0 ? perSecond : own / secondsLeft,
    };
  }

  #unknown(): string | null {
    if (this.perSecond !== null) return null;
    const { silentMs } = this.#tx.statistics;
    return silentMs < SILENT_MS
      ? "Too few jobs have ended yet."
      : `No job has ended since ${momentOf(this.#tx.now - silentMs)}.`;
  }

  /** Why the next decision of the gate is to wait. Null: jobs of the scope go on. */
  #heldBack(lane: Lane, { queued, processing, retrying }: Open, run?: Run): string | null {
    const waiting = queued + retrying;
    if (waiting === 0) return null;
    const tx = this.#tx;
    const closed = closedFor(tx.gateNow, lane);
    if (closed !== null) return whyHeld(tx.gateNow, lane, closed);
    if (queued + processing === 0) {
      const at =
        run === undefined ? tx.readyAt(laneCode(lane)) : nextRetryOf(tx.sql, { lane: run.lane, run: run.n }, ROWS_MAX);
      if (at !== undefined && at !== null && at > tx.now) return `Only retries are left, the first at ${momentOf(at)}.`;
    }
    const left = budgetLeft(tx.gateNow, lane);
    if (this.#ofBudget(lane, waiting) <= left) return null;
    return `The budget allows ${counted(left, "more job")} of ${number(waiting)} that wait.`;
  }

  /** Waiting jobs that the lane's budget must pay for before a scope of it is done: uploads go before bulk. */
  #ofBudget(lane: Lane, waiting: number): number {
    return lane === "bulk" ? waiting + this.waiting("upload") : waiting;
  }
}

/** The other runs of a lane that have due jobs: those that go before a run, and those that take turns with it. */
export function otherRuns(tx: ImageTx, lane: LaneCode, run: number): { before: number[]; inTurn: number[] } {
  const first = firstRuns(tx.sql, lane);
  const others = runsDue(tx.sql, lane, -1, tx.now, RUNS_COUNTED).filter((n) => n !== run);
  const isFirst = first.includes(run);
  return {
    before: isFirst ? [] : others.filter((n) => first.includes(n)),
    inTurn: others.filter((n) => first.includes(n) === isFirst),
  };
}

function openIn({ queued, processing, retrying }: Open): number {
  return queued + processing + retrying;
}
