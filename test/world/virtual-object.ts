import type { Sql, SqlRow } from "@prewarm/durable-queue";
import { LEASE_MS } from "@prewarm/durable-queue";
import { nodeSql } from "@prewarm/durable-queue/testing";
import { Ledger } from "../../workers/consumer/src/ledger/ledger.ts";
import type { LedgerDeps } from "../../workers/consumer/src/ledger/ledger-deps.ts";
import { type LedgerCalls, type LedgerDoors, OWN_CALLS } from "../../workers/consumer/src/ledger/ledger-for.ts";
import type { ReadName } from "../../workers/consumer/src/ledger/reads.ts";
import { type DirectLedger, directCalls } from "../../workers/consumer/src/ledger/testing/direct-calls.ts";
import type { WriteName } from "../../workers/consumer/src/ledger/writes.ts";
import { Killed, Life } from "./life.ts";
import { OpenWork } from "./open-work.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { AlarmFate, Weather } from "./weather.ts";

/** From here on an outage accuses nobody (docs/internals/queue.md). */
const LONG_OUTAGE_MS = 15_000;
/** More rings than this in ten minutes: it does not do what it rings for. */
const RINGS_MAX = 1_800;
const RINGS_MS = 600_000;
/** One whose instance died in it rings again after this. */
const RETRY_MS = 2_000;
/** An alarm that is set for now or the past rings so much later. */
const SOONEST_MS = 100;
/** A handler whose call hangs for so long is as good as dead: it may lose its lease before it gives up. */
const HUNG_MS = 15_000;

/** Asks an instance what a caller asks. */
type Ask = (engine: Ledger, args: never) => unknown;

/** Rows by table. */
export type Copy = Map<string, SqlRow[]>;

export interface ObjectWatcher {
  /**
   * A call is heard: `work` does it and answers, at once or as a promise. What is returned is what the caller is
   * answered. `id`: of a call that must happen once.
   */
  hear(call: keyof LedgerCalls, args: unknown[], work: () => unknown, id?: string): unknown;
  /** A transaction has changed something. */
  committed(): void;
  violation(text: string): void;
}

export interface ObjectWorld {
  clock: VirtualClock;
  weather: Weather;
  watcher: ObjectWatcher;
  /** By how much the ledger's clock is before the platform's, which rings its alarm. */
  skew(): number;
  /** What an instance of this life reaches the world through. */
  depsOf(life: Life): LedgerDeps;
}

/**
 * The Durable Object around the production engine: its database, its one alarm, its evictions, and the stubs by which it is called. As
 * on the platform an alarm is unset when it rings and never rings twice at once, all that an instance was doing breaks off with it, and
 * a stub that has thrown once throws for ever. An alarm that is lost never fires, and only `setAlarm` ends that.
 */
export class VirtualObject {
  readonly sql = nodeSql();
  readonly work = new OpenWork(this.sql);
  readonly counts = { calls: 0, callsLost: 0, callsHung: 0, answersLost: 0, evictions: 0, alarms: 0, alarmFaults: 0 };
  readonly #world: ObjectWorld;
  #engine: DirectLedger;
  #life = new Life();
  #loaded: Promise<void>;
  #alarm: { at: number; cancel: () => void } | null = null;
  #lost = false;
  #ringing = false;
  #rings = { since: 0, n: 0 };
  #changes = 0;
  #downUntil = 0;
  /** Until when nobody is blamed for an outage of the last lease, Unix ms. */
  #blamelessUntil = 0;
  bornAt: number;

  constructor(world: ObjectWorld) {
    this.#world = world;
    this.bornAt = world.clock.now();
    this.#engine = this.#open();
    this.#loaded = this.#engine.load();
  }

