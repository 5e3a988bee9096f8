import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import type { IttybitJob } from "../ittybit/dialects.ts";
import type {
  AcceptAnswer,
  AcceptRequest,
  ClaimAnswer,
  InboxAnswer,
  JobView,
  Outcome,
  Settled,
  Submitted,
  UpstreamJob,
  UpstreamOpen,
  WakeUpKeys,
} from "./api.ts";
import type {
  AttemptView,
  CountsView,
  DeadMessageRecord,
  GatePatch,
  GateView,
  ImageRows,
  KeyResult,
  RunView,
} from "./api-views.ts";
import { accept } from "./protocol/accept.ts";
import { cancelRun, cancelSlices } from "./protocol/cancel-run.ts";
import { claim } from "./protocol/claim.ts";
import { dispatch, type Outgoing, unsend } from "./protocol/dispatch.ts";
import { gateChanged } from "./protocol/gate-file.ts";
import { observeEnded, upstreamJobs, upstreamOpen } from "./protocol/ittybit-jobs.ts";
import { nextAlarm } from "./protocol/next-alarm.ts";
import { pruneSlice, rollUp } from "./protocol/prune.ts";
import { type PurgeTask, purgeBegin, purgeContinue, purgeEnd, purgesDue } from "./protocol/purge.ts";
import { cancelKeys, retryKeys } from "./protocol/retry-and-cancel.ts";
import { SeenJobs } from "./protocol/seen-jobs.ts";
import { SendWindow } from "./protocol/send-window.ts";
import { settle } from "./protocol/settle.ts";
import { slotsUsed } from "./protocol/slots.ts";
import { adopt, submitted } from "./protocol/submitted.ts";
import { recover, sweep } from "./protocol/sweep.ts";
import { recordDead } from "./tables/dead-messages.ts";
import { readInbox } from "./tables/inbox.ts";
import { type Due, outboxDone, outboxDue } from "./tables/outbox.ts";
import { migrate } from "./tables/schema.ts";
import type { Sql } from "./tables/sql.ts";
import { Tx } from "./tables/tx.ts";
import { gateView, patchGate } from "./views/gate-view.ts";
import { attemptsOf, counts, imageRows, jobView, runsPage, runView } from "./views/views.ts";

/** The Ledger without its Durable Object: every method is one transaction over the SQL port. */
export class LedgerCore {
  readonly sql: Sql;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly window = new SendWindow();
  readonly #seen = new SeenJobs();
  #turn = 0;

  constructor(sql: Sql, deps: { config: Config; clock: Clock; ledgerId: string }) {
    this.sql = sql;
    this.#config = deps.config;
    this.#clock = deps.clock;
    migrate(sql, { now: deps.clock.now(), ledgerId: deps.ledgerId });
  }

