import { parseGate } from "@prewarm/shared/markers";
import { errorText } from "../../platform/log.ts";
import { actionSlice } from "../protocol/actions.ts";
import { cancelSlices } from "../protocol/cancel-run.ts";
import { noteEvents } from "../protocol/events.ts";
import { gateChanged } from "../protocol/gate-file.ts";
import { sweep } from "../protocol/leases.ts";
import { type RenewalTask, renewalsDue, renewed } from "../protocol/new-original.ts";
import { pruneSlice, readRound, writeRound } from "../protocol/prune.ts";
import { type PurgeTask, purgeContinue, purgeDue, purgeEnd } from "../protocol/purge.ts";
import { eventAnswered, eventsDue, GIVE_UP_MS } from "../tables/events.ts";
import { outboxDone, outboxDue } from "../tables/outbox.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import type { Transactions } from "./transactions.ts";
import { wake } from "./wake.ts";

const PURGE_TIMEOUT_MS = 100_000;
const LIST_TIMEOUT_MS = 60_000;
const PUBLISH_TIMEOUT_MS = 10_000;
const DELIVER_TIMEOUT_MS = 15_000;
/** Concurrent calls: the connections of one invocation. */
const EVENTS_AT_ONCE = 6;
const SLICES_MAX = 20;
/** Looks of purges per alarm. */
const PURGES_MAX = 10;

type Duties = Record<string, () => Promise<void> | void>;

/** The work of the alarm, and of the cron, which may run at the same time. Never throws. */
export function runDuties(transactions: Transactions, deps: LedgerDeps): Promise<void> {
  return runEach(deps, {
    sweep: () => transactions.write(sweep),
    cancels: () => runSlices(() => transactions.write(cancelSlices)),
    actions: () => runSlices(() => transactions.write(actionSlice)),
    // Workers are woken after the steps that order work, or that work would wait for the next alarm; and before the
    // steps that call other services, which may hang.
    ...followUps(transactions, deps),
    purges: () => runPurges(transactions, deps),
  });
}

/** The immediate follow-up of a change. Never throws. */
export function runFollowUps(transactions: Transactions, deps: LedgerDeps): Promise<void> {
  return runEach(deps, followUps(transactions, deps));
}

function followUps(transactions: Transactions, deps: LedgerDeps): Duties {
  return {
    wake: () => wake(transactions, deps),
    outbox: () => runOutbox(transactions, deps),
    events: () => runEvents(transactions, deps),
    renewals: () => runRenewals(transactions, deps),
  };
}

/** Runs each duty in its own try, so that a failed duty does not stop the others. */
async function runEach({ log }: LedgerDeps, duties: Duties): Promise<void> {
  for (const [duty, run] of Object.entries(duties)) {
    try {
      await run();
    } catch (error) {
      log("ledger.duty_failed", { duty, error: errorText(error) });
    }
  }
}

/**
 * Takes each look just before it is made. The alarm and the cron may run at the same time, and the lock of a waiting
 * look could end first.
 */
async function runPurges(transactions: Transactions, deps: LedgerDeps): Promise<void> {
  for (let done = 0; done < PURGES_MAX; done += 1) {
    const task = transactions.write(purgeDue);
    if (task === null) return;
    await runPurge(transactions, deps, task);
  }
}

/** Makes one look of a purge, to its end. Throws when R2 fails or is slow; the alarm then repeats the look. */
export async function runPurge(transactions: Transactions, deps: LedgerDeps, task: PurgeTask): Promise<void> {
  await deps.within(
    deps.purge(task, () => transactions.write((tx) => purgeContinue(tx, task.purge))),
    PURGE_TIMEOUT_MS,
  );
  transactions.write((tx) => purgeEnd(tx, task));
}

async function runRenewals(transactions: Transactions, deps: LedgerDeps): Promise<void> {
  for (const task of transactions.write(renewalsDue)) await runRenewal(transactions, deps, task);
}

async function runRenewal(transactions: Transactions, deps: LedgerDeps, task: RenewalTask): Promise<void> {
  const stored = await deps.within(deps.storedOf(task), LIST_TIMEOUT_MS);
  transactions.write((tx) => renewed(tx, task, stored));
}

/** Publishes the gate file, also while R2 fails for a while. */
export async function runOutbox(transactions: Transactions, deps: LedgerDeps): Promise<void> {
  transactions.write((tx) => gateChanged(tx, tx.gateNow));
  for (const { kind, body } of transactions.write(outboxDue)) {
    const file = kind === "gate" ? parseGate(body) : null;
    if (file !== null) await deps.within(deps.publishGate(file), PUBLISH_TIMEOUT_MS);
    transactions.write((tx) => outboxDone(tx, kind, body));
  }
}

/** Sends events, each endpoint on its own, so that a dead endpoint does not delay the others. */
export async function runEvents(
  transactions: Transactions,
  { config, clock, deliver, within }: LedgerDeps,
): Promise<void> {
  if (config.events.length === 0) return;
  transactions.write(noteEvents);
  const due = transactions.write(({ sql, now }) => eventsDue(sql, now, EVENTS_AT_ONCE));
  await Promise.all(
    due.map(async ({ n, id, endpoint, at, body }) => {
      const answer = await within(deliver({ id, endpoint, at: clock.now(), body }), DELIVER_TIMEOUT_MS).catch(
        (error: unknown) => ({ status: 0, said: errorText(error) }),
      );
      const isTaken = answer.status >= 200 && answer.status < 300;
      // 410: the receiver wants no more of the event.
      const isOver = isTaken || answer.status === 410 || clock.now() - at > GIVE_UP_MS;
      transactions.write(({ sql }) => eventAnswered(sql, n, answer, isOver));
    }),
  );
}

/**
 * Forgets old rows, in slices of a round. The tables keep how far the round has come, because an idle ledger is a new
 * instance each time.
 */
export function prune(transactions: Transactions, { clock }: LedgerDeps): void {
  const round = transactions.read(readRound);
  if (clock.now() < round.next) return;
  runSlices(() => transactions.write((tx) => pruneSlice(tx, round)));
  transactions.write((tx) => writeRound(tx, round));
}

/** Runs as many slices as one alarm has time for. The rest waits for the next alarm. */
function runSlices(slice: () => boolean): void {
  for (let done = 0; done < SLICES_MAX && slice(); done += 1);
}
