import type { Trouble } from "@prewarm/control-schema/troubles";
import { getDoc, putDoc, type Sql } from "@prewarm/durable-queue";
import type { ImageTx } from "../images/image-tx.ts";
import type { LedgerNumbers } from "./calls.ts";
import { tellNow } from "./events.ts";
import { forgetChanged, withAcknowledged } from "./troubles/acknowledged.ts";
import { type Book, type Change, look } from "./troubles/book.ts";
import { factsOf } from "./troubles/facts.ts";
import { troublesOf, worstFirst } from "./troubles/rules.ts";
import type { Found } from "./troubles/said.ts";

/*
 * The list of troubles of a transaction, and the look at it that notes since when each stands and tells others.
 */

/** The next look after a change comes no sooner, in ms: where nobody is told, only the age of a trouble depends on it. */
const LOOK_MS = { toTell: 5_000, else: 55_000 };
/** Without a change that others are told of, the document is written this often at most, in ms. An eviction forgets the rest. */
const WRITE_MS = 60_000;

/** The document `troubles`. */
class TroubleBook {
  book: Book;
  lookedAt = 0;
  #written: { text: string; at: number };

  constructor(sql: Sql) {
    const text = getDoc(sql, "troubles") ?? "{}";
    this.book = JSON.parse(text) as Book;
    this.#written = { text, at: 0 };
  }

  /** Writes the book at once when others are told of a change, else once a minute. */
  write(sql: Sql, changes: readonly Change[], now: number): void {
    if (changes.length === 0 && now - this.#written.at < WRITE_MS) return;
    const text = JSON.stringify(this.book);
    if (text === this.#written.text) return;
    putDoc(sql, "troubles", text);
    this.#written = { text, at: now };
  }
}

/** Everything that the ledger knows to be wrong, the worst first. */
export function foundTroubles(tx: ImageTx, numbers: LedgerNumbers): Found[] {
  const { book } = tx.memory.of(TroubleBook);
  return worstFirst(
    troublesOf(factsOf(tx, numbers)).map((one) => ({ ...one, since: one.since ?? book[one.key]?.since ?? null })),
  );
}

/** The same as operators see it. */
export function troublesNow(tx: ImageTx, numbers: LedgerNumbers): Trouble[] {
  return withAcknowledged(tx, foundTroubles(tx, numbers));
}

/** Whether the last look is long enough ago. */
export function isLookDue({ memory, now, site }: ImageTx): boolean {
  const ms = site.events.length === 0 ? LOOK_MS.else : LOOK_MS.toTell;
  return Math.abs(now - memory.of(TroubleBook).lookedAt) >= ms;
}

/** Notes since when each trouble stands, forgets what was acknowledged of others, and tells what has changed. */
export function lookAtTroubles(tx: ImageTx, numbers: LedgerNumbers, controlUrl: string | null): void {
  const kept = tx.memory.of(TroubleBook);
  const found = foundTroubles(tx, numbers);
  forgetChanged(tx, found);
  const { book, changes } = look(kept.book, withAcknowledged(tx, found), tx.now);
  for (const change of changes) tellNow(tx, `trouble.${change.kind}`, dataOf(change, controlUrl));
  Object.assign(kept, { book, lookedAt: tx.now });
  kept.write(tx.sql, changes, tx.now);
}

/** `url`: the overview at the time when the trouble began. Without an address of the dashboard it is only a path. */
function dataOf(change: Change, controlUrl: string | null): Record<string, unknown> {
  const { trouble, since } = change;
  const end = change.kind === "closed" ? { forMs: change.forMs, count: change.count } : {};
  return { ...trouble, since, ...end, url: `${controlUrl ?? ""}/?at=${since}` };
}
