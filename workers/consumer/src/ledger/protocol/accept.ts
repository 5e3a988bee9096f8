import type { Lane } from "@prewarm/shared/job";
import type { Accepted } from "../contract.ts";
import {
  BULK,
  CANCEL,
  CANCELLED,
  DEAD,
  isOpen,
  type LaneCode,
  laneCode,
  NO_INTENT,
  PURGE,
  REFUSED,
  type Row,
  STORED,
} from "../tables/row.ts";
import type { Run } from "../tables/runs.ts";
import type { Tx } from "../tables/tx.ts";
import { orderAnew } from "./transitions.ts";

/** What somebody asked for: ≤ 1,000 keys, each once. */
export interface AcceptRequest {
  /** Made if it is new; the label is only read then. */
  run: string;
  label: string | null;
  lane: Lane;
  keys: string[];
  /** Makes anew even what is stored (a new floor for each row). */
  force: boolean;
}

interface Asking {
  run: Run | null;
  lane: LaneCode;
  /** The floor a force gives each of its rows; 0 without force. */
  floor: number;
  answer: Accepted;
}

/** Writes rows and run: once this is answered, every key ends stored, dead, refused, cancelled or purged. */
export function accept(tx: Tx, { run: id, label, lane: name, keys, force }: AcceptRequest): Accepted {
  const lane = laneCode(name);
  const named = tx.runs.open(id, lane, label);
  const cancelled = named.cancelledAt > 0;
  if (cancelled && lane === BULK) return { accepted: 0, duplicates: 0, existing: 0, closed: true };
  // An upload is no part of what the operator cancelled: it is made all the same, outside the run.
  const run = cancelled ? null : named;
  const answer: Accepted = { accepted: 0, duplicates: 0, existing: 0 };
  const asking: Asking = { run, lane, floor: force ? tx.next() : 0, answer };
  tx.rows.loadKeys(keys);
  for (const key of keys) acceptKey(tx, asking, key);
  tx.counters.count("accepted", answer.accepted);
  if (run !== null) {
    run.accepted += answer.accepted;
    run.duplicates += answer.duplicates;
    run.existing += answer.existing;
  }
  return answer;
}

function acceptKey(tx: Tx, asking: Asking, key: string): void {
  const row = tx.rows.get(key);
  if (row === null) {
    const made = tx.insert(key, asking.lane);
    made.floor = asking.floor;
    give(asking, made);
    asking.answer.accepted += 1;
    return;
  }
  if (row.intent === PURGE) {
    // Ordered after the purge: it must outlive it.
    row.again = 1;
    joinOpen(tx, asking, row);
  } else if (row.state === DEAD || row.state === CANCELLED || row.state === REFUSED) {
    takeOver(tx, asking, row);
  } else if (isOpen(row) && tx.rows.stateBefore(row) === STORED) {
    // The new original of this very request has just ordered it.
    row.floor = Math.max(row.floor, asking.floor);
    give(asking, row);
    asking.answer.accepted += 1;
  } else if (asking.floor > 0) {
    force(tx, asking, row);
  } else if (row.state === STORED && row.again === 0) {
    asking.answer.existing += 1;
  } else {
    joinOpen(tx, asking, row);
  }
}

/** Made anew with a floor of its own, so that the object it has now counts no more. */
function force(tx: Tx, asking: Asking, row: Row): void {
  row.floor = asking.floor;
  if (row.owner !== null) {
    row.again = 1;
    joinOpen(tx, asking, row);
  } else if (row.state === STORED) {
    takeOver(tx, asking, row);
  } else {
    orderAnew(tx, row);
    joinOpen(tx, asking, row);
  }
}

/** An ended row is ordered anew and is this run's from now on. */
function takeOver(tx: Tx, asking: Asking, row: Row): void {
  tx.runs.leave(row);
  orderAnew(tx, row);
  row.floor = Math.max(row.floor, asking.floor);
  row.lane = asking.lane;
  give(asking, row);
  asking.answer.accepted += 1;
}

/** One job, one more asker: the higher lane wins, and a cancel that has not happened yet is called off. */
function joinOpen(tx: Tx, asking: Asking, row: Row): void {
  asking.answer.duplicates += 1;
  if (row.intent === CANCEL) row.intent = NO_INTENT;
  if (isOpen(row) && asking.lane < row.lane) row.lane = asking.lane;
  const n = asking.run?.n ?? 0;
  if (tx.runs.join(row, n) && n !== 0) {
    tx.runs.shift(n, null, tx.rows.stateBefore(row));
    spanRun(asking.run, row.seq);
  }
}

function give(asking: Asking, row: Row): void {
  row.run = asking.run?.n ?? 0;
  spanRun(asking.run, row.seq);
}

/** Rows of a run lie between these numbers: cancelling and listing walk the clustered table, no index needed. */
function spanRun(run: Run | null, seq: number): void {
  if (run === null) return;
  run.firstSeq = run.firstSeq === 0 ? seq : Math.min(run.firstSeq, seq);
  run.lastSeq = Math.max(run.lastSeq, seq);
}
