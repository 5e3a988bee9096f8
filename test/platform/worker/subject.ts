import { DurableObject } from "cloudflare:workers";
import type { Arrival } from "./message.ts";

/** What the next alarms are to do. */
export interface AlarmPlan {
  /** So many runs end with an error. */
  throwFirst?: number;
  /** The first run resets the object before it ends. */
  abortFirst?: boolean;
  /** The first run sets another alarm so much later. */
  setNextInMs?: number;
}

/** One run of the alarm handler. */
export interface Ring {
  at: number;
  /** What `getAlarm()` said at the beginning of the run. */
  before: number | null;
  /** What it said after the run had set another alarm. */
  after: number | null;
  retryCount: number;
}

/** What the object tells of itself. */
export interface Self {
  now: number;
  /** Another value after each start of the object. */
  instance: string;
  alarm: number | null;
  rings: Ring[];
  /** Whether the constructor's asynchronous part had ended before the call came in. */
  loaded: boolean;
  /** Steps of work that nobody waits for. */
  ticks: number;
}

const LOAD_MS = 100;

/** Every call that the Durable Object of a check takes. */
export interface SubjectCalls {
  self(): Promise<Self>;
  /** Resolves with the time that was set. */
  setAlarm(inMs: number, plan?: AlarmPlan): Promise<number>;
  fail(): Promise<void>;
  note(name: string, value: string): string | null;
  noted(name: string): string | null;
  countUp(name: string): void;
  noteThenAbort(name: string, value: string): Promise<void>;
  abort(): void;
  rollBack(): { threw: boolean; rows: number };
  bind(parameters: number): boolean;
  keep(bytes: number): boolean;
  tick(everyMs: number, times: number): void;
  /** Fetches under a time limit that has not passed when the fetch ends. Resolves with the instance. */
  limitFetch(by: "signal" | "cleared", ms: number): Promise<string>;
  bookmark(): Promise<string>;
  restore(bookmark: string): Promise<void>;
  arrived(arrivals: readonly Arrival[]): void;
  handled(): void;
  arrivals(): { arrivals: Arrival[]; mostAtOnce: number };
}

/** The one Durable Object: it does as it is told, and notes what the platform does to it. */
export class Subject extends DurableObject<unknown> implements SubjectCalls {
  protected readonly storage: DurableObjectStorage;
  readonly #instance = crypto.randomUUID();
  #loaded = false;
  #ticks = 0;
  #open = 0;
  #mostAtOnce = 0;

  constructor(ctx: DurableObjectState, env: unknown, storage: DurableObjectStorage = ctx.storage) {
    super(ctx, env);
    this.storage = storage;
    this.blockWhile(async () => {
      storage.sql.exec("CREATE TABLE IF NOT EXISTS notes(name TEXT PRIMARY KEY, value TEXT)");
      storage.sql.exec("CREATE TABLE IF NOT EXISTS rings(ring TEXT)");
      storage.sql.exec("CREATE TABLE IF NOT EXISTS arrivals(arrival TEXT)");
      await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
      this.#loaded = true;
    });
  }

  protected blockWhile(load: () => Promise<void>): void {
    void this.ctx.blockConcurrencyWhile(load);
  }

  async self(): Promise<Self> {
    const loaded = this.#loaded;
    const alarm = await this.storage.getAlarm();
    const rings = this.storage.sql.exec<{ ring: string }>("SELECT ring FROM rings").toArray();
    return {
      now: Date.now(),
      instance: this.#instance,
      alarm,
      rings: rings.map(({ ring }) => JSON.parse(ring)),
      loaded,
      ticks: this.#ticks,
    };
  }

