import { parseGate } from "@prewarm/shared/markers";
import { errorText } from "../../platform/log.ts";
import { actionSlice } from "../protocol/actions.ts";
import { cancelSlices } from "../protocol/cancel-run.ts";
import { noteEvents } from "../protocol/events.ts";
import { gateChanged } from "../protocol/gate-file.ts";
import { expireLeases } from "../protocol/leases.ts";
import { pruneSlice, readRound, writeRound } from "../protocol/prune.ts";
import { passDone, passGoesOn, takePass } from "../protocol/sweeps.ts";
import { eventAnswered, eventsDue, GIVE_UP_MS } from "../tables/events.ts";
import { outboxDone, outboxDue } from "../tables/outbox.ts";
import { dueSweeps } from "../tables/sweeps.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import type { Transactions } from "./transactions.ts";
import { wake } from "./wake.ts";

const PASS_TIMEOUT_MS = 100_000;
const PUBLISH_TIMEOUT_MS = 10_000;
const DELIVER_TIMEOUT_MS = 15_000;
/** Concurrent calls: the connections of one invocation. */
const EVENTS_AT_ONCE = 6;
const SLICES_MAX = 20;
/** Passes of sweeps that one alarm makes. */
const PASSES_MAX = 10;

type Duties = Record<string, () => Promise<void> | void>;

/** The work of the alarm, and of the cron, which may run at the same time. Never throws. */
export function runDuties(transactions: Transactions, deps: LedgerDeps): Promise<void> {
  return runEach(deps, {
    leases: () => transactions.write(expireLeases),
    cancels: () => runSlices(() => transactions.write(cancelSlices)),
    actions: () => runSlices(() => transactions.write(actionSlice)),
    // Workers are woken after the steps that order work, or that work would wait for the next alarm; and before the
    // steps that call other services, which may hang.
    ...followUps(transactions, deps),
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
    sweeps: () => runSweeps(transactions, deps),
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
 * Makes the passes that are due. Each is taken just before it is made: the alarm and the cron may run at the same time,
 * and the lock of a waiting pass could end first. Throws when R2 fails or is slow; that pass is due again later.
 */
async function runSweeps(transactions: Transactions, deps: LedgerDeps): Promise<void> {
  for (const seq of transactions.read(({ sql, now }) => dueSweeps(sql, now, PASSES_MAX))) {
    const pass = transactions.write((tx) => takePass(tx, seq));
    if (pass === null) continue;
    const goOn = () => transactions.write((tx) => passGoesOn(tx, pass));
    const found = await deps.within(deps.sweep(pass, goOn), PASS_TIMEOUT_MS);
    transactions.write((tx) => passDone(tx, pass, found));
  }
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
