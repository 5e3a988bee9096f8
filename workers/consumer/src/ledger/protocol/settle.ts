import type { Outcome, Settled } from "../contract.ts";
import {
  CANCEL,
  FIRST,
  isOpen,
  NO_INTENT,
  NOT_GRANTED,
  PROCESSING,
  PURGE,
  QUEUED,
  REFUSED,
  type Row,
  STORED,
} from "../tables/row.ts";
import type { Tx } from "../tables/tx.ts";
import {
  closeBreaker,
  isProbe,
  learnJobMs,
  openBreaker,
  probeUnused,
  recordBad,
  recordGood,
  spend,
  throttle,
} from "./gate.ts";
import {
  applyIntent,
  cancelRow,
  fail,
  newGeneration,
  orderAnew,
  release,
  restingState,
  type Slot,
} from "./transitions.ts";

/** Unclear POSTs of one generation after which it is given up. */
const UNCLEAR_MAX = 6;

/**
 * Takes what became of rows. Who does not own a row under a live lease is told `lost` and does nothing more; `delete` asks the
 * owner to delete the object it has put and to settle `purged`.
 */
export function settle(tx: Tx, owner: string, outcomes: Record<string, Outcome>): Record<string, Settled> {
  const keys = Object.keys(outcomes);
  tx.rows.loadKeys(keys);
  const live = tx.leases.renew(owner, tx.now);
  const answers: Record<string, Settled> = {};
  for (const key of keys) {
    const row = tx.rows.get(key);
    const outcome = outcomes[key];
    if (!live || outcome === undefined || row === null || row.owner !== owner || !sameGeneration(row, outcome))
      answers[key] = "lost";
    else answers[key] = settleRow(tx, row, outcome);
  }
  return answers;
}

/** The rules of docs/protocol.md, first that fits. */
function settleRow(tx: Tx, row: Row, outcome: Outcome): Settled {
  if (row.intent === PURGE && outcome.kind === "stored") return "delete";
  learn(tx, row, outcome);
  // Only the first handler knows that no job was made. A later one does not know what became of the POST before its own.
  if (madeNoJob(outcome) && row.granted === FIRST && row.ittybitJob === null) forgetGrant(tx, row);
  const slot = slotAfter(row, outcome);
  const { intent } = row;
  release(tx, row);
  row.crashes = 0;
  if (applyIntent(tx, row, slot)) return "ok";
  if (outcome.kind === "stored" || outcome.kind === "present") store(tx, row, outcome, slot);
  else if (intent === CANCEL) cancelRow(tx, row, slot);
  else apply(tx, row, outcome);
  return "ok";
}

function sameGeneration(row: Row, outcome: Outcome): boolean {
  return outcome.kind !== "stored" || outcome.gen === row.gen;
}

function madeNoJob(outcome: Outcome): boolean {
  if (outcome.kind === "throttled" || outcome.kind === "account" || outcome.kind === "refused") return true;
  if (outcome.kind === "present" || outcome.kind === "failed") return !outcome.posted;
  return false;
}

/** The slot is free when the generation's job has ended, or never began. */
function slotAfter(row: Row, outcome: Outcome): Slot {
  return row.granted === NOT_GRANTED || jobEnded(row, outcome) ? "free" : "kept";
}

function jobEnded(row: Row, outcome: Outcome): boolean {
  if (outcome.kind === "stored" || outcome.kind === "purged") return true;
  if (outcome.kind === "present") return outcome.objectGen === row.gen;
  return outcome.kind === "failed" && outcome.ended && (outcome.posted || row.ittybitJob !== null);
}

function forgetGrant(tx: Tx, row: Row): void {
  row.granted = NOT_GRANTED;
  row.grantedAt = 0;
  spend(tx.gate, row.lane, tx.now, -1);
}

/** What the gate learns from an outcome, whatever becomes of the row. */
function learn(tx: Tx, row: Row, outcome: Outcome): void {
  const { gate, now } = tx;
  if (outcome.kind === "stored") learnJobMs(gate, outcome.tookMs);
  else if (outcome.kind === "throttled") throttle(gate, outcome.until, now);
  else if (outcome.kind === "account") openBreaker(gate, now, { status: outcome.status, reason: outcome.message });
  else if (outcome.kind === "unclear") recordBad(gate, row.gen, now, outcome.failure.message);
  else if (outcome.kind === "failed" && outcome.posted) recordGood(gate, row.gen, now);
  if (outcome.kind === "throttled") tx.counters.count("throttled");
  // A probe that ends without a stored object tells nothing about the breaker: the next job is the probe.
  if (isProbe(gate.breaker, row.gen) && outcome.kind === "stored") closeBreaker(gate, now);
  else probeUnused(gate, row.gen);
}

function store(tx: Tx, row: Row, outcome: Extract<Outcome, { kind: "stored" | "present" }>, slot: Slot): void {
  const wasOpen = isOpen(row);
  // Another generation's object was found while this one's job may still run: its slot stands in `abandoned` from now on.
  if (slot === "kept") newGeneration(tx, row);
  row.state = STORED;
  row.intent = NO_INTENT;
  row.granted = NOT_GRANTED;
  row.bytes = outcome.bytes;
  row.etag = outcome.etag;
  row.storedAt = tx.now;
  row.error = null;
  if (!wasOpen) return;
  tx.counters.count("stored");
  tx.counters.time("ready", tx.now - row.created);
  tx.runs.stored(row, tx.now - row.created);
  if (outcome.kind === "stored") tx.counters.time("run", outcome.tookMs);
}

function apply(tx: Tx, row: Row, outcome: Exclude<Outcome, { kind: "stored" | "present" }>): void {
  switch (outcome.kind) {
    case "pending":
      row.state = PROCESSING;
      row.due = Math.max(outcome.due, tx.now);
      return;
    case "stopped":
      row.state = restingState(row);
      row.due = tx.now;
      return;
    case "throttled":
      row.state = QUEUED;
      row.due = Math.max(outcome.until, tx.now);
      return;
    case "account":
      row.state = QUEUED;
      // A row without a job is due now: the breaker holds it, and an operator may close the breaker at any time. A look at a job asks no gate.
      row.due = row.ittybitJob === null ? tx.now : Math.max(tx.gate.breaker.until, tx.now);
      return;
    case "gone":
    case "purged":
      tx.runs.leave(row);
      orderAnew(tx, row);
      return;
    case "unclear":
      unclear(tx, row, outcome);
      return;
    case "failed":
      fail(tx, row, outcome.failure, { permanent: outcome.class === "permanent", slot: slotAfter(row, outcome) });
      return;
    case "refused":
      refuse(tx, row, outcome);
      return;
    default:
      outcome satisfies never;
  }
}

/** No answer or a 5xx: perhaps a job was made. The same key is asked again, so that Ittybit says; the sixth time it is given up. */
function unclear(tx: Tx, row: Row, outcome: Extract<Outcome, { kind: "unclear" }>): void {
  row.unclear += 1;
  row.input ??= outcome.input ?? null;
  fail(tx, row, outcome.failure, { permanent: false, slot: "kept", sameGen: row.unclear < UNCLEAR_MAX });
}

function refuse(tx: Tx, row: Row, outcome: Extract<Outcome, { kind: "refused" }>): void {
  newGeneration(tx, row);
  row.state = REFUSED;
  row.deadUntil = outcome.until;
  row.error = JSON.stringify({ code: outcome.code, message: outcome.message });
  tx.counters.count("refused");
}
