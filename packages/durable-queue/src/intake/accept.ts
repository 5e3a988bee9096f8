import type { Accepted } from "../calls.ts";
import { newGeneration, orderAgain, raise } from "../claims/transitions.ts";
import { checkKey, type JobKey } from "../job-key.ts";
import { laneCode, laneRule } from "../tables/lanes.ts";
import { CANCELLING, countedAs, isOpen, type LaneCode, type Row, WAITING } from "../tables/row.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import type { Run } from "../tx/runs.ts";

/** An order: at most 1,000 keys, each once. */
export interface AcceptRequest {
  /** The run is created if it is new. Only a new run reads the label. */
  run: string;
  label: string | null;
  lane: string;
  keys: readonly JobKey[];
  /** Makes stored jobs again too (a new floor for each row). */
  force: boolean;
}

interface Asking {
  run: Run | null;
  lane: LaneCode;
  force: boolean;
  answer: Accepted;
}

/** Writes rows and run. After the answer every key ends stored, dead, refused, cancelled or deleted. */
export function accept(tx: QueueTx, { run: id, label, lane: name, keys, force }: AcceptRequest): Accepted {
  for (const key of keys) checkKey(key);
  const lane = laneCode(tx.lanes, name);
  const named = tx.runs.open(id, lane, label);
  const cancelled = named.cancelledAt > 0;
  if (cancelled && laneRule(tx.lanes, name).background)
    return { accepted: 0, duplicates: 0, existing: 0, closed: true };
  // In other lanes a cancel of the run does not cover later jobs. They are made outside the run.
  const run = cancelled ? null : named;
  const asking: Asking = { run, lane, force, answer: { accepted: 0, duplicates: 0, existing: 0 } };
  tx.rows.loadKeys(keys);
  tx.loadGroups(keys.map(({ group }) => group));
  for (const key of keys) acceptKey(tx, asking, key);
  // A cancel does not give a run with a limit its jobs back.
  named.accepted += asking.answer.accepted;
  named.duplicates += asking.answer.duplicates;
  return asking.answer;
}

function acceptKey(tx: QueueTx, asking: Asking, key: JobKey): void {
  const row = tx.rows.get(key);
  const [lane, run] = [asking.lane, asking.run?.n ?? 0];
  if (row === null) {
    const made = tx.insert(key, lane);
    made.run = run;
    if (asking.force) made.floor = made.gen;
    accepted(tx, asking, made);
  } else if (isOpen(row)) join(tx, asking, row);
  else {
    orderAgain(tx, row, { lane, run });
    if (asking.force) row.floor = row.gen;
    accepted(tx, asking, row);
  }
}

function accepted(tx: QueueTx, { answer }: Asking, row: Row): void {
  answer.accepted += 1;
  tx.onEvent({ kind: "accepted" }, row);
}

/** Adds a subscriber to an open row. The higher lane wins. A cancel that has not reached the row yet is withdrawn. */
function join(tx: QueueTx, asking: Asking, row: Row): void {
  asking.answer.duplicates += 1;
  const before = tx.rows.countedBefore(row);
  if (row.state === CANCELLING) row.state = WAITING;
  row.created = tx.orderedAt(row.created);
  if (asking.force) {
    newGeneration(tx, row);
    row.floor = row.gen;
    row.due = tx.now;
  }
  raise(tx, row, asking.lane);
  const n = asking.run?.n ?? 0;
  // The commit counts a row that this transaction created with its own run.
  if (tx.runs.subscribe(row, n)) tx.runs.move(n, null, before ?? countedAs(row));
}
