import { DurableObject } from "cloudflare:workers";
import type { Env } from "../../config.ts";
import { ledgerDeps } from "../../ledger-deps.ts";
import type { AcceptAnswer, AcceptRequest, ClaimAnswer, Outcome, Settled, Submitted, WakeUpKeys } from "../api.ts";
import type { CountsView, DeadMessageRecord, GatePatch, GateView, ImageRows } from "../api-views.ts";
import { LedgerCore } from "../ledger.ts";
import { OperatorCore } from "../operator/operator-core.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import { durableSql } from "../tables/sql.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { type DutyState, runDuties, runOutbox } from "./on-alarm.ts";
import { pump } from "./pump.ts";

/** Calls that come close together share one dispatch. */
const SHARE_MS = 20;
/** Should the object be evicted before it could dispatch, the alarm does. */
const SAFETY_MS = 5_000;

/** The Ledger's Durable Object: each call is one transaction of the core; what follows from it is sent off without being waited for. */
export class Ledger extends DurableObject<Env> {
  readonly #deps: LedgerDeps;
  readonly #core: LedgerCore;
  readonly #operator: OperatorCore;
  readonly #alarm: AlarmClock;
  readonly #duties: DutyState = { collectAfter: 0, housekeepingAfter: 0 };
  #pumping: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#deps = ledgerDeps(env);
    const { config, clock } = this.#deps;
    const sql = durableSql(ctx.storage);
    this.#core = new LedgerCore(sql, { config, clock, ledgerId: this.#deps.newLedgerId() });
    this.#operator = new OperatorCore(sql, { config, clock, purge: (task) => this.#runPurge(task) });
    this.#alarm = new AlarmClock(ctx.storage);
    ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  claim(owner: string, wakeUps: WakeUpKeys[]): ClaimAnswer {
    const answer = this.#core.claim(owner, wakeUps);
    this.#alarm.by(this.#deps.clock.now() + 60_000);
    return answer;
  }

  renew(owner: string): "ok" | "lost" {
    return this.#core.renew(owner);
  }

  submitted(owner: string, jobs: Submitted[]): Record<string, "go" | "stop"> {
    return this.#core.submitted(owner, jobs);
  }

  settle(owner: string, outcomes: Record<string, Outcome>): Record<string, Settled> {
    return this.#then(this.#core.settle(owner, outcomes));
  }

  accept(request: AcceptRequest): AcceptAnswer {
    return this.#then(this.#core.accept(request));
  }

  observeEnded(jobs: string[]): void {
    if (this.#core.observeEnded(jobs) > 0) this.#then(null);
  }

  recordDead(messages: DeadMessageRecord[]): void {
    this.#core.recordDead(messages);
  }

  counts(): CountsView {
    return this.#core.counts();
  }

  imageRows(id: string): ImageRows {
    return this.#core.imageRows(id);
  }

  patchGate(patch: GatePatch): GateView {
    return this.#then(this.#core.patchGate(patch));
  }

  /** Every call of the control API's port, by name (operator/operator-core.ts). */
  async control(name: string, args: unknown[]): Promise<unknown> {
    const answer = await this.#operator.call(name, args);
    return OperatorCore.changes(name) ? this.#then(answer) : answer;
  }

  /** Begins a purge and runs it at once in the background; the alarm goes on with it should that fail. */
  purgeBegin(id: string): PurgeTask {
    const task = this.#core.purgeBegin(id);
    this.#runPurge(task);
    return task;
  }

  /** Local start only: voids claims and holds, because every handler died with the process. */
  recover(): void {
    this.#core.recover();
    this.#then(null);
  }

  /** The cron's call: an alarm that was lost is set again. */
  async rearm(): Promise<void> {
    this.#operator.sample();
    await this.#alarm.load();
    this.#alarm.by(this.#core.nextAlarm());
  }

  override async alarm(): Promise<void> {
    const now = this.#deps.clock.now();
    this.#alarm.rang();
    // First: whatever happens below, it rings again.
    this.#alarm.by(Math.min(now + 30_000, Math.max(now + 1_000, this.#next(now))));
    await runDuties(this.#core, this.#deps, this.#duties);
    this.#runActions();
    this.#alarm.by(this.#next(this.#deps.clock.now()));
  }

  #next(now: number): number {
    try {
      return Math.min(this.#core.nextAlarm(), this.#operator.nextActionAt() ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      this.#deps.log("ledger.duty_failed", { duty: "next alarm", error: String(error) });
      return now + 5_000;
    }
  }

  #runActions(): void {
    try {
      this.#operator.runActions();
    } catch (error) {
      this.#deps.log("ledger.duty_failed", { duty: "actions", error: String(error) });
    }
  }

  #runPurge(task: PurgeTask): void {
    this.ctx.waitUntil(this.#purge(task));
    this.#alarm.by(this.#deps.clock.now() + SAFETY_MS);
  }

  async #purge(task: PurgeTask): Promise<void> {
    try {
      await this.#deps.purge(task, () => this.#core.purgeContinue(task.purge));
      this.#core.purgeEnd(task);
    } catch (error) {
      this.#deps.log("ledger.purge_failed", { id: task.id, error: String(error) });
    }
  }

  /** After a change: dispatch and publish soon, in the background; the alarm is the safety net. Returns what it was given. */
  #then<T>(answer: T): T {
    this.#alarm.by(this.#deps.clock.now() + SAFETY_MS);
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
    });
    this.ctx.waitUntil(this.#pumping);
    return answer;
  }

  async #pump(): Promise<void> {
    try {
      await this.#deps.sleep(SHARE_MS);
      await pump(this.#core, this.#deps);
      await runOutbox(this.#core, this.#deps);
      this.#alarm.by(this.#next(this.#deps.clock.now()));
    } catch (error) {
      this.#deps.log("ledger.duty_failed", { duty: "pump", error: String(error) });
    }
  }
}
