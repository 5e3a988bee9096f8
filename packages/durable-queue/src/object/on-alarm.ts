import { expireLeases } from "../claims/leases.ts";
import { wakesDue } from "../claims/pace.ts";
import { errorText } from "../log.ts";
import { pruneSlice, type Rules, readRound, writeRound } from "../operate/prune.ts";
import { cancelSlices } from "../operate/retry-and-cancel.ts";
import { type Due, outboxDone, outboxDue } from "../tables/outbox.ts";
import { PLATFORM_MS } from "../times.ts";
import type { QueueDeps } from "./queue-deps.ts";
import type { Transactions } from "./transactions.ts";

/** Slices of a cancel, each of up to 2,000 rows. The next alarm comes at once, and calls come in between. */
const SLICES_MAX = 3;
/** Slices of pruning, which only read most of their rows. */
const PRUNE_SLICES_MAX = 20;

/** Work by name. A duty that fails does not stop the others. */
export type Duties = Record<string, () => Promise<void> | void>;

/**
 * The work of the alarm, and of the cron, which may run at the same time. `followUps`: the work of the queue's user after
 * each change. Never throws.
 */
export function runDuties(transactions: Transactions, deps: QueueDeps, followUps: Duties): Promise<void> {
  return runEach(deps, {
    leases: () => transactions.write(expireLeases),
    cancels: () => runSlices(() => transactions.write(cancelSlices), SLICES_MAX),
    // Workers are woken after the steps that free work, or that work would wait for the next alarm; and before the steps
    // that call other services, which may hang.
    wake: () => wake(transactions, deps),
    ...followUps,
  });
}

/** The immediate follow-up of a change. Never throws. */
export function runFollowUps(transactions: Transactions, deps: QueueDeps, followUps: Duties): Promise<void> {
  return runEach(deps, { wake: () => wake(transactions, deps), ...followUps });
}

/** Runs each duty in its own try. */
async function runEach({ log }: QueueDeps, duties: Duties): Promise<void> {
  for (const [duty, run] of Object.entries(duties)) {
    try {
      await run();
    } catch (error) {
      log("queue.duty_failed", { duty, error: errorText(error) });
    }
  }
}

/** Makes the due writes of the outbox. A write that fails is due again later. */
export async function runOutbox(
  transactions: Transactions,
  { within }: QueueDeps,
  publish: (due: Due) => Promise<void>,
): Promise<void> {
  for (const due of transactions.write(outboxDue)) {
    await within(publish(due), PLATFORM_MS);
    transactions.write((tx) => outboxDone(tx, due.kind, due.body));
  }
}

/**
 * Forgets old rows, in slices of a round. The tables keep how far the round has come, because an idle queue is a new
 * instance each time.
 */
export function prune(transactions: Transactions, { clock }: QueueDeps, rules: Rules): void {
  const round = transactions.read(readRound);
  if (clock.now() < round.next) return;
  runSlices(() => transactions.write((tx) => pruneSlice(tx, round, rules)), PRUNE_SLICES_MAX);
  transactions.write((tx) => writeRound(tx, round));
}

/** Runs at most so many slices. The rest waits for the next alarm. */
function runSlices(slice: () => boolean, most: number): void {
  for (let done = 0; done < most && slice(); done += 1);
}

/**
 * Wakes the workers that the work needs. Never throws: the next call or alarm sends messages that could not be sent.
 */
export async function wake(transactions: Transactions, deps: QueueDeps): Promise<void> {
  let n = 0;
  try {
    n = transactions.read(wakesDue);
    if (n > 0) await deps.within(deps.send(n), PLATFORM_MS);
  } catch (error) {
    // A message that arrives after all costs one call without work.
    transactions.memory.wakes.splice(-n, n);
    deps.log("queue.send_failed", { wakeUps: n, error: errorText(error) });
  }
}
