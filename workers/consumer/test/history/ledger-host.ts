import type { Clock } from "@prewarm/shared/clock";
import { LedgerCore } from "../../src/ledger/ledger.ts";
import type { LedgerDeps } from "../../src/ledger/object/ledger-deps.ts";
import { type DutyState, runDuties, runOutbox } from "../../src/ledger/object/on-alarm.ts";
import { pump } from "../../src/ledger/object/pump.ts";
import type { PurgeTask } from "../../src/ledger/protocol/purge.ts";
import type { Sql } from "../../src/ledger/tables/sql.ts";
import { Killed, type Life, mortal } from "./life.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** The Durable Object around the real core, duties and pump, with its alarm in virtual time. */
export class LedgerHost {
  core: LedgerCore;
  readonly #sql: Sql;
  readonly #clock: VirtualClock;
  readonly #all: LedgerDeps;
  #life: Life = { dead: false };
  #deps: LedgerDeps;
  #duties: DutyState = { collectAfter: 0, housekeepingAfter: 0 };
  #ringing = false;
  #pumping = false;

  constructor(sql: Sql, clock: VirtualClock, deps: LedgerDeps) {
    this.#sql = sql;
    this.#clock = clock;
    this.#all = deps;
    this.#deps = mortal(deps, this.#life);
    this.core = this.#open();
    clock.alarm.ring = () => void this.#ring().catch(onlyTheDead);
  }

  #open(): LedgerCore {
    const { config, newLedgerId } = this.#all;
    return new LedgerCore(this.#sql, { config, clock: this.#clock as Clock, ledgerId: newLedgerId() });
  }

  /** All that stood only in memory is gone, and whatever the object was doing. The alarm is stored and rings. */
  evict(): void {
    this.#life.dead = true;
    this.#life = { dead: false };
    this.#deps = mortal(this.#all, this.#life);
    this.#duties = { collectAfter: 0, housekeepingAfter: 0 };
    this.#ringing = false;
    this.#pumping = false;
    this.core = this.#open();
    this.by(this.#clock.now() + 1_000);
  }

  by(at: number): void {
    this.#clock.alarm.at = Math.min(this.#clock.alarm.at, Math.max(at, this.#clock.now() + 10));
  }

  /** What follows a call that changed something. */
  changed(): void {
    this.by(this.#clock.now() + 5_000);
    if (this.#pumping) return;
    this.#pumping = true;
    this.#pump(this.#life, this.#deps, this.core).catch(onlyTheDead);
  }

  purge(id: string): PurgeTask {
    const { core } = this;
    const task = core.purgeBegin(id);
    void this.#deps
      .purge(task, () => core.purgeContinue(task.purge))
      .then(() => core.purgeEnd(task))
      .catch(() => undefined); // the alarm goes on with it
    this.changed();
    return task;
  }

  async #pump(life: Life, deps: LedgerDeps, core: LedgerCore): Promise<void> {
    await this.#clock.sleep(20);
    if (life.dead) return;
    this.#pumping = false;
    await pump(core, deps);
    await runOutbox(core, deps).catch(() => undefined);
    if (!life.dead) this.by(core.nextAlarm());
  }

  async #ring(): Promise<void> {
    const now = this.#clock.now();
    if (this.#ringing) return this.by(now + 250);
    const life = this.#life;
    const { core } = this;
    this.#ringing = true;
    await runDuties(core, this.#deps, this.#duties);
    if (life.dead) return;
    this.#ringing = false;
    this.by(core.nextAlarm());
  }
}

/** An evicted object's work breaks off wherever it was. */
function onlyTheDead(error: unknown): void {
  if (!(error instanceof Killed)) throw error;
}
