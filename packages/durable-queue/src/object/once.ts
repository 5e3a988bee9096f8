import { readInbox, writeInbox } from "../tables/inbox.ts";
import type { QueueTx } from "../tx/queue-tx.ts";

/*
 * A caller that loses an answer repeats its call, because no error of the platform proves that the call was not heard.
 * A call that must happen once carries an id. The transaction of the call writes the answer into the inbox, and the
 * inbox answers every repeat.
 */

/** Deliveries have names of their own, which contain a `#`. */
const inboxId = (id: string): string => `call:${id}`;

/** Does the work of a call, unless it was heard before. Callers of before release 0.2 send no `id`. */
export function once<T extends QueueTx, R>(tx: T, id: string | undefined, work: (tx: T) => R): R {
  if (id === undefined) return work(tx);
  const before = readInbox(tx, inboxId(id));
  if (before !== null) return JSON.parse(before.answer) as R;
  const answer = work(tx);
  writeInbox(tx, { id: inboxId(id), hash: "", run: "", answer: JSON.stringify(answer ?? null) });
  return answer;
}
