import type { Clock } from "@prewarm/shared/clock";
import type { Handlers } from "../../workers/consumer/src/ledger/contract.ts";
import { LedgerCore } from "../../workers/consumer/src/ledger/ledger.ts";
import type { LedgerDeps } from "../../workers/consumer/src/ledger/object/ledger-deps.ts";
import { type DutyState, runDuties, runOutbox } from "../../workers/consumer/src/ledger/object/on-alarm.ts";
import { pump } from "../../workers/consumer/src/ledger/object/pump.ts";
import type { PurgeTask } from "../../workers/consumer/src/ledger/protocol/purge.ts";
import type { Sql } from "../../workers/consumer/src/ledger/tables/sql.ts";
import type { Rates } from "./faults.ts";
import type { Chance } from "./random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface HostDeps {
  sql: Sql;
  deps: LedgerDeps;
  clock: VirtualClock;
  chance: Chance;
  rates: () => Rates;
  /** Called with every call the ledger heard and what it answered, whether or not the answer arrives. */
  heard(call: string, args: readonly unknown[], answer: unknown): void;
}

const SHARE_MS = 20;
const SAFETY_MS = 5_000;
const CRON_MS = 60_000;

/** The Durable Object around the ledger's real core, duties and pump: its alarm, its cron, its evictions, and a wire that loses. */
export class LedgerHost {
  core: LedgerCore;
  readonly counts = { calls: 0, callsLost: 0, answersLost: 0, evictions: 0, alarms: 0, alarmsLost: 0 };
  readonly #host: HostDeps;
  #duties: DutyState = { collectAfter: 0, housekeepingAfter: 0 };
  #life = 0;
  #alarmAt: number | null = null;
  #lost = false;
  #pumping = false;
  #ringing = false;
  #running = true;

  constructor(host: HostDeps) {
    this.#host = host;
    this.core = this.#newCore();
    this.#cron();
  }

  /** What handlers hold: every call crosses the wire. */
  port(): Handlers {
    return {
      claim: (owner, wakeUps) => this.call("claim", [owner, wakeUps], (core) => core.claim(owner, wakeUps), false),
      renew: (owner) => this.call("renew", [owner], (core) => core.renew(owner), false),
      submitted: (owner, jobs) => this.call("submitted", [owner, jobs], (core) => core.submitted(owner, jobs), false),
      settle: (owner, outcomes) => this.call("settle", [owner, outcomes], (core) => core.settle(owner, outcomes), true),
      observeEnded: (jobs) => this.call("observeEnded", [jobs], (core) => void core.observeEnded(jobs), true),
      recordDead: (messages) => this.call("recordDead", [messages], (core) => core.recordDead(messages), false),
    };
  }

  /** One RPC: it may not arrive, its answer may not, and an eviction meanwhile breaks it. */
  async call<T>(
    name: string,
    args: readonly unknown[],
    work: (core: LedgerCore) => T,
    dispatches: boolean,
  ): Promise<T> {
    const { clock, chance, rates, heard } = this.#host;
    const life = this.#life;
    const given = structuredClone(args);
    await clock.sleep(chance.hits(rates().callSlow) ? chance.between(500, 8_000) : chance.between(1, 15));
    if (chance.hits(rates().callLost) || life !== this.#life) {
      this.counts.callsLost += 1;
      throw new Error(`${name}: the call was lost (soak)`);
    }
    this.counts.calls += 1;
    const answer = structuredClone(work(this.core));
    heard(name, given, answer);
    this.#by(clock.now() + (dispatches ? SAFETY_MS : CRON_MS));
    if (dispatches) this.#then();
    await clock.sleep(chance.between(1, 15));
    if (chance.hits(rates().answerLost) || life !== this.#life) {
      this.counts.answersLost += 1;
      throw new Error(`${name}: the answer was lost (soak)`);
    }
    return answer;
  }

  /** Begins a purge and runs it at once, as the object does. */
  async purge(id: string): Promise<PurgeTask> {
    const task = await this.call("purgeBegin", [id], (core) => core.purgeBegin(id), true);
    void this.#host.deps
      .purge(task, () => this.core.purgeContinue(task.purge))
      .then(() => this.core.purgeEnd(task))
      .catch(() => undefined); // the alarm goes on with it
    return task;
  }

  /** The object's memory is gone; its storage stays. */
  evict(): void {
    this.counts.evictions += 1;
    this.#life += 1;
    this.#duties = { collectAfter: 0, housekeepingAfter: 0 };
    this.core = this.#newCore();
  }

  stop(): void {
    this.#running = false;
  }

  #newCore(): LedgerCore {
    const { sql, deps } = this.#host;
    return new LedgerCore(sql, { config: deps.config, clock: deps.clock as Clock, ledgerId: deps.newLedgerId() });
  }

  #by(at: number): void {
    if (this.#alarmAt !== null && this.#alarmAt <= at + 200) return;
    this.#alarmAt = at;
    this.#host.clock.after(at - this.#host.clock.now(), () => void this.#ring(at));
  }

  async #ring(at: number): Promise<void> {
    if (this.#alarmAt !== at || !this.#running) return;
    if (this.#host.chance.hits(this.#host.rates().alarmLost)) {
      // Lost for good: only the cron brings it back.
      this.counts.alarmsLost += 1;
      this.#lost = true;
      return;
    }
    this.#alarmAt = null;
    const { core } = this;
    const now = this.#host.clock.now();
    // The platform never runs two at once.
    if (this.#ringing) return this.#by(now + 250);
    this.counts.alarms += 1;
    this.#ringing = true;
    this.#by(Math.min(now + 30_000, Math.max(now + 1_000, core.nextAlarm())));
    await runDuties(core, this.#host.deps, this.#duties);
    this.#ringing = false;
    if (this.#running) this.#by(core.nextAlarm());
  }

  #cron(): void {
    if (!this.#running) return;
    if (this.#lost) this.#alarmAt = null;
    this.#lost = false;
    this.#by(this.core.nextAlarm());
    this.#host.clock.after(CRON_MS, () => this.#cron());
  }

  #then(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const { core } = this;
    const { deps, clock } = this.#host;
    void (async () => {
      await clock.sleep(SHARE_MS);
      this.#pumping = false;
      await pump(core, deps);
      await runOutbox(core, deps);
      this.#by(core.nextAlarm());
    })().catch((error: unknown) => deps.log("ledger.duty_failed", { duty: "pump", error: String(error) }));
  }
}
