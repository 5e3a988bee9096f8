import { stagedSegment } from "@prewarm/shared/staged-name";
import { testSite } from "@prewarm/shared/testing/test-site";
import type { GateView } from "../../../workers/consumer/src/ledger/calls.ts";
import { ittybitOver } from "../../../workers/consumer/src/testing/test-service.ts";
import { type Chance, createChance } from "../chance.ts";
import { VirtualClock } from "../virtual-clock.ts";
import type { Copy } from "../virtual-object.ts";
import { type Hop, scripted, type Weather } from "../weather.ts";
import { World } from "../world.ts";
import { killsAtFault } from "./commit-checks.ts";
import { Invariants } from "./invariants.ts";
import type { Pictures } from "./pictures.ts";
import { emptyScript, ORIGINALS, type Script, STAGED, Upstream } from "./upstream.ts";

/** Few, so that jobs wait for each other. */
export const SLOTS = 3;
/** A month turns in the history of whoever waits for a day. */
const BORN_AT = Date.UTC(2026, 0, 31, 12);
const CONFIG = testSite({
  sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }],
  limits: { liveRowsPerImageDay: 1_000, maxAttempts: 4 },
  gate: { concurrency: SLOTS, ratePerSecond: 5, burst: 3 },
  budget: { month: null },
});
/** Handlers from before a restore are judged no more until they have ended, and what they made is never. */
const EXCUSED_MS = 2_500_000;
/** By then after a restore jobs from before have been found in Ittybit's list. */
const FOUND_MS = 130_000;

/** An operator whose call failed. */
const ASK_AGAIN_MS = 2_000;

const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7);

/** What a history does to its world beside the weather. */
interface Site {
  script: Script;
  poison: string | null;
  kills: number;
  /** Until when the weather has kept calls and puts, and messages, from going as they should, Unix ms. */
  trouble: { calls: number; messages: number };
}

interface Budget {
  monthly: number;
  /** When it was set, Unix ms. */
  since: number;
}

/** The world of one history: its time stands still between two commands, and Ittybit is in memory. */
export class HistoryWorld extends World {
  readonly upstream: Upstream;
  readonly invariants: Invariants;
  readonly #site: Site;
  /** The last operation of each image. */
  readonly #operated = new Map<string, Promise<void>>();
  #behind = 0;
  #numbers = 0;
  #slots = { now: SLOTS, before: SLOTS };
  #budget: Budget | null = null;
  /** Of each job that was made. */
  readonly #months: string[] = [];
  #copy: { tables: Copy; slots: number; budget: Budget | null } | null = null;
  #excusedUntil = Number.NEGATIVE_INFINITY;
  #isPutBack = false;

  constructor(seed: number, pictures: Pictures) {
    const chance = createChance(seed);
    const clock = new VirtualClock(BORN_AT, chance.random);
    const site: Site = { script: emptyScript(), poison: null, kills: 0, trouble: { calls: 0, messages: 0 } };
    const script = (): Script => site.script;
    const upstream = new Upstream({ clock, chance, pictures, script });
    const invariants = new Invariants(clock, chance, upstream);
    const weather = poisoned(noticed(scripted(script, chance), clock, site), chance, site, {
      isBlamed: () => this.skewMs < RINGS_LATE_MS,
      violation: (text) => invariants.violation(text),
    });
    super({
      config: CONFIG,
      clock,
      chance,
      weather,
      watcher: invariants,
      outside: {
        engine: ittybitOver(() => upstream.client),
        fetch: upstream.fetch,
        stagedUrl: async ({ id, ...name }) => `${STAGED}/${stagedSegment(name)}/${id}`,
      },
      queues: {
        live: { name: "prewarm-live", handlers: 20, batch: { max: 10, timeoutMs: 300 }, unruly: true },
        work: { name: "prewarm-work", handlers: 20, batch: { max: 1, timeoutMs: 0 }, unruly: true },
      },
      log: (event, fields) => invariants.logged(event, fields),
    });
    this.upstream = upstream;
    upstream.staged = (name) => this.store.objects.get(name)?.bytes;
    this.invariants = invariants;
    this.#site = site;
    invariants.attach(this);
  }

  /* ── What its judges ask ── */