  /** All that stood only in memory is gone, and whatever it was doing. Its database and its alarm stay. */
  evict(): void {
    this.counts.evictions += 1;
    this.#life.end();
    this.#life = new Life();
    // An alarm that broke off rings again.
    if (this.#ringing)
      this.#setAlarm(Math.min(this.#alarm?.at ?? Number.POSITIVE_INFINITY, this.#world.clock.now() + RETRY_MS));
    this.#ringing = false;
    this.bornAt = this.#world.clock.now();
    this.#engine = this.#open();
    this.#loaded = this.#engine.load();
    if (this.#alarm !== null && !this.#lost) this.#setAlarm(this.#alarm.at);
  }

  /** It is away, or was for so long that handlers may have died of it. */
  get isBlameless(): boolean {
    return this.#world.clock.now() < this.#blamelessUntil;
  }

  /** Nobody reaches it for so long, and its alarm does not ring. */
  goDown(ms: number): void {
    this.#downUntil = this.#world.clock.now() + ms;
    if (ms > LONG_OUTAGE_MS) this.#blamelessUntil = this.#downUntil + LEASE_MS;
  }

  /** A local start: before anybody can call, and on the machine itself, where no wire breaks. */
  async recover(): Promise<void> {
    await this.#loaded;
    await this.#world.watcher.hear("recover", [], () => this.#engine.recover());
    this.#checkAlarm("after recover");
  }

  /** A copy of the database as it is. */
  copy(): Copy {
    const tables = this.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name));
    return new Map(tables.map((table) => [table, this.sql.exec(`SELECT * FROM ${table}`)]));
  }

  /** The last alarm did not fire, and none was set since. */
  get hasLostAlarm(): boolean {
    return this.#lost;
  }

