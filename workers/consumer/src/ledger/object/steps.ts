import { actionSlice } from "../protocol/actions.ts";
import { openAtIttybit } from "../protocol/at-ittybit.ts";
import { cancelSlices } from "../protocol/cancel-run.ts";
import { collected } from "../protocol/collected.ts";
import { noteEvents } from "../protocol/events.ts";
import { gateChanged } from "../protocol/gate-file.ts";
import { endLeases, wakeUp } from "../protocol/leases.ts";
import { type RenewalTask, renewalsDue, renewed } from "../protocol/new-original.ts";
import { nextAlarm } from "../protocol/next-alarm.ts";
import { unsend, wakesDue } from "../protocol/pace.ts";
import { pruneSlice, readRound, writeRound } from "../protocol/prune.ts";
import { type PurgeTask, purgeContinue, purgeDue, purgeEnd } from "../protocol/purge.ts";
import type { Collected, OpenJob } from "../protocol/sightings.ts";
import { isOver } from "../tables/abandoned.ts";
import { type EventRow, eventAnswered, eventsDue } from "../tables/events.ts";
import { type Due, outboxDone, outboxDue } from "../tables/outbox.ts";

import type { Transactions } from "./transactions.ts";

/** What the object does of itself, on its alarm or after a change: each is one transaction. */
export class Steps {
  readonly #transactions: Transactions;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  /** Takes back what was held under leases that are over, and slots whose time is over. */
  sweep(): void {
    this.#transactions.write((tx) => {
      wakeUp(tx);
      endLeases(tx);
      const over = tx.memory.abandoned.list().filter((one) => isOver(one, tx.now));
      tx.memory.abandoned.delete(
        tx.sql,
        over.map(({ gen }) => gen),
      );
    });
  }

  /** How many workers to wake; they count as under way until `unsend` says otherwise. */
  wakesDue(): number {
    return this.#transactions.read(wakesDue);
  }

  unsend(n: number): void {
    unsend(this.#transactions.memory, n);
  }

  openAtIttybit(): OpenJob[] {
    return this.#transactions.read(openAtIttybit);
  }

  /** How many jobs were seen to end. */
  collected(found: Collected): number {
    return this.#transactions.write((tx) => collected(tx, found));
  }

  /** When something becomes due by itself, Unix ms; null: never. */
  nextAlarm(): number | null {
    return this.#transactions.read(nextAlarm);
  }

  purgeDue(): PurgeTask | null {
    return this.#transactions.write(purgeDue);
  }

  purgeContinue(purge: number): boolean {
    return this.#transactions.write((tx) => purgeContinue(tx, purge));
  }

  purgeEnd(task: PurgeTask): void {
    this.#transactions.write((tx) => purgeEnd(tx, task));
  }

  renewalsDue(): RenewalTask[] {
    return this.#transactions.write(renewalsDue);
  }

  renewed(task: RenewalTask, objects: readonly { key: string; gen: number }[]): void {
    this.#transactions.write((tx) => renewed(tx, task, objects));
  }

  /** Puts the gate file into the outbox when what the edge should know has changed. */
  gateChanged(): void {
    this.#transactions.write((tx) => gateChanged(tx, tx.gateNow));
  }

  outboxDue(): Due[] {
    return this.#transactions.write(outboxDue);
  }

  /** Looks for what is news to others. */
  noteEvents(): void {
    this.#transactions.write(noteEvents);
  }

  eventsDue(limit: number): EventRow[] {
    return this.#transactions.write(({ sql, now }) => eventsDue(sql, now, limit));
  }

  eventAnswered(n: number, answer: { status: number; said: string }, isOver: boolean): void {
    this.#transactions.write(({ sql }) => eventAnswered(sql, n, answer, isOver));
  }

  outboxDone(kind: string, body: string): void {
    this.#transactions.write((tx) => outboxDone(tx, kind, body));
  }

  /** One slice of the cancelling that is due; true while there is more. */
  cancelSlice(): boolean {
    return this.#transactions.write(cancelSlices);
  }

  /** One slice of the operator's action that has waited longest; false when none is due. */
  actionSlice(): boolean {
    return this.#transactions.write(actionSlice);
  }

  /** Deletes old rows: at most so many slices of the round that is due. */
  prune(now: number, slices: number): void {
    const round = this.#transactions.read(readRound);
    if (now < round.next) return;
    for (let done = 0; done < slices && this.#transactions.write((tx) => pruneSlice(tx, round)); done += 1);
    this.#transactions.write((tx) => writeRound(tx, round));
  }
}
