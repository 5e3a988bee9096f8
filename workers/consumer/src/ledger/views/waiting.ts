import type { WaitingFor } from "@prewarm/control-schema/jobs";
import type { Pace } from "@prewarm/control-schema/pace";
import {
  breakerOf,
  CANCELLING,
  type Claim,
  closedFor,
  countBefore,
  fetchesAllowed,
  isFull,
  isLocked,
  isOpen,
  isProbe,
  type Line,
  lineOf,
  nextRetryOf,
  type Place,
  probeAt,
  type Row,
  type Run,
  slotsOf,
  slotsTaken,
} from "@prewarm/durable-queue";
import type { JobState, Lane } from "@prewarm/shared/job";
import { number, span } from "@prewarm/shared/words";
import type { ImageTx } from "../../images/image-tx.ts";
import { laneName } from "../../queue-settings.ts";
import { originSentence, whyHeld } from "./held-sentence.ts";
import { otherRuns, Paces } from "./pace.ts";

/*
 * Why a job, a run or a lane waits: the decisions of the hand-out, as a sentence.
 */

/** Rows that are counted before a waiting row. With more of them the sentence says "more than". */
const AHEAD_MAX = 50_000;

/** Why this job is not made now. Null: it has ended. */
export function jobWaitsFor(tx: ImageTx, row: Row): WaitingFor | null {
  if (!isOpen(row)) return null;
  if (row.state === CANCELLING) return told("cancelling", "It is cancelled as soon as its handler says something.");
  const claim = tx.memory.claims.byJob(row.id);
  if (claim?.state === "admitted" && claim.gen === row.gen) return atEngine(tx, claim);
  const lane = laneName(row.lane);
  const closed = closedFor(tx.gateNow, lane);
  if (closed !== null) return told(closed.code, whyHeld(tx.gateNow, lane, closed), closed.until);
  const breaker = breakerOf(tx, row.group);
  if (breaker !== null && probeAt(breaker) >= Math.max(tx.now, row.due ?? 0))
    return told("origin", originSentence(tx.originOf(row.group) ?? "", breaker), probeAt(breaker));
  if (tx.imageOf(row).removed) return told("removed", "Its image is removed; it is cancelled when its turn comes.");
  if (isLocked(tx, row) && tx.lockedUntil(row.group) >= (row.due ?? 0))
    return told("purge", "A purge of its image is under way; it goes on after that.");
  if (row.due !== null && row.due > tx.now) return later(tx, row, row.due);
  if (row.crashes > 0)
    return told("suspect", "It was at work when a handler died, so it runs alone, once a worker's hands are empty.");
  if (claim !== null) return told("next", `A worker looks at it; ${slotsFull(tx, lane) ?? "it goes next."}`, null, 0);
  return inLine(tx, row);
}

/** Why the jobs of a lane wait. Null: no job waits. */
export function laneWaitsFor(tx: ImageTx, lane: Lane, paces: Paces): WaitingFor | null {
  const waiting = paces.waiting(lane);
  if (waiting === 0) return null;
  const closed = closedFor(tx.gateNow, lane);
  if (closed !== null)
    return told(closed.code, `${whyHeld(tx.gateNow, lane, closed)} ${jobs(waiting)}.`, closed.until, waiting);
  const before = paces.queuedBefore(lane);
  const ahead = before === 0 ? "" : `${number(before)} of higher lanes go first; `;
  return told("line", `${ahead}${jobs(waiting)}${words(paces.lane(lane))}.`, null, waiting);
}

/** Why a run is not done. Null: it is done. */
export function runWaitsFor(tx: ImageTx, run: Run, states: Record<JobState, number>, pace: Pace): WaitingFor | null {
  const { queued, retrying, processing } = states;
  if (queued + retrying + processing === 0) return null;
  const lane = laneName(run.lane);
  const closed = closedFor(tx.gateNow, lane);
  if (closed !== null) return told(closed.code, whyHeld(tx.gateNow, lane, closed), closed.until, queued + retrying);
  if (queued + retrying === 0) return told("processing", `Ittybit works on the last ${number(processing)}.`, null, 0);
  if (queued === 0) return retried(tx, run, retrying);
  return told("line", `${jobs(queued + retrying)}${turnsOf(tx, run)}${words(pace)}.`, null, queued + retrying);
}

/** `, first in bulk, in turn with another run`. */
function turnsOf(tx: ImageTx, run: Run): string {
  const { before, inTurn } = otherRuns(tx, run.lane, run.n);
  const lane = laneName(run.lane);
  const runs = (n: number, other: string) => (n === 1 ? `an${other} run` : `${n} ${other} runs`);
  if (run.first > 0)
    return `, first in ${lane}${inTurn.length === 0 ? "" : `, in turn with ${runs(inTurn.length, "other")} that is first`}`;
  const after =
    before.length === 0
      ? ""
      : `, after ${before.length === 1 ? "a run that goes" : `${before.length} runs that go`} first`;
  const turns = inTurn.length === 0 ? "" : `, in turn with ${runs(inTurn.length, "other")} of ${lane}`;
  return after + turns;
}