  async setAlarm(inMs: number, plan: AlarmPlan = {}): Promise<number> {
    const at = Date.now() + inMs;
    this.note("plan", JSON.stringify(plan));
    await this.storage.setAlarm(at);
    return at;
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const plan: AlarmPlan = JSON.parse(this.noted("plan") ?? "{}");
    const at = Date.now();
    const before = await this.storage.getAlarm();
    const ran = this.storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM rings").one().n;
    if (ran === 0 && plan.setNextInMs !== undefined) await this.storage.setAlarm(at + plan.setNextInMs);
    const ring: Ring = { at, before, after: await this.storage.getAlarm(), retryCount: info?.retryCount ?? 0 };
    this.storage.sql.exec("INSERT INTO rings(ring) VALUES (?)", JSON.stringify(ring));
    await this.storage.sync();
    if (ran === 0 && plan.abortFirst === true) this.abort();
    if (ran < (plan.throwFirst ?? 0)) throw new Error("the alarm of a check fails on purpose");
  }

  async fail(): Promise<void> {
    throw new Error("a call of a check fails on purpose");
  }

  /** Writes a note, and answers what was there before. */
  note(name: string, value: string): string | null {
    const before = this.noted(name);
    this.storage.sql.exec("INSERT OR REPLACE INTO notes(name, value) VALUES (?, ?)", name, value);
    return before;
  }

  noted(name: string): string | null {
    const [row] = this.storage.sql.exec<{ value: string }>("SELECT value FROM notes WHERE name = ?", name).toArray();
    return row?.value ?? null;
  }

  countUp(name: string): void {
    this.note(name, String(Number(this.noted(name)) + 1));
  }

  /** The write is on disk, and the caller gets no answer. */
  async noteThenAbort(name: string, value: string): Promise<void> {
    this.note(name, value);
    await this.storage.sync();
    this.abort();
  }

  abort(): void {
    this.ctx.abort("a check resets the object on purpose");
  }

  /** Writes in a transaction that throws. */
  rollBack(): { threw: boolean; rows: number } {
    let threw = false;
    try {
      this.storage.transactionSync(() => {
        this.note("in the transaction", "written");
        throw new Error("the transaction of a check fails on purpose");
      });
    } catch {
      threw = true;
    }
    return { threw, rows: this.noted("in the transaction") === null ? 0 : 1 };
  }

  /** Whether a query with so many bound parameters runs. */
  bind(parameters: number): boolean {
    const marks = Array(parameters).fill("?").join(",");
    try {
      this.storage.sql.exec(`SELECT 1 WHERE 1 IN (${marks})`, ...Array(parameters).fill(1)).toArray();
      return true;
    } catch {
      return false;
    }
  }

  /** Whether a text of so many bytes can be stored and read back. */
  keep(bytes: number): boolean {
    try {
      this.note("long", "x".repeat(bytes));
      return this.noted("long")?.length === bytes;
    } catch {
      return false;
    }
  }

  /** Begins work that no call waits for. */
  tick(everyMs: number, times: number): void {
    const again = (left: number): void => {
      this.#ticks += 1;
      if (left > 1) setTimeout(again, everyMs, left - 1);
    };
    setTimeout(again, everyMs, times);
  }

  async limitFetch(by: "signal" | "cleared", ms: number): Promise<string> {
    const controller = new AbortController();
    const timer = by === "signal" ? undefined : setTimeout(() => controller.abort(), ms);
    const signal = by === "signal" ? AbortSignal.timeout(ms) : controller.signal;
    await fetch("https://prewarm.invalid/", { signal }).catch(() => null);
    clearTimeout(timer);
    return this.#instance;
  }

  bookmark(): Promise<string> {
    return this.storage.getCurrentBookmark();
  }

  async restore(bookmark: string): Promise<void> {
    await this.storage.onNextSessionRestoreBookmark(bookmark);
    this.abort();
  }

  arrived(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals)
      this.storage.sql.exec("INSERT INTO arrivals(arrival) VALUES (?)", JSON.stringify(arrival));
    this.#open += 1;
    this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#open);
  }

  handled(): void {
    this.#open -= 1;
  }

  arrivals(): { arrivals: Arrival[]; mostAtOnce: number } {
    const rows = this.storage.sql.exec<{ arrival: string }>("SELECT arrival FROM arrivals").toArray();
    return { arrivals: rows.map(({ arrival }) => JSON.parse(arrival)), mostAtOnce: this.#mostAtOnce };
  }
}
