import type { DeliveryNote, DeliveryView } from "../contract.ts";
import { getDoc, putDoc } from "../tables/docs.ts";
import type { Sql } from "../tables/sql.ts";

/** Deliveries that are remembered; a sender that is refused again and again is one of them. */
const KEEP = 200;
const MERGE_MS = 600_000;

/**
 * The last deliveries of hooks, for operators. No row is written for one: they are remembered, and put into one document once a minute where
 * there is news. An eviction before that loses them, and nothing but this list stands on them.
 */
export class Deliveries {
  #list: DeliveryView[];
  #isSaved = true;

  constructor(sql: Sql) {
    const body = getDoc(sql, "deliveries");
    this.#list = body === null ? [] : (JSON.parse(body) as DeliveryView[]);
  }

  add(notes: readonly DeliveryNote[], now: number): void {
    for (const note of notes) {
      const same = this.#list.find((one) => one.hook === note.hook && one.verdict === note.verdict);
      // Of what a sender does over and over only the number is news.
      const isAgain = note.verdict === "refused" && same?.why === note.why && now - same.at < MERGE_MS;
      const n = isAgain ? note.n + (same?.n ?? 0) : note.n;
      const others = isAgain ? this.#list.filter((one) => one !== same) : this.#list;
      this.#list = [{ ...note, n, at: now }, ...others].slice(0, KEEP);
    }
    this.#isSaved = false;
  }

  /** The newest first. */
  list(): readonly DeliveryView[] {
    return this.#list;
  }

  /** Writes them down, if there is news. */
  save(sql: Sql): void {
    if (this.#isSaved) return;
    putDoc(sql, "deliveries", JSON.stringify(this.#list));
    this.#isSaved = true;
  }

  get isSaved(): boolean {
    return this.#isSaved;
  }
}
