import { createMemoryBucket, type Stored } from "../../workers/consumer/src/testing/memory-bucket.ts";
import type { Life } from "./life.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { Hop, Weather } from "./weather.ts";

/** R2 takes one write of a key in this time (developers.cloudflare.com/r2/platform/limits, read 2026-11). */
const SAME_KEY_MS = 1_000;

export interface Put {
  key: string;
  /** Who put it: a handler's owner; null is the ledger's object or a hand. */
  owner: string | null;
  issuedAt: number;
  /** False: its caller is told of no answer, and goes on before it lands. */
  answered: boolean;
}

export interface StoreWatcher {
  /** A put leaves its caller. */
  putIssued(put: Put): void;
  /** An object stands. */
  putLanded(put: Put, object: Stored): void;
}

/** The world's R2: one memory, and a bucket over it for each caller, on whose calls the weather falls. */
export class Store {
  readonly #memory;
  readonly #world: { clock: VirtualClock; weather: Weather; watcher: StoreWatcher };
  readonly #writtenAt = new Map<string, number>();
  #restarts = 0;
  #landing = 0;

  constructor(world: { clock: VirtualClock; weather: Weather; watcher: StoreWatcher }) {
    this.#world = world;
    this.#memory = createMemoryBucket({ keepsCalls: false, random: () => world.clock.random() });
  }

  get objects(): ReadonlyMap<string, Stored> {
    return this.#memory.objects;
  }

  /** An operator's hand. */
  remove(key: string): void {
    this.#memory.objects.delete(key);
  }

  /** What an operator's hand or an older release put there. */
  async leave(key: string, body: string): Promise<void> {
    await this.#memory.bucket.put(key, body);
  }

  /** The machine died: puts that are on their way are lost. */
  dropPuts(): void {
    this.#restarts += 1;
  }

  /** What a caller has sent happens, whatever becomes of the caller meanwhile; but no put lands after its `lastWrite`. */
  bucket(by: Life): R2Bucket {
    const { clock, weather } = this.#world;
    const call =
      (name: "head" | "get" | "delete" | "list") =>
      async (...args: unknown[]): Promise<unknown> => {
        const hop = weather.store(name);
        await clock.sleep(hop.ms);
        if (hop.lost === "call") throw new Error(`R2: internal error on ${name} (world)`);
        const result = await (this.#memory.bucket[name] as (...args: unknown[]) => Promise<unknown>)(...args);
        if (hop.backMs > 0) await clock.sleep(hop.backMs);
        if (hop.lost === "answer") throw new Error(`R2: connection lost on ${name} (world)`);
        return result;
      };
    const bucket = {
      head: call("head"),
      get: call("get"),
      delete: call("delete"),
      list: call("list"),
      put: (...args: Parameters<R2Bucket["put"]>) => this.#put(args, by),
    };
    return bucket as unknown as R2Bucket;
  }

  /** Whether a put is on its way, also one whose caller waits no more. */
  get isLanding(): boolean {
    return this.#landing > 0;
  }

  async #put(args: Parameters<R2Bucket["put"]>, by: Life): Promise<R2Object | null> {
    const { clock, weather, watcher } = this.#world;
    const key = args[0];
    const hop = weather.store("put");
    // Only variants have a condition and a generation, which is what late puts try.
    const late = key.startsWith("variants/") ? weather.latePut() : null;
    const answered = late?.answered ?? true;
    const put = { key, owner: by.owner, issuedAt: clock.now(), answered };
    watcher.putIssued(put);
    const landing = this.#land(args, put, Math.min(hop.ms + (late?.ms ?? 0), by.lastWrite - clock.now()), hop.lost);
    if (answered) return landing;
    landing.catch(() => undefined);
    await clock.sleep(hop.ms * 50);
    throw new Error("R2: no answer (world)");
  }

  async #land(args: Parameters<R2Bucket["put"]>, put: Put, ms: number, lost: Hop["lost"]): Promise<R2Object | null> {
    const restarts = this.#restarts;
    const { clock, weather } = this.#world;
    this.#landing += 1;
    await clock.sleep(ms);
    this.#landing -= 1;
    const written = this.#writtenAt.get(put.key) ?? Number.NEGATIVE_INFINITY;
    if (clock.now() - written < SAME_KEY_MS && weather.refusesWrite())
      throw new Error("R2: too many writes of one key (world)");
    if (lost === "call" || restarts !== this.#restarts) throw new Error("R2: internal error on put (world)");
    const result = await this.#memory.bucket.put(...args);
    const object = this.#memory.objects.get(put.key);
    if (result !== null) this.#writtenAt.set(put.key, clock.now());
    if (result !== null && object !== undefined) this.#world.watcher.putLanded(put, object);
    if (lost === "answer") throw new Error("R2: connection lost on put (world)");
    return result as R2Object | null;
  }
}