function atEngine(tx: ImageTx, claim: Claim): WaitingFor {
  const { admittedAt, externalId, gen, notBefore } = claim;
  if (tx.memory.isEnded(gen)) return resultOf(tx, claim);
  if (externalId !== null) return told("processing", `Ittybit works on it, for ${span(tx.now - admittedAt)} so far.`);
  const later = notBefore > tx.now ? `, in ${span(notBefore - tx.now)}` : "";
  return told("submitting", `A worker submits it to Ittybit${later}.`);
}

function resultOf({ gateNow: gate, now }: ImageTx, { gen, lane, unfetchedSince, owner, due }: Claim): WaitingFor {
  if (fetchesAllowed(gate) === 0 && !isProbe(gate, gen)) {
    const held = { code: "breaker", until: probeAt(gate.state.breaker) } as const;
    return told("breaker", `Ittybit has made it. ${whyHeld(gate, laneName(lane), held)}`, held.until);
  }
  if (unfetchedSince === null || owner !== null || due <= now)
    return told("processing", "Ittybit has made it; a worker fetches the result.");
  const missing = `its result could not be fetched for ${span(now - unfetchedSince)}`;
  return told("later", `Ittybit has made it; ${missing}, and is fetched again in ${span(due - now)}.`, due);
}

function later({ now, config }: ImageTx, { attempts }: Row, due: number): WaitingFor {
  const when = `in ${span(due - now)}`;
  if (attempts === 0) return told("later", `It is looked at again ${when}.`, due);
  return told("retry", `Retry ${attempts} of ${config.limits.maxAttempts - 1}, ${when}.`, due);
}

function retried(tx: ImageTx, run: Run, retrying: number): WaitingFor {
  const at = nextRetryOf(tx.sql, { lane: run.lane, run: run.n }, AHEAD_MAX);
  const when = at === null ? "" : `, the first ${at > tx.now ? `in ${span(at - tx.now)}` : "now"}`;
  const what =
    retrying === 1 ? "1 job failed and is tried again" : `${number(retrying)} jobs failed and are tried again`;
  return told("retry", `${what}${when}.`, at, retrying);
}

function inLine(tx: ImageTx, row: Row): WaitingFor {
  const lane = laneName(row.lane);
  const inLane = aheadInLane(tx, row);
  const full = slotsFull(tx, lane);
  const why = full === null ? "" : ` ${capital(full)}`;
  if (inLane > AHEAD_MAX) return told("line", `More than ${number(AHEAD_MAX)} are before it in ${lane}.${why}`);
  const paces = new Paces(tx);
  const ahead = paces.queuedBefore(lane) + inLane;
  if (ahead === 0) return told("line", `It is the next of ${lane}.${why}`, null, 0);
  return told("line", `${number(ahead)} before it${words(paces.after(lane, ahead))}.${why}`, null, ahead);
}

/** Jobs of its lane that go before a job and that no handler holds. Above `AHEAD_MAX` they are not counted further. */
function aheadInLane(tx: ImageTx, row: Row): number {
  const { lane, run } = row;
  const held = tx.rows.loadIds(tx.memory.claims.held().map(({ id }) => id)).filter((one) => one.lane === lane);
  const count = (line: Line, to: Place, most: number): number => {
    const isBefore = (one: Row) => (line.run ?? one.run) === one.run && compare(one, to) < 0;
    const out = held.filter(isBefore).length;
    return Math.max(0, countBefore(tx.sql, line, to, out + most) - out);
  };
  const own = count(lineOf(row), row, AHEAD_MAX + 1);
  const { before, inTurn } = otherRuns(tx, lane, run);
  const due = { due: tx.now, gen: Number.MAX_SAFE_INTEGER };
  const most = (ahead: number) => Math.max(0, AHEAD_MAX + 1 - ahead);
  const first = before.reduce((ahead, n) => ahead + count({ lane, run: n }, due, most(ahead)), own);
  return inTurn.reduce((ahead, n) => ahead + count({ lane, run: n }, due, Math.min(own, most(ahead))), first);
}

/** The order of a line. */
function compare(a: Place, b: Place): number {
  return (a.due ?? 0) - (b.due ?? 0) || a.gen - b.gen;
}

/** The reason when every slot of a lane is taken. Null: a slot is free. */
function slotsFull(tx: ImageTx, lane: Lane): string | null {
  if (!isFull(tx.gateNow, lane, slotsTaken(tx))) return null;
  return `all ${number(slotsOf(tx.gateNow, lane))} slots that ${lane} may fill at Ittybit are taken.`;
}

/** `; at 15/s about 5 min`. A slow rate is per minute, because it is not zero. */
function words({ perSecond, secondsLeft, why }: Pace): string {
  if (secondsLeft === null || perSecond === null) return why === null ? "" : `. ${why.replace(/\.$/, "")}`;
  const [rate, per] = perSecond < 0.1 ? [perSecond * 60, "min"] : [perSecond, "s"];
  return `; at ${rate < 10 ? rate.toFixed(1) : number(Math.round(rate))}/${per} about ${span(secondsLeft * 1000)}`;
}

function told(code: string, text: string, until: number | null = null, ahead: number | null = null): WaitingFor {
  return { code, text, until, ahead };
}

function jobs(n: number): string {
  return n === 1 ? "1 job waits" : `${number(n)} jobs wait`;
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
