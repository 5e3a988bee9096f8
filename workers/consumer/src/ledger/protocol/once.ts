import { readInbox, writeInbox } from "../tables/inbox.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/*
 * A caller that loses an answer repeats its call, because no error of the platform proves that the call was not heard.
 * A call that must happen once carries an id. The transaction of the call writes the answer into the inbox, and the
 * inbox answers every repeat.
 */

/** Deliveries have names of their own, which contain a `#`. */
const inboxId = (id: string): string => `call:${id}`;

/** Does the work of a call, unless it was heard before. Callers of before release 0.2 send no `id`. */
export function once<T>(tx: LedgerTx, id: string | undefined, work: (tx: LedgerTx) => T): T {
  if (id === undefined) return work(tx);
  const before = answerOf<T>(tx, id);
  if (before !== null) return before.answer;
  const answer = work(tx);
  writeInbox(tx, { id: inboxId(id), hash: "", run: "", answer: JSON.stringify(answer ?? null) });
  return answer;
}

/** The answer of the first call. Null: the call was not heard before. */
export function answerOf<T>(tx: LedgerTx, id: string | undefined): { answer: T } | null {
  const known = id === undefined ? null : readInbox(tx, inboxId(id));
  return known === null ? null : { answer: JSON.parse(known.answer) as T };
}
