import { HANDLER_WALL_MS } from "@prewarm/shared/limits";
import type { BatchDeps } from "../../workers/consumer/src/making/batch-context.ts";
import { consumeBatch } from "../../workers/consumer/src/making/consume-batch.ts";
import type { CrashPoint } from "../../workers/consumer/src/making/crash-points.ts";
import type { QueueBatch } from "../../workers/consumer/src/platform/queue-message.ts";
import type { Rates } from "./faults.ts";
import { count, type History } from "./history.ts";
import type { Chance } from "./random.ts";
import type { Delivered, SimQueue } from "./sim-queue.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface HandlerDeps {
  clock: VirtualClock;
  chance: Chance;
  rates: () => Rates;
  history: History;
  /** Batches as the platform closes them; undefined: of any size, in any order. */
  batches: { max: number; timeoutMs: number } | undefined;
  /** The deps of one batch; its R2 writes end with its life. */
  batchDeps(lastWrite: number): Omit<BatchDeps, "at">;
}

/** One handler's life. After its death nothing it still does reaches the world, as after the end of an isolate. */
interface Life {
  dead: boolean;
  /** Resolves when the handler stops to be waited for: it died or stalled. */
  left: PromiseWithResolvers<void>;
}

const POLL_MS = 400;
const SHORT_POLL_MS = 20;
const STALL_MAX_MS = 14 * 60_000;
/** A point passed this often is no longer rare. */
const RARE_BELOW = 150;
const RARE_CRASH = 0.02;

/** Wraps every function of an object so that it does nothing once its handler is dead. */
function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (life.dead) throw new Error("the handler is dead (soak)");
        return value.apply(object, args);
      };
    },
  });
}

/** Several real handlers at once over the same queues; some die at a named point, some stall beyond their lease and go on. */
export class Handlers {
  readonly passed = new Map<CrashPoint, number>();
  batches = 0;
  readonly #deps: HandlerDeps;
  #running = true;

  constructor(deps: HandlerDeps, queues: readonly SimQueue[]) {
    this.#deps = deps;
    for (const queue of queues) void this.#loop(queue);
  }

  stop(): void {
    this.#running = false;
  }

  async #loop(queue: SimQueue): Promise<void> {
    const { clock, chance } = this.#deps;
    while (this.#running) {
      const some = chance.hits(0.1) ? 100 : 1 + Math.floor(chance.random() * 15);
      const { batches } = this.#deps;
      const taken = batches === undefined ? queue.take(some) : queue.takeBatch(batches.max, batches.timeoutMs);
      if (taken.length === 0) await clock.sleep(batches === undefined ? POLL_MS : SHORT_POLL_MS);
      else await this.#batch(queue, taken);
    }
  }

  /** Returns when the handler is done, died or stalled; one that stalled goes on behind our back. */
  async #batch(queue: SimQueue, taken: Delivered[]): Promise<void> {
    const { clock } = this.#deps;
    this.batches += 1;
    const life: Life = { dead: false, left: Promise.withResolvers() };
    const endsAt = clock.now() + HANDLER_WALL_MS;
    const cancelWall = clock.after(HANDLER_WALL_MS, () => {
      life.dead = true;
      life.left.resolve();
    });
    const messages = taken.map(({ message }) => mortal(message, life));
    const batch: QueueBatch = {
      queue: queue.name,
      messages,
      metadata: { metrics: { backlogCount: queue.depth + taken.length } },
    };
    const done = consumeBatch(batch, this.#mortalDeps(life, endsAt))
      .catch((error: unknown) => {
        if (!life.dead) this.#deps.history.violation(`the handler threw: ${String(error)}`);
      })
      .finally(cancelWall);
    await Promise.race([done, life.left.promise]);
    for (const one of taken) queue.giveBack(one);
  }

  #mortalDeps(life: Life, endsAt: number): BatchDeps {
    const deps = this.#deps.batchDeps(endsAt + 50_000);
    const check = <A extends unknown[], R>(work: (...args: A) => R): ((...args: A) => R) => {
      return (...args) => {
        if (life.dead) throw new Error("the handler is dead (soak)");
        return work(...args);
      };
    };
    const fetcher = check(deps.fetch) as typeof fetch;
    return {
      ...deps,
      sleep: check(deps.sleep),
      ledger: mortal(deps.ledger, life),
      ittybit: mortal(deps.ittybit, life),
      images: mortal(deps.images, life),
      originals: { ...deps.originals, fetch: fetcher },
      fetch: fetcher,
      at: (point) => this.#at(point, life),
    };
  }

  async #at(point: CrashPoint, life: Life): Promise<void> {
    const { chance, rates, history, clock } = this.#deps;
    if (life.dead) throw new Error("the handler is dead (soak)");
    const times = (this.passed.get(point) ?? 0) + 1;
    this.passed.set(point, times);
    const { crash, stall } = rates();
    if (chance.hits(crash > 0 && times < RARE_BELOW ? RARE_CRASH : crash)) {
      count(history.crashes, point);
      life.dead = true;
      life.left.resolve();
      throw new Error(`killed at ${point} (soak)`);
    }
    if (!chance.hits(stall)) return;
    history.stalls += 1;
    life.left.resolve();
    await clock.sleep(chance.between(30_000, STALL_MAX_MS));
    if (life.dead) throw new Error("the handler is dead (soak)");
  }
}
