import { HANDS_MAX, LEASE_MS } from "@prewarm/shared/limits";
import type { ExchangeAnswer, ExchangeRequest, Given, Having, Phase } from "../contract.ts";
import type { Entry, Hand } from "../tables/hands.ts";
import { nameOf } from "../tables/job-ids.ts";
import { CANCELLING, LIVE, type Row } from "../tables/row.ts";
import { ask } from "./ask.ts";
import { handOut } from "./hand-out.ts";
import { isLive, leaveBehind, wakeUp } from "./leases.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { noteJob } from "./note-job.ts";
import { paceMs, standbyTarget, stays, workerCame, workOf } from "./pace.ts";
import { settle } from "./settle.ts";
import { floorOf, isStale } from "./transitions.ts";

/**
 * Results that one handler fetches and stores at once. The other half of its jobs are in preparation, so that no slot
 * is idle meanwhile.
 */
const FINISH_MAX = HANDS_MAX / 2;

/** The one call of handlers. The steps are in the order of docs/protocol.md. */
export function exchange(tx: LedgerTx, request: ExchangeRequest): ExchangeAnswer {
  wakeUp(tx);
  for (const job of request.submitted) noteJob(tx, job);
  const hand = lease(tx, request);
  if (hand === null) return { status: "lost" };
  tx.hand = hand;
  // A handler at capacity also reports room 0, but it is not draining.
  hand.draining = request.role === "work" && request.room === 0 && inHand(request) < HANDS_MAX;
  const have = new Map(request.have.map((one) => [one.id, one]));
  for (const { id, gen, phase } of request.have) markReady(hand, id, gen, phase === "ready");
  settle(tx, hand, request.settled);
  const { look, capped } = ask(tx, hand, request.asks);
  const stop = stops(tx, hand, request.have);
  const answer = { status: "ok" as const, ledgerId: tx.ledgerId, hookKey: null, look, capped, stop };
  if (request.leave) {
    leaveBehind(tx, hand, false);
    return { ...answer, look: [], stop: [], give: [], again: 0, more: false, stay: false };
  }
  // A draining worker gets no new jobs; it would only return them.
  const work = workOf(tx);
  const stay = request.role === "live" || stays(tx, hand, work);
  const isBound = handOut(tx, hand, { room: stay ? request.room : 0, standby: standbyTarget(tx) });
  const { give, cut } = tell(tx, hand, have, answer.stop);
  return { ...answer, give, again: paceMs(tx, work), more: cut || isBound, stay };
}

/** Jobs that need a connection of the handler. A job that runs at Ittybit needs none. */
function inHand({ have }: ExchangeRequest): number {
  return have.filter(({ phase }) => phase !== "watch").length;
}

/** Renews the lease of the owner and answers its document. Null: the owner has lost its lease. */
function lease(tx: LedgerTx, { owner, first, leave, role }: ExchangeRequest): Hand | null {
  const { memory, now } = tx;
  let hand = memory.hands.get(owner);
  if (hand === null) {
    if (!first || leave) return null;
    hand = memory.hands.open({ owner, until: 0, over: false, born: memory.born, role, openedAt: now });
    if (role === "work") workerCame(memory);
  } else if (!isLive(hand, now)) return null;
  hand.until = Math.max(hand.until, now + LEASE_MS);
  hand.born = memory.born;
  return hand;
}

/** Notes whether the owner is ready to POST the job. No slot is taken for a job whose owner is not ready. */
function markReady(hand: Hand, id: number, gen: number, isReady: boolean): void {
  const entry = hand.entries.get(id);
  if (entry?.gen === gen) entry.ready = isReady;
}

/**
 * Jobs that the owner must drop: the row has moved on, the row is to be cancelled, or this instance does not know that
 * the owner holds the row.
 */
function stops(tx: LedgerTx, hand: Hand, have: readonly Having[]): { id: number; gen: number }[] {
  const rows = rowsOf(tx, hand);
  const unknown = have.filter(({ id, gen }) => hand.entries.get(id)?.gen !== gen).map(({ id, gen }) => ({ id, gen }));
  const over = [...hand.entries.values()]
    .filter((entry) => isStale(rows.get(entry.id) ?? null, entry) || rows.get(entry.id)?.state === CANCELLING)
    .map(({ id, gen }) => ({ id, gen }));
  return [...unknown, ...over];
}

function rowsOf(tx: LedgerTx, hand: Hand): Map<number, Row> {
  return new Map(tx.rows.loadIds([...hand.entries.keys()]).map((row) => [row.id, row]));
}

/** Jobs whose phase the owner does not know yet. This repeats an answer that was lost. */
function tell(
  tx: LedgerTx,
  hand: Hand,
  have: ReadonlyMap<number, Having>,
  stop: readonly { id: number; gen: number }[],
): { give: Given[]; cut: boolean } {
  const stopped = new Set(stop.map(({ id }) => id));
  const rows = rowsOf(tx, hand);
  let finishing = [...have.values()].filter(({ phase }) => phase === "finish").length;
  let cut = false;
  const give = [...hand.entries.values()].flatMap((entry) => {
    const row = rows.get(entry.id);
    const phase = phaseOf(tx, entry);
    if (row === undefined || stopped.has(entry.id) || knows(have.get(entry.id), entry, phase)) return [];
    if (phase === "finish" && finishing >= FINISH_MAX && row.lane !== LIVE) {
      cut = true;
      return [];
    }
    if (phase === "finish") {
      finishing += 1;
      tx.memory.told.add(entry.gen);
    }
    return [given(tx, row, entry, phase)];
  });
  return { give, cut };
}

function phaseOf({ memory }: LedgerTx, { job, gen, granted }: Entry): Given["phase"] {
  if (job !== null) return memory.isEnded(gen) ? "finish" : "watch";
  return granted ? "go" : "standby";
}

function knows(have: Having | undefined, entry: Entry, phase: Phase): boolean {
  if (have?.gen !== entry.gen) return false;
  if (phase === "go") return have.phase !== "standby" && have.phase !== "ready";
  return phase !== "finish" || have.phase === "finish";
}

function given(tx: LedgerTx, row: Row, entry: Entry, phase: Given["phase"]): Given {
  const { id, key, gen, attempts } = row;
  const live = row.lane === LIVE;
  const { notBefore, grantedAt, first, job, hook, unfetchedSince } = entry;
  const sight = phase === "finish" ? (tx.memory.sights.get(gen) ?? null) : null;
  const names = { name: nameOf(id), run: tx.runs.byNumber(row.run)?.id ?? null };
  const compare = phase === "finish" && gen < tx.memory.meta.restored;
  const grant = { phase, notBefore, grantedAt, first, job, sight, hook, unfetchedSince, compare };
  return { id, ...names, key, gen, floor: floorOf(tx, row), live, attempts, ...grant };
}