  /** Puts a copy back, as the platform does: a new instance stands on it, and no alarm is set. */
  putBack(copy: Copy): void {
    this.#alarm?.cancel();
    this.#alarm = null;
    // Who is called before the operator says so finds work and no alarm.
    this.#lost = true;
    this.#life.end();
    this.sql.transaction(() => {
      for (const [table, rows] of copy) {
        this.sql.exec(`DELETE FROM ${table}`);
        for (const row of rows) {
          const columns = Object.keys(row);
          const places = columns.map(() => "?").join(", ");
          this.sql.exec(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`, ...Object.values(row));
        }
      }
    });
    this.evict();
  }

  /** A view of it at this moment, as an operator's call would get it. */
  look<T>(view: (ledger: DirectLedger) => T): T {
    return view(this.#engine);
  }

  /** A way to call it, for as long as it answers. */
  readonly newStub = (): LedgerDoors => {
    let broken: unknown = null;
    const cross = async (name: keyof LedgerCalls, args: unknown[], ask: Ask, id?: string): Promise<unknown> => {
      if (broken !== null) throw broken;
      try {
        return await this.#cross(name, args, ask, id);
      } catch (error) {
        broken = error;
        throw error;
      }
    };
    const stub = {
      read: (name: ReadName, args: never) => cross(name, args, (engine, given) => engine.read(name, given)),
      write: (name: WriteName, args: never, id?: string) =>
        cross(name, args, (engine, given) => engine.write(name, given, id), id),
    };
    const own = (Object.keys(OWN_CALLS) as (keyof typeof OWN_CALLS)[]).map((name) => {
      const call = (...args: never) =>
        cross(name, args, (engine, given) => (engine[name] as (...given: never) => unknown).apply(engine, given));
      return [name, call] as const;
    });
    return { ...stub, ...Object.fromEntries(own) } as unknown as LedgerDoors;
  };

  #open(): DirectLedger {
    const life = this.#life;
    const host = {
      storage: {
        getAlarm: async () => this.#alarm?.at ?? null,
        setAlarm: (at: number | Date) => {
          life.mustLive();
          this.#setAlarm(Number(at));
          return Promise.resolve();
        },
        deleteAlarm: () => {
          life.mustLive();
          this.#alarm?.cancel();
          this.#alarm = null;
          return Promise.resolve();
        },
      },
      waitUntil: (work: Promise<unknown>) => void work.catch((error: unknown) => this.#onlyTheDead(error)),
    };
    return directCalls(new Ledger(this.#watchedSql(life), this.#world.depsOf(life), host));
  }

  async #cross(name: keyof LedgerCalls, args: unknown[], ask: Ask, id?: string): Promise<unknown> {
    const { clock, weather, watcher } = this.#world;
    const hop = weather.wire();
    if (name === "exchange" && hop.lost === "call" && hop.ms >= HUNG_MS) this.counts.callsHung += 1;
    const given = structuredClone(args);
    const life = this.#life;
    await clock.sleep(hop.ms);
    if (hop.lost === "call" || life.dead || clock.now() < this.#downUntil) {
      this.counts.callsLost += 1;
      throw Object.assign(new Error(`${name}: the call was lost (world)`), { retryable: true });
    }
    await this.#loaded;
    this.counts.calls += 1;
    const answer = structuredClone(
      await watcher.hear(name, given, () => ask(this.#engine, structuredClone(given) as never), id),
    );
    this.#checkAlarm(`after ${name}`);
    await clock.sleep(hop.backMs);
    // The platform marks this error as retryable, although the object has received the call.
    if (hop.lost === "drop") {
      this.counts.answersLost += 1;
      throw Object.assign(new Error(`${name}: the connection dropped (world)`), { retryable: true });
    }
    if (hop.lost === "answer" || life.dead || clock.now() < this.#downUntil) {
      this.counts.answersLost += 1;
      throw new Error(`${name}: the answer was lost (world)`);
    }
    return answer;
  }

  #setAlarm(at: number): void {
    const { clock } = this.#world;
    this.#alarm?.cancel();
    this.#lost = false;
    const rings = Math.max(SOONEST_MS, at - clock.now(), this.#downUntil - clock.now());
    this.#alarm = { at, cancel: clock.after(rings, () => this.#due()) };
  }

  #due(known?: AlarmFate): void {
    if (this.#ringing) return; // it rings when the present one is through
    if (this.#world.clock.now() < this.#downUntil) {
      this.#setAlarm(this.#downUntil);
      return;
    }
    const fate = known ?? this.#world.weather.alarm();
    if (fate !== "fires") this.counts.alarmFaults += 1;
    const at = this.#alarm?.at ?? this.#world.clock.now();
    this.#alarm?.cancel();
    if (typeof fate === "number") this.#alarm = { at, cancel: this.#world.clock.after(fate, () => this.#due("fires")) };
    else if (fate === "lost" || fate === "stuck") {
      this.#lost = true;
      this.#alarm = fate === "lost" ? null : { at, cancel: () => undefined };
    } else this.#fire(fate === "twice" ? 2 : 1);
  }

  #fire(times: number): void {
    this.#alarm = null;
    this.counts.alarms += times;
    this.#countRing();
    void this.#ring(this.#life, times);
  }

  #countRing(): void {
    // By a clock that is behind the platform's, each time that is set has come.
    if (this.#world.skew() < 0) return;
    const now = this.#world.clock.now();
    if (now - this.#rings.since > RINGS_MS) this.#rings = { since: now, n: 0 };
    this.#rings.n += 1;
    if (this.#rings.n === RINGS_MAX) this.#world.watcher.violation("the alarm rings all the time (P1, P5)");
  }

  async #ring(life: Life, times: number): Promise<void> {
    this.#ringing = true;
    await this.#loaded;
    for (let done = 0; done < times && !life.dead; done += 1)
      await this.#engine.alarm().catch((error: unknown) => this.#onlyTheDead(error));
    if (life.dead) return;
    this.#ringing = false;
    this.#checkAlarm("after it rang");
    if (this.#alarm !== null) this.#setAlarm(this.#alarm.at);
  }

  /**
   * Should the instance die now, only the alarm that is set goes on with its work. What an operator has paused waits
   * without one.
   */
  #checkAlarm(when: string): void {
    if (this.#alarm !== null || this.#lost || this.#ringing) return;
    const open = this.sql.exec(
      `SELECT (SELECT count(*) FROM jobs WHERE state < 2 AND lane NOT IN (SELECT value FROM json_each(?1))) +
        (SELECT count(*) FROM owners) + (SELECT count(*) FROM sweeps) AS n`,
      this.work.pausedLanes(),
    )[0];
    if (Number(open?.n) > 0) this.#world.watcher.violation(`no alarm is set ${when}, and there is work (P1)`);
  }

  /** The instance's own database handle: it dies with it, and tells of every commit. */
  #watchedSql(life: Life): Sql {
    const { sql } = this;
    return {
      exec: (query, ...params) => {
        life.mustLive();
        return sql.exec(query, ...params);
      },
      transaction: (work) => {
        life.mustLive();
        const result = sql.transaction(work);
        this.#committed();
        return result;
      },
      get rowsWritten() {
        return sql.rowsWritten;
      },
      get bytes() {
        return sql.bytes;
      },
    };
  }

  #committed(): void {
    const changes = Number(this.sql.exec("SELECT total_changes() AS n")[0]?.n);
    if (changes === this.#changes) return;
    this.#changes = changes;
    this.#world.watcher.committed();
  }

  #onlyTheDead(error: unknown): void {
    if (!(error instanceof Killed)) this.#world.watcher.violation(`the object threw: ${String(error)}`);
  }
}
