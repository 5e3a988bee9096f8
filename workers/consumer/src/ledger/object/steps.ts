import type { IttybitJob } from "../../ittybit/dialects.ts";
import type { AwaitedJob } from "../../ittybit/observe-jobs.ts";
import { actionSlice, nextActionAt } from "../protocol/actions.ts";
import { cancelSlices } from "../protocol/cancel-run.ts";
import { dispatch, type Outgoing, unsend } from "../protocol/dispatch.ts";
import { gateChanged } from "../protocol/gate-file.ts";
import { type GateMemory, gateOf } from "../protocol/gate-memory.ts";
import { observeEnded, openAtIttybit, openJobsAtIttybit } from "../protocol/ittybit-jobs.ts";
import { nextAlarm } from "../protocol/next-alarm.ts";
import { pruneSlice, rollUp } from "../protocol/prune.ts";
import { type PurgeTask, purgeContinue, purgeEnd, purgesDue } from "../protocol/purge.ts";
import type { SeenJobs } from "../protocol/seen-jobs.ts";
import type { SendWindow } from "../protocol/send-window.ts";
import { sweep } from "../protocol/sweep.ts";
import { type Due, outboxDone, outboxDue } from "../tables/outbox.ts";
import type { Transactions } from "./transactions.ts";

const PURGES_AT_ONCE = 10;

/** What the object does of itself, on its alarm or after a change: each is one transaction. */
export class Steps {
  readonly #transactions: Transactions;
  readonly #window: SendWindow;
  readonly #seen: SeenJobs;
  readonly #gate: GateMemory;
  #turn = 0;

  constructor(transactions: Transactions, memory: { window: SendWindow; seen: SeenJobs; gate: GateMemory }) {
    this.#transactions = transactions;
    this.#window = memory.window;
    this.#seen = memory.seen;
    this.#gate = memory.gate;
  }

  sweep(): void {
    this.#transactions.write(sweep);
  }

  /** The wake-ups that are due; they count as sent until `unsend` says otherwise. */
  dispatch(): Outgoing[] {
    this.#turn += 1;
    return this.#transactions.write((tx) => dispatch(tx, this.#window, this.#turn));
  }

  unsend(keys: string[]): void {
    this.#transactions.write((tx) => unsend(tx, this.#window, keys));
  }

  /** When something becomes due by itself, Unix ms. */
  nextAlarm(): number {
    return this.#transactions.read((tx) => Math.min(nextAlarm(tx), nextActionAt(tx) ?? Number.POSITIVE_INFINITY));
  }

  openAtIttybit(): { count: number; waited: boolean } {
    return this.#transactions.read(openAtIttybit);
  }

  openJobsAtIttybit(limit = 1000): AwaitedJob[] {
    return this.#transactions.read((tx) => openJobsAtIttybit(tx, limit));
  }

  /** How many rows became due. `seen`: how the jobs ended, kept in memory for the handlers that will resume them. */
  observeEnded(jobs: string[], seen: readonly IttybitJob[] = []): number {
    this.#seen.keep(seen);
    return this.#transactions.write((tx) => observeEnded(tx, jobs));
  }

  purgesDue(): PurgeTask[] {
    return this.#transactions.write((tx) => purgesDue(tx, PURGES_AT_ONCE));
  }

  purgeContinue(purge: number): boolean {
    return this.#transactions.write((tx) => purgeContinue(tx, purge));
  }

  purgeEnd(task: PurgeTask): void {
    this.#transactions.write((tx) => purgeEnd(tx, task));
  }

  /** Puts the gate file into the outbox when what the edge should know has changed. */
  gateChanged(): void {
    this.#transactions.write((tx) => gateChanged(tx, gateOf(tx, this.#gate)));
  }

  outboxDue(): Due[] {
    return this.#transactions.write(outboxDue);
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

  pruneSlice(): boolean {
    return this.#transactions.write(pruneSlice);
  }

  rollUp(): void {
    this.#transactions.write(rollUp);
  }
}
