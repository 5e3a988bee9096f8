import type { HookDelivery } from "@prewarm/control-schema/hooks";
import { getDoc, putDoc } from "@prewarm/durable-queue/schema/docs";
import type { Sql } from "@prewarm/durable-queue/schema/sql";
import type { DeliveryNote } from "./contract.ts";

/** Maximum of remembered deliveries. Repeated refusals of one sender are one delivery. */
const KEEP = 200;
const MERGE_MS = 600_000;

/**
 * The last deliveries of hooks, for operators. A delivery writes no row: memory keeps the deliveries, and one document
 * a minute stores changes. An eviction loses the changes of that minute. Only this list depends on them.
 */
export class Deliveries {
  #list: HookDelivery[];
  #isSaved = true;

  constructor(sql: Sql) {
    const body = getDoc(sql, "deliveries");
    this.#list = body === null ? [] : (JSON.parse(body) as HookDelivery[]);
  }

  add(notes: readonly DeliveryNote[], now: number): void {
    for (const note of notes) {
      const same = this.#list.find((one) => one.hook === note.hook && one.verdict === note.verdict);
      // Repeated refusals of one sender only raise its number.
      const isAgain = note.verdict === "refused" && same?.why === note.why && now - same.at < MERGE_MS;
      const n = isAgain ? note.n + (same?.n ?? 0) : note.n;
      const others = isAgain ? this.#list.filter((one) => one !== same) : this.#list;
      this.#list = [{ ...note, n, at: now }, ...others].slice(0, KEEP);
    }
    this.#isSaved = false;
  }

  /** The newest first. */
  list(): readonly HookDelivery[] {
    return this.#list;
  }

  /** Stores the deliveries, if they have changed. */
  save(sql: Sql): void {
    if (this.#isSaved) return;
    putDoc(sql, "deliveries", JSON.stringify(this.#list));
    this.#isSaved = true;
  }

  get isSaved(): boolean {
    return this.#isSaved;
  }
}
