import type { LandedPut } from "./r2-model.ts";
import type { World } from "./world.ts";

/** Puts are taken to land within this many seconds; what lands later, only the object's generation fences. */
const PUT_SECONDS = 60;

/** Sees what must hold at every step of a history: I4, I7 and P10. */
export class Watch {
  readonly #world: World;
  #seen = -1;
  /** Since when a row is shown cancelled, in seconds. */
  readonly #cancelledAt = new Map<string, number>();
  /** The owner a row had when it got the intent that cancelled it. */
  readonly #toldToStop = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  rows(): void {
    const { sql, upstream, bad, t } = this.#world;
    const changes = Number(sql.exec("SELECT total_changes() AS n")[0]?.n) + upstream.jobs.length;
    if (changes === this.#seen) return;
    this.#seen = changes;
    const rows = sql.exec("SELECT key, state, owner, gen, granted, intent FROM jobs");
    const holding = rows.filter(({ granted, state }) => Number(granted) > 0 && Number(state) < 3);
    const slots = new Set([...holding, ...sql.exec("SELECT gen FROM abandoned")].map(({ gen }) => gen));
    for (const job of upstream.running(t)) if (!slots.has(job.gen)) bad.push(`leaked slot ${job.key}`);
    for (const { key, state, owner, intent } of rows) this.#row(String(key), Number(state), owner, intent === 1);
  }

  #row(key: string, state: number, owner: unknown, isToStop: boolean): void {
    const { bad, wants, t } = this.#world;
    const isCancelled = state === 5;
    if (isCancelled && owner !== null) bad.push(`cancelled and owned ${key}`);
    if (isToStop && owner !== null) this.#toldToStop.set(key, String(owner));
    else if (!isCancelled) this.#toldToStop.delete(key);
    // It has had its end: what comes later is somebody else's.
    if (owner === null && [3, 4, 6].includes(state)) wants.delete(key);
    if (!isCancelled) this.#cancelledAt.delete(key);
    else if (!this.#cancelledAt.has(key)) this.#cancelledAt.set(key, t);
  }

  put({ key, issuedAt, owner }: LandedPut): void {
    const { bad, t } = this.#world;
    if (this.#world.row(key)?.state !== 5) return;
    const cancelledAt = this.#cancelledAt.get(key);
    const told = this.#toldToStop.get(key) === owner && t - issuedAt <= PUT_SECONDS;
    if (told) bad.push(`stored after its owner was cancelled ${key}`);
    if (cancelledAt !== undefined && issuedAt > cancelledAt) bad.push(`stored after cancelled ${key}`);
  }
}
