import type { Lane } from "@prewarm/shared/job";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { Accepted } from "../contract.ts";
import { BULK, CANCELLING, countedAs, isOpen, type LaneCode, laneCode, type Row, WAITING } from "../tables/row.ts";
import type { Run } from "../tables/runs.ts";
import type { LedgerTx } from "./ledger-tx.ts";
import { newGeneration, orderAnew, raise } from "./transitions.ts";

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
  force: boolean;
  answer: Accepted;
  /** Rows that nobody has touched. */
  fresh: number[];
}

/** Writes rows and run: once this is answered, every key ends stored, dead, refused, cancelled or purged. */
export function accept(tx: LedgerTx, { run: id, label, lane: name, keys, force }: AcceptRequest): Accepted {
  const lane = laneCode(name);
  const named = tx.runs.open(id, lane, label);
  const cancelled = named.cancelledAt > 0;
  if (cancelled && lane === BULK) return { accepted: 0, duplicates: 0, existing: 0, closed: true };
  // An upload is no part of what the operator cancelled: it is made all the same, outside the run.
  const run = cancelled ? null : named;
  const asking: Asking = { run, lane, force, answer: { accepted: 0, duplicates: 0, existing: 0 }, fresh: [] };
  tx.rows.loadKeys(keys);
  tx.images.load(keys.map(encodedIdOfKey));
  for (const key of keys) acceptKey(tx, asking, key);
  const place = { lane, run: run?.n ?? 0, n: tx.next() };
  if (asking.fresh.length > 0) tx.memory.fresh.put(tx.sql, place, asking.fresh);
  tx.count("accepted", asking.answer.accepted);
  if (run !== null) {
    run.accepted += asking.answer.accepted;
    run.duplicates += asking.answer.duplicates;
  }
  return asking.answer;
}

function acceptKey(tx: LedgerTx, asking: Asking, key: string): void {
  const row = tx.rows.get(key);
  if (row === null) {
    const made = tx.insert(key, asking.lane);
    made.run = asking.run?.n ?? 0;
    if (asking.force) made.floor = made.gen;
    asking.fresh.push(made.id);
    asking.answer.accepted += 1;
  } else if (isOpen(row)) join(tx, asking, row);
  else takeOver(tx, asking, row);
}

/** An ended row is ordered anew and is this run's from now on. */
function takeOver(tx: LedgerTx, asking: Asking, row: Row): void {
  tx.runs.leave(row);
  orderAnew(tx, row);
  if (asking.force) row.floor = row.gen;
  row.lane = asking.lane;
  row.run = asking.run?.n ?? 0;
  asking.answer.accepted += 1;
}

/** One job, one more asker: the higher lane wins, and a cancel that has not come to it yet is called off. */
function join(tx: LedgerTx, asking: Asking, row: Row): void {
  asking.answer.duplicates += 1;
  const before = tx.rows.countedBefore(row);
  if (row.state === CANCELLING) row.state = WAITING;
  row.created = tx.afterCancels(row.created);
  if (asking.force) {
    newGeneration(tx, row);
    row.floor = row.gen;
    row.due = tx.now;
  }
  raise(tx, row, asking.lane);
  const n = asking.run?.n ?? 0;
  // A row that was born in this transaction is counted with its own run at the commit.
  if (tx.runs.join(row, n)) tx.shift(n, null, before ?? countedAs(row));
}
