import type { BeforeRestore } from "../calls.ts";
import { observe } from "../claims/observe.ts";
import type { ExternalJobs } from "../external-jobs.ts";
import { errorText } from "../log.ts";
import { RULES, type Rules } from "../operate/prune.ts";
import { recover } from "../operate/restored.ts";
import { type Migrations, migrate } from "../tables/schema.ts";
import type { Sql } from "../tables/sql.ts";
import type { QueueTx } from "../tx/queue-tx.ts";
import { AlarmClock, type AlarmStorage, nextAlarm } from "./alarm.ts";
import { type Bookmarked, findBookmark, type Place, type PlatformBookmarks, restoreTo } from "./bookmarks.ts";
import { type Duties, prune, runDuties, runFollowUps } from "./on-alarm.ts";
import { openJobsView } from "./open-jobs-view.ts";
import type { QueueDeps } from "./queue-deps.ts";
import { type OpenTx, once, Transactions } from "./transactions.ts";

/** Calls within this time share one follow-up. */
const SHARE_MS = 20;
/** The alarm does the follow-up if the object is evicted before. */
const SAFETY_MS = 5_000;

/** The platform as the queue sees it. The simulators provide a virtual one. */
export interface QueueHost {
  /** The alarm of the object. It fires by calling `Queue.alarm`, never twice at once, and is unset when it fires. */
  storage: AlarmStorage;
  /** Keeps the object in memory until the work has ended. */
  waitUntil(work: Promise<unknown>): void;
  /** The platform's bookmarks of the last 30 days. Undefined in local runs, which keep none. */
  bookmarks?: PlatformBookmarks;
}

/**
 * A queue without its Durable Object: calls, their follow-up, and the work of the alarm. The memory belongs to this
 * instance; after an eviction a new instance opens the same database. A user of the queue extends this class by calls of
 * its own (`reads`, `notes`, `changes`) and by what follows a change.
 */
export abstract class Queue<T extends QueueTx = QueueTx, B extends BeforeRestore = BeforeRestore> {
  readonly transactions: Transactions<T>;
  protected readonly externalJobs: ExternalJobs;
  protected readonly host: QueueHost;
  readonly #deps: QueueDeps;
  readonly #alarm: AlarmClock;
  #following: Promise<void> | null = null;
  /** A change has had no follow-up yet. */
  #isChanged = false;

  constructor(sql: Sql, parts: { tables: Migrations; openTx: OpenTx<T> }, deps: QueueDeps, host: QueueHost) {
    migrate(sql, deps.newQueueId(), parts.tables);
    this.host = host;
    this.#deps = deps;
    this.transactions = new Transactions(sql, deps.clock, parts.openTx);
    this.#alarm = new AlarmClock(host.storage, deps.clock);
    this.externalJobs = deps.watchExternalJobs(openJobsView(this.transactions), (observed) => {
      if (this.transactions.write((tx) => observe(tx, observed)) > 0) this.#follow();
    });
  }

  /** Reads the alarm that is set. Call it before any other method. */
  load(): Promise<void> {
    return this.#alarm.load();
  }

  /* ── What a user of the queue adds ── */

  /** Work after each change, and at each alarm, by name. */
  protected followUps(): Duties {
    return {};
  }

  /** Further times at which the alarm should fire, Unix ms. */
  protected ownTimes(_tx: T): (number | null)[] {
    return [];
  }

  /** How long rows are kept. */
  protected get rules(): Rules {
    return RULES;
  }

  /** Small notes that are written once a minute. */
  protected keepHouse(): void {}

  /** What this database knows and an older copy of it may not. */
  protected abstract beforeRestore(tx: T): B;

  /* ── The object's own life ── */

  /** The cron's call: an alarm that was lost is set again. */
  async rearm(): Promise<void> {
    // This comes before the duties, because the store may delay them.
    await this.#alarm.load();
    this.#alarm.by(this.#next());
    // The platform may lose any number of alarms. The cron does all the work of the alarm, so that no work waits longer
    // than a minute.
    await runDuties(this.transactions, this.#deps, {
      house: () => this.keepHouse(),
      prune: () => prune(this.transactions, this.#deps, this.rules),
      ...this.followUps(),
    });
    this.watch();
    this.#alarm.by(this.#next());
  }

