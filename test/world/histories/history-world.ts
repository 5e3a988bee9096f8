import { defineConfig } from "@prewarm/shared/config";
import { createChance } from "../chance.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { type Hop, scripted, type Weather } from "../weather.ts";
import { World } from "../world.ts";
import { Invariants } from "./invariants.ts";
import type { Pictures } from "./pictures.ts";
import { emptyScript, ORIGINALS, type Script, Upstream } from "./upstream.ts";

const BORN_AT = Date.UTC(2026, 0, 1);
const CONFIG = defineConfig({
  sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }],
  limits: { liveRowsPerImageDay: 1_000, maxAttempts: 4 },
  gate: { concurrency: 40, ratePerSecond: 5, burst: 5, monthlyJobs: null },
});
const BATCH = { max: 10, timeoutMs: 300 };

/** The world of one history: its time stands still between two commands, and Ittybit is in memory. */
export class HistoryWorld extends World {
  readonly upstream: Upstream;
  readonly invariants: Invariants;
  readonly #site: { script: Script };
  readonly #trouble: { until: number };
  #behind = 0;
  #numbers = 0;

  constructor(seed: number, pictures: Pictures) {
    const chance = createChance(seed);
    const clock = new VirtualClock(BORN_AT, chance.random);
    const site = { script: emptyScript() };
    const trouble = { until: 0 };
    const script = (): Script => site.script;
    const upstream = new Upstream({ clock, chance, pictures, script });
    const invariants = new Invariants(clock, chance, upstream);
    super({
      ...{
        config: CONFIG,
        clock,
        chance,
        weather: noticed(scripted(script, chance), clock, trouble),
        watcher: invariants,
      },
      outside: { ittybit: upstream.client, fetch: upstream.fetch, allowLoopbackHttp: false },
      queues: {
        live: { name: "prewarm-live", handlers: 20, batch: BATCH, unruly: true },
        work: { name: "prewarm-work", handlers: 20, batch: BATCH, unruly: true },
      },
      log: (event, fields) => invariants.logged(event, fields),
    });
    this.upstream = upstream;
    this.invariants = invariants;
    this.#site = site;
    this.#trouble = trouble;
    invariants.attach(this);
  }

  /** What is to go wrong next. */
  get script(): Script {
    return this.#site.script;
  }

  /** Until when the weather has kept calls, sends or puts from going as they should, Unix ms. */
  get troubleUntil(): number {
    return this.#trouble.until;
  }

  /** Nothing goes wrong any more. */
  clearUp(): void {
    this.#site.script = emptyScript();
    this.upstream.missing.clear();
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
    this.invariants.asked.add(key);
    this.view(key);
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

/** The same weather; what it does to calls and puts is written down. */
function noticed(weather: Weather, clock: VirtualClock, trouble: { until: number }): Weather {
  const note = (hop: Hop): Hop => {
    if (hop.lost !== null) trouble.until = Math.max(trouble.until, clock.now());
    return hop;
  };
  return {
    ...weather,
    wire: () => note(weather.wire()),
    store: (call) => note(weather.store(call)),
    latePut() {
      const late = weather.latePut();
      if (late !== null) trouble.until = Math.max(trouble.until, clock.now() + late.ms);
      return late;
    },
  };
}
