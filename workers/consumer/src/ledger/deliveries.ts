import { type Accepted, getDoc, putDoc, type Sql } from "@prewarm/durable-queue";
import type { AcceptAnswer } from "../images/calls.ts";
import type { ImageTx } from "../images/image-tx.ts";
import type { DeliveryNote, KeptDelivery } from "./calls.ts";

/** Maximum of remembered deliveries. Repeated refusals of one sender are one delivery. */
const KEEP = 200;
const MERGE_MS = 600_000;
/** The newest deliveries have a document of their own, so that a delivery writes 4 kB and not 40. */
const NEWEST = 20;

/**
 * The last deliveries of hooks, for operators. The transaction that finishes a delivery stores it. An eviction loses
 * only counted refusals of the last minute, which the cron stores.
 */
export class Deliveries {
  #list: KeptDelivery[];
  /** The first so many are not in the document of the older ones. */
  #newest: number;
  #isSaved = true;

  constructor(sql: Sql) {
    const [newest, older] = [read(sql, "deliveries-new"), read(sql, "deliveries")];
    this.#list = [...newest, ...older].slice(0, KEEP);
    this.#newest = newest.length;
  }

  add(notes: readonly DeliveryNote[], now: number): void {
    for (const note of notes) this.#addOne(note, now);
    this.#isSaved = false;
  }

  /** Repeated refusals of one sender only raise its number. */
  #addOne(note: DeliveryNote, now: number): void {
    const place = this.#list.findIndex((one) => one.hook === note.hook && one.verdict === note.verdict);
    const same = this.#list[place];
    const isAgain =
      same !== undefined && note.verdict === "refused" && same.why === note.why && now - same.at < MERGE_MS;
    if (isAgain) this.#list.splice(place, 1);
    // What leaves the older ones changes their document too.
    this.#newest = isAgain ? (place < this.#newest ? this.#newest : KEEP) : this.#newest + 1;
    this.#list = [{ ...note, n: isAgain ? note.n + same.n : note.n, at: now }, ...this.#list].slice(0, KEEP);
  }

  /** The newest first. */
  list(): readonly KeptDelivery[] {
    return this.#list;
  }

  /** Stores the deliveries, if they have changed. */
  save(sql: Sql): void {
    if (this.#isSaved) return;
    if (this.#newest > NEWEST) {
      putDoc(sql, "deliveries", JSON.stringify(this.#list));
      this.#newest = 0;
    }
    putDoc(sql, "deliveries-new", JSON.stringify(this.#list.slice(0, this.#newest)));
    this.#isSaved = true;
  }

  get isSaved(): boolean {
    return this.#isSaved;
  }
}

function read(sql: Sql, name: string): KeptDelivery[] {
  const body = getDoc(sql, name);
  return body === null ? [] : (JSON.parse(body) as KeptDelivery[]);
}

/** Lists deliveries, in the transaction of what they did. */
export function listDeliveries(tx: ImageTx, notes: readonly DeliveryNote[]): void {
  const deliveries = tx.memory.of(Deliveries);
  deliveries.add(notes, tx.now);
  deliveries.save(tx.sql);
}

/** A note with what only the ledger knows: numbers, removed images, and the run if the delivery named a variant. */
export function withCounts(
  note: DeliveryNote,
  {
    accepted,
    duplicates,
    existing,
    outdated,
    removed,
  }: Accepted & Pick<AcceptAnswer, "removed"> & { outdated: number },
  run: string,
): DeliveryNote {
  const counted = {
    accepted: note.accepted + accepted,
    duplicates: note.duplicates + duplicates,
    existing: note.existing + existing,
    ignored: note.ignored + outdated - (removed?.keys ?? 0),
    rejected: note.rejected + (removed?.rejected.length ?? 0),
  };
  const isInRun = counted.accepted + counted.duplicates + counted.existing > 0;
  const [first] = removed?.rejected ?? [];
  const why = note.why ?? (first === undefined ? null : `${first.code}: ${first.message}`);
  return { ...note, ...counted, why, run: isInRun ? run : null };
}
