import { type Duties, nextOpenAt, runOutbox, type Transactions } from "@prewarm/durable-queue";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { errorText } from "@prewarm/shared/log";
import { parseGate } from "@prewarm/shared/markers";
import { nextSliceAt } from "../console/tables/action-rows.ts";
import { askedForBlocksAt } from "../images/asking-for-blocks.ts";
import type { ImageTx } from "../images/image-tx.ts";
import { blocksFound, holdForBlocks } from "../images/removal.ts";
import { R2_WORK_MS } from "../times.ts";
import { noteEvents } from "./events.ts";
import { gateChanged, isToldClosed } from "./gate-file.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { isLookDue, lookAtTroubles } from "./note-troubles.ts";
import { numbersNow } from "./operator-calls.ts";
import { eventAnswered, eventsDue, GIVE_UP_MS, nextEventAt } from "./tables/events.ts";

const DELIVER_TIMEOUT_MS = 15_000;

/** The ledger's work after each change, beside the queue's and the sweeper's. */
export function followUps(transactions: Transactions<ImageTx>, deps: LedgerDeps): Duties {
  return {
    outbox: () => publishGate(transactions, deps),
    troubles: () => noteTroubles(transactions, deps),
    events: () => runEvents(transactions, deps),
    blocks: () => findBlocks(transactions, deps),
  };
}

/** When the alarm should fire for this work, Unix ms. */
export function ownTimes(tx: ImageTx): (number | null)[] {
  const opens = nextOpenAt(tx.gateNow);
  return [
    nextSliceAt(tx.sql),
    tx.site.events.length === 0 ? null : nextEventAt(tx.sql),
    // No view asks for a closed lane, so only the alarm can publish that it is open again.
    opens !== null && isToldClosed(tx) ? opens : null,
    tx.imageMemory.shed.until > tx.now ? tx.imageMemory.shed.until : null,
  ];
}

/** Looks at the list of troubles, unless it was looked at a moment ago. */
export function noteTroubles(
  transactions: Transactions<ImageTx>,
  { controlUrl }: Pick<LedgerDeps, "controlUrl">,
): void {
  if (transactions.read(isLookDue)) transactions.write((tx) => lookAtTroubles(tx, numbersNow(tx), controlUrl));
}

/** Looks the blocks of removed images up in R2, after a restore. Throws when R2 fails; the next cron tries again. */
async function findBlocks(transactions: Transactions<ImageTx>, deps: LedgerDeps): Promise<void> {
  if (transactions.read(askedForBlocksAt) === null) return;
  const hold = transactions.write(holdForBlocks);
  const blocks = await deps.within(deps.listBlocks(), R2_WORK_MS);
  transactions.write((tx) => blocksFound(tx, blocks, hold));
}

/** Publishes the gate file, also while R2 fails for a while. */
export async function publishGate(transactions: Transactions<ImageTx>, deps: LedgerDeps): Promise<void> {
  transactions.write(gateChanged);
  await runOutbox(transactions, deps, async ({ kind, body }) => {
    const file = kind === "gate" ? parseGate(body) : null;
    if (file !== null) await deps.publishGate(file);
  });
}

/** Sends events, each endpoint on its own, so that a dead endpoint does not delay the others. */
export async function runEvents(
  transactions: Transactions<ImageTx>,
  { config, clock, deliver, within }: LedgerDeps,
): Promise<void> {
  if (config.events.length === 0) return;
  transactions.write(noteEvents);
  const due = transactions.write(({ sql, now }) => eventsDue(sql, now, MAX_CONNECTIONS));
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