  readonly recover = this.changes(recover);

  async findBookmark(to: Place): Promise<(Bookmarked & { before: B }) | null> {
    const before = this.transactions.read((tx) => this.beforeRestore(tx));
    const found = await findBookmark(this.host.bookmarks, to, this.#deps);
    return found === null ? null : { ...found, before };
  }

  restoreTo(to: Place): Promise<Bookmarked | null> {
    return restoreTo(this.host, to, this.#deps);
  }

  /** Does the work of the alarm. */
  async alarm(): Promise<void> {
    this.#alarm.rang();
    // The platform repeats the alarm if this throws or the object dies. The end sets the next alarm.
    await runDuties(this.transactions, this.#deps, this.followUps());
    this.watch();
    if (this.#following === null) this.#alarm.at(this.#next());
    else this.#alarm.by(this.#next());
  }

  /* ── Kinds of calls ── */

  /** A call that is one read. */
  protected reads<A extends unknown[], R>(work: (tx: T, ...args: A) => R): (...args: A) => R {
    return (...args) => this.transactions.read((tx) => work(tx, ...args));
  }

  /** A call that is one change without a follow-up. */
  protected notes<A extends unknown[], R>(work: (tx: T, ...args: A) => R): (...args: [...A, id?: string]) => R {
    return withId(work, (change, id) => this.note(change, id));
  }

  /** A call that is one change with its follow-up. */
  protected changes<A extends unknown[], R>(work: (tx: T, ...args: A) => R): (...args: [...A, id?: string]) => R {
    return withId(work, (change, id) => this.change(change, id));
  }

  /** Runs a change without a follow-up. `id`: of a call that must happen once. */
  protected note<R>(work: (tx: T) => R, id?: string): R {
    return this.transactions.write((tx) => once(tx, id, work));
  }

  /** Runs a change with its follow-up. */
  protected change<R>(work: (tx: T) => R, id?: string): R {
    const answer = this.note(work, id);
    this.#follow();
    return answer;
  }

  /** Keeps the poller running while a job is open. */
  protected watch(): void {
    const loop = this.externalJobs.keepRunning();
    if (loop !== null) this.host.waitUntil(loop);
  }

  /* ── Inside ── */

  /**
   * Schedules the follow-up of a change in the background: wake handlers, publish, look at the service. The alarm repeats
   * a follow-up that is lost.
   */
  #follow(): void {
    this.#alarm.by(this.#deps.clock.now() + SAFETY_MS);
    this.watch();
    this.#isChanged = true;
    this.#following ??= this.#wakeAndPublish();
    this.host.waitUntil(this.#following);
  }

  async #wakeAndPublish(): Promise<void> {
    await this.#deps.sleep(SHARE_MS);
    this.#isChanged = false;
    await runFollowUps(this.transactions, this.#deps, this.followUps());
    this.#following = null;
    this.#alarm.by(this.#next());
    // Other services take time. Changes meanwhile have woken no handler, so another follow-up runs.
    if (this.#isChanged) this.#follow();
  }

  #next(): number | null {
    try {
      return this.transactions.read((tx) => nextAlarm(tx, this.ownTimes(tx)));
    } catch (error) {
      this.#deps.log("queue.duty_failed", { duty: "next alarm", error: errorText(error) });
      return this.#deps.clock.now() + SAFETY_MS;
    }
  }
}

/** The client's id, if the call has one, stands behind its arguments, none of which is optional. */
function withId<T extends QueueTx, A extends unknown[], R>(
  work: (tx: T, ...args: A) => R,
  run: (change: (tx: T) => R, id: string | undefined) => R,
): (...args: [...A, id?: string]) => R {
  const count = work.length - 1;
  return (...args) => run((tx) => work(tx, ...(args.slice(0, count) as A)), args[count] as string | undefined);
}