  get troubleUntil(): number {
    return Math.max(this.#site.trouble.calls, this.skewMs === 0 ? 0 : this.clock.now());
  }

  get queueTroubleUntil(): number {
    return this.#site.trouble.messages;
  }

  get poison(): string | null {
    return this.#site.poison;
  }

  override get deaths(): number {
    return super.deaths + this.object.counts.callsHung + this.invariants.givenUp;
  }

  get blamedDeaths(): number {
    return this.deaths - this.invariants.blameless;
  }

  get hasBudget(): boolean {
    return this.#budget !== null;
  }

  /** True for ever at rest: what stood in R2 and in the rows need not agree any more. */
  get isExcused(): boolean {
    return this.clock.now() < this.#excusedUntil;
  }

  /** Once nothing is held back any more, the ledger has found what runs from before, if it could look. */
  get areSlotsExcused(): boolean {
    const putBackAt = this.#excusedUntil - EXCUSED_MS;
    return this.isExcused && (this.clock.now() < putBackAt + FOUND_MS || this.troubleUntil > putBackAt);
  }

  get wasEverRestored(): boolean {
    return Number.isFinite(this.#excusedUntil);
  }

  wasRestored(): boolean {
    const was = this.#isPutBack;
    this.#isPutBack = false;
    return was;
  }

  /** So many slots may be taken, of which so many are: fewer hold once the surplus is given back. */
  slots(taken: number): number {
    const { now, before } = this.#slots;
    if (taken <= now) this.#slots.before = now;
    return Math.max(now, before);
  }

  /**
   * A job was made, for a grant of this time by the ledger's clock, by which its month is told (null: nobody knows of the
   * grant any more). The month's jobs are no more than were allowed before.
   */
  made(grantedAt: number | null): void {
    const month = monthOf(grantedAt || this.clock.now());
    this.#months.push(month);
    const budget = this.#budget;
    // A restored ledger knows nothing of the jobs made since its copy.
    if (budget === null || this.wasEverRestored || grantedAt === null || grantedAt <= budget.since) return;
    const made = this.#months.filter((one) => one === month).length;
    if (made > budget.monthly) this.invariants.violation(`job ${made} in a month of ${budget.monthly}`);
  }

  /* ── What is done to it ── */

  poisonKey(key: string): void {
    this.#site.poison ??= key;
    this.invariants.mayDie = true;
  }

  /** Both queues lose all they hold. */
  loseMessages(): void {
    this.work.forget();
    this.live.forget();
    this.#site.trouble.messages = Math.max(this.#site.trouble.messages, this.clock.now());
  }

  /** It was ordered: what it killed before does not count. */
  ordered(key: string): void {
    if (key === this.#site.poison) this.#site.kills = 0;
  }

  /** What the gate says that it is set to. */
  gateSet({ concurrency, budget: { monthlyJobs } }: GateView): void {
    const { now, before } = this.#slots;
    this.#slots = { now: concurrency, before: Math.max(now, before) };
    this.#budget = monthlyJobs === null ? null : { monthly: monthlyJobs, since: this.clock.now() };
  }

  /** Makes a copy of the database, or puts the one that was made back. */
  async copyOrPutBack(): Promise<void> {
    const copy = this.#copy;
    this.#copy = copy === null ? { tables: this.object.copy(), slots: this.#slots.now, budget: this.#budget } : null;
    if (copy === null) return;
    // The gate is set again to what it was set to then.
    this.#slots = { now: copy.slots, before: Math.max(this.#slots.now, this.#slots.before) };
    this.#budget = copy.budget;
    this.#excusedUntil = this.clock.now() + EXCUSED_MS;
    this.#isPutBack = true;
    this.invariants.promises.forget();
    this.object.putBack(copy.tables);
    await this.ask((ledger) => ledger.restored("history", {}, null));
  }

  /** Nobody reaches the ledger for so long. Workers that were woken meanwhile give up, and for a while it takes them to be on their way. */
  outage(ms: number): void {
    for (const kind of ["calls", "messages"] as const) noteTrouble(this.#site, kind, this.clock.now() + ms);
    this.object.goDown(ms);
  }

  /** The ledger's clock jumps. What it has noted by the other one is due that much sooner or later. */
  skew(ms: number): void {
    noteTrouble(this.#site, "calls", this.clock.now() + Math.abs(ms - this.skewMs));
    this.skewMs = ms;
  }

  /** What is to go wrong next. */
  get script(): Script {
    return this.#site.script;
  }

  /** Nothing goes wrong any more. */
  clearUp(): void {
    this.#site.script = emptyScript();
    this.#site.poison = null;
    this.skew(0);
    this.upstream.missing.clear();
  }

  protected override eachMinute(): void {
    this.invariants.checkOverdue();
  }

  override get isIdle(): boolean {
    return super.isIdle && !this.isAsked;
  }

  /** Somebody waits for an answer. */
  get isAsked(): boolean {
    return this.#behind > 0;
  }

  /** A number that was not given before. */
  next(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  viewed(key: string): void {
    this.invariants.promises.asked.add(key);
    this.view(key, { unknown: this.clock.random() < 0.3 }, this.clock.random() < 0.4);
  }

  /** An operator blocks an image, or lifts its block: one after the other, and again until R2 and the ledger have answered. */
  operate(image: string, act: () => Promise<void>): Promise<void> {
    const before = this.#operated.get(image) ?? Promise.resolve();
    const mine = before.then(async () => {
      while (!(await attempt(act))) await this.clock.sleep(ASK_AGAIN_MS);
    });
    this.#operated.set(image, mine);
    return mine;
  }

  /** Goes on while the history goes on; its failure is a violation. */
  behind(work: Promise<unknown>): void {
    this.#behind += 1;
    work
      .catch((error: unknown) => this.invariants.violation(`an asker's call threw: ${String(error)}`))
      .finally(() => {
        this.#behind -= 1;
      });
  }
}

async function attempt(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch {
    return false;
  }
}

/** Whatever is late until then, Unix ms, has its reason. */
function noteTrouble({ trouble }: Site, kind: keyof Site["trouble"], until: number): void {
  trouble[kind] = Math.max(trouble[kind], until);
}

/** The same weather; what it does to calls, puts and messages is written down. */
function noticed(weather: Weather, clock: VirtualClock, site: Site): Weather {
  const note = (kind: keyof Site["trouble"], ms = 0): void => noteTrouble(site, kind, clock.now() + ms);
  const hop = (one: Hop): Hop => {
    if (one.lost !== null || one.ms > 1_000) note("calls", one.ms);
    return one;
  };
  return {
    ...weather,
    wire: () => hop(weather.wire()),
    store: (call) => hop(weather.store(call)),
    send() {
      const how = weather.send();
      if (how !== "sent") note("calls");
      return how;
    },
    sendMs() {
      const ms = weather.sendMs();
      if (ms > 1_000) note("calls", ms);
      return ms;
    },
    refusesWrite() {
      note("calls");
      return weather.refusesWrite();
    },
    latePut() {
      const late = weather.latePut();
      if (late !== null) note("calls", late.ms);
      return late;
    },
    message() {
      const copies = weather.message();
      const ms = Math.min(...copies);
      if (copies.length === 0 || ms > 1_000) note("messages", Number.isFinite(ms) ? ms : 0);
      return copies;
    },
  };
}

/** A ledger whose alarm rings this much later than it was set for takes itself to have slept through each lease, and blames nobody. */
const RINGS_LATE_MS = 5_000;

interface PoisonJudge {
  isBlamed(): boolean;
  violation(text: string): void;
}

/** And one job kills nearly every handler that works on it. */
function poisoned(weather: Weather, chance: Chance, site: Site, { isBlamed, violation }: PoisonJudge): Weather {
  return {
    ...weather,
    alarm() {
      const fate = weather.alarm();
      // A ledger whose alarm does not fire sleeps, and counts no crash of a handler that dies meanwhile: the kills are counted anew.
      if (fate !== "fires" && fate !== "twice") site.kills = 0;
      return fate;
    },
    point(point, key) {
      if (key === undefined || key !== site.poison || !chance.hits(0.9)) return weather.point(point, key);
      if (isBlamed()) site.kills += 1;
      const fault = killsAtFault(site.kills);
      if (fault !== null) violation(fault);
      return "dies";
    },
  };
}