  #do<T>(work: (tx: Tx) => T): T {
    return this.sql.transaction(() => {
      const tx = new Tx(this.sql, { config: this.#config, now: this.#clock.now(), random: () => this.#clock.random() });
      const result = work(tx);
      tx.commit();
      return result;
    });
  }

  claim(owner: string, wakeUps: WakeUpKeys[]): ClaimAnswer {
    const answer = this.#do((tx) => claim(tx, owner, wakeUps));
    this.window.landed(Object.keys(answer.claims));
    for (const one of Object.values(answer.claims)) {
      const seen = one.do === "resume" ? this.#seen.get(one.upstream) : null;
      if (one.do === "resume" && seen !== null) one.seen = seen;
    }
    return answer;
  }

  renew(owner: string): "ok" | "lost" {
    return this.#do((tx) => (tx.leases.renew(owner, tx.now) ? "ok" : "lost"));
  }

  submitted(owner: string, jobs: Submitted[]): Record<string, "go" | "stop"> {
    return this.#do((tx) => submitted(tx, owner, jobs));
  }

  settle(owner: string, outcomes: Record<string, Outcome>): Record<string, Settled> {
    return this.#do((tx) => settle(tx, owner, outcomes));
  }

  accept(request: AcceptRequest): AcceptAnswer {
    return this.#do((tx) => accept(tx, request));
  }

  inbox(id: string, hash: string): InboxAnswer {
    return readInbox(this.sql, id, hash);
  }

  sweep(): void {
    this.#do(sweep);
  }

  recover(): void {
    this.#do(recover);
    this.window.clear();
  }

  dispatch(): Outgoing[] {
    this.#turn += 1;
    return this.#do((tx) => dispatch(tx, this.window, this.#turn));
  }

  unsend(keys: string[]): void {
    this.#do((tx) => unsend(tx, this.window, keys));
  }

  nextAlarm(): number {
    return this.#do(nextAlarm);
  }

  upstreamOpen(): UpstreamOpen {
    return this.#do(upstreamOpen);
  }

  upstreamJobs(limit = 1000): UpstreamJob[] {
    return this.#do((tx) => upstreamJobs(tx, limit));
  }

  /** `seen`: how they ended, kept in memory for the handlers that will resume them. */
  observeEnded(jobs: string[], seen: readonly IttybitJob[] = []): number {
    this.#seen.keep(seen);
    return this.#do((tx) => observeEnded(tx, jobs));
  }

  adopt(jobs: Omit<Submitted, "input">[]): void {
    this.#do((tx) => adopt(tx, jobs));
  }

  purgeBegin(id: string): PurgeTask {
    return this.#do((tx) => purgeBegin(tx, id));
  }

  purgesDue(limit = 10): PurgeTask[] {
    return this.#do((tx) => purgesDue(tx, limit));
  }

  purgeContinue(purge: number): boolean {
    return this.#do((tx) => purgeContinue(tx, purge));
  }

  purgeEnd(task: PurgeTask): void {
    this.#do((tx) => purgeEnd(tx, task));
  }

  cancelRun(run: string): boolean {
    return this.#do((tx) => cancelRun(tx, run));
  }

  /** One slice of the cancelling, pruning and rolling up that is due; true while there is more. */
  cancelSlices(): boolean {
    return this.#do(cancelSlices);
  }

  pruneSlice(): boolean {
    return this.#do(pruneSlice);
  }

  rollUp(): void {
    this.#do(rollUp);
  }

  retry(keys: string[]): Record<string, KeyResult> {
    return this.#do((tx) => retryKeys(tx, keys));
  }

  cancelKeys(keys: string[]): Record<string, KeyResult> {
    return this.#do((tx) => cancelKeys(tx, keys));
  }

  recordDead(messages: DeadMessageRecord[]): void {
    this.#do((tx) => recordDead(tx, messages));
  }

  gateView(): GateView {
    return this.#do((tx) => gateView(tx.gate, tx.config, slotsUsed(tx), tx.now));
  }

  patchGate(patch: GatePatch): GateView {
    this.#do((tx) => patchGate(tx.gate, patch, tx.now));
    return this.gateView();
  }

  /** Puts the gate file into the outbox when what the edge should know has changed. */
  gateChanged(): void {
    this.#do(gateChanged);
  }

  outboxDue(): Due[] {
    return this.#do(outboxDue);
  }

  outboxDone(kind: string, body: string): void {
    this.#do((tx) => outboxDone(tx, kind, body));
  }

  counts(): CountsView {
    return this.#do(counts);
  }

  job(key: string): JobView | null {
    return this.#do((tx) => tx.rows.loadKeys([key]).map((row) => jobView(tx, row))[0] ?? null);
  }

  attempts(key: string): AttemptView[] {
    return this.#do((tx) => attemptsOf(tx, key));
  }

  runView(run: string): RunView | null {
    return this.#do((tx) => {
      const found = tx.runs.byId(run);
      return found === null ? null : runView(found);
    });
  }

  runsPage(before = Number.MAX_SAFE_INTEGER, limit = 50): { runs: RunView[]; next: number | null } {
    return this.#do((tx) => runsPage(tx, before, limit));
  }

  imageRows(id: string): ImageRows {
    return this.#do((tx) => imageRows(tx, id));
  }
}
