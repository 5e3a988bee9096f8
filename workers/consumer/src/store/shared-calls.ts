import { R2_DELETE_MAX_KEYS } from "@prewarm/shared/limits";
import type { Semaphore } from "../platform/semaphore.ts";
import { DELETE_WITHIN_MS } from "../times.ts";

type Bucket = Pick<R2Bucket, "head" | "list" | "delete" | "put">;
type Options = R2ListOptions & { include?: string[] };

interface ListAsk {
  options: Options & { prefix: string };
  answer(page: R2Objects): void;
  fail(error: unknown): void;
}

interface DeleteAsk {
  names: readonly string[];
  /** Unix ms. */
  at: number;
  answer(): void;
  fail(error: unknown): void;
}

/** The lists of a folder that wait, and how many of them the next call tries to answer. */
interface Lists {
  waiting: ListAsk[];
  together: number;
}

/** Such as `variants/a/`, and `info/a/_`. */
const OF_ONE_IMAGE = /^[^/]+\/[^/]+\//;
/** Objects of a page. */
const PAGE_MAX = 1_000;
/** Objects that a shared list has room for, for each list that it answers. */
const ROOM = 100;
const TOGETHER_MAX = 100;

/**
 * Buckets for callers that list and delete images side by side: lists of neighbours share a call, deletes share one, and
 * all calls go through `connections`. A list of many objects goes on alone behind its first page. Where a shared call
 * fails, all that shared it fail. `now`: Unix ms.
 */
export function sharedBuckets(connections: Pick<Semaphore, "run">, now: () => number) {
  const known = new Map<unknown, unknown>();
  return <B extends Partial<Bucket>>(bucket: B): B => {
    const shared = known.get(bucket) ?? sharedCalls(bucket as B & Bucket, connections, now);
    known.set(bucket, shared);
    return shared as B;
  };
}

function sharedCalls(bucket: Bucket, connections: Pick<Semaphore, "run">, now: () => number): Bucket {
  const lists = new Map<string, Lists>();
  const deletes: DeleteAsk[] = [];
  // A turn may find nothing, because another has taken it, and may put lists back: each ends by another turn if any wait.
  const takeTurn = async (waiting: readonly unknown[], work: () => Promise<void>): Promise<void> => {
    await connections.run(work);
    if (waiting.length > 0) void takeTurn(waiting, work);
  };
  const list = (options: Options = {}): Promise<R2Objects> => {
    const { prefix = "", include = [] } = options;
    if (options.cursor !== undefined || !OF_ONE_IMAGE.test(prefix)) return connections.run(() => bucket.list(options));
    const folder = `${prefix.slice(0, prefix.indexOf("/") + 1)} ${include}`;
    const those = lists.get(folder) ?? { waiting: [], together: 1 };
    lists.set(folder, those);
    return new Promise((answer, fail) => {
      those.waiting.push({ options: { ...options, prefix }, answer, fail });
      void takeTurn(those.waiting, () => listSome(bucket, those));
    });
  };
  const deleteThem = (names: string | string[]): Promise<void> =>
    new Promise((answer, fail) => {
      deletes.push({ names: [names].flat(), at: now(), answer, fail });
      void takeTurn(deletes, () => deleteSome(bucket, deletes, now()));
    });
  return {
    list: list as R2Bucket["list"],
    delete: deleteThem,
    head: (key) => connections.run(() => bucket.head(key)),
    put: ((...args: Parameters<R2Bucket["put"]>) => connections.run(() => bucket.put(...args))) as R2Bucket["put"],
  };
}

/** Answers one of the lists that wait, or more. It puts those back that the call did not answer. */
async function listSome(bucket: Bucket, lists: Lists): Promise<void> {
  const [first, ...others] = lists.waiting.splice(0, lists.together);
  if (first === undefined) return;
  const asks = [first, ...others].sort((a, b) => (a.options.prefix < b.options.prefix ? -1 : 1));
  try {
    const answered = others.length === 0 ? 0 : await listTogether(bucket, asks);
    // Where the images are far from each other, each list is a call of its own.
    lists.together = answered === asks.length || others.length === 0 ? Math.min(TOGETHER_MAX, 2 * lists.together) : 1;
    const left = asks.slice(answered);
    if (answered === 0) left.shift()?.answer(await bucket.list((asks[0] ?? first).options));
    lists.waiting.unshift(...left);
  } catch (error) {
    for (const { fail } of asks) fail(error);
  }
}

/** Lists from the first of these prefixes on, in their order. How many of them the page has answered as a whole. */
async function listTogether(bucket: Bucket, asks: readonly ListAsk[]): Promise<number> {
  const [first] = asks;
  if (first === undefined) return 0;
  const { prefix, include = [] } = first.options;
  const options: Options = {
    prefix: prefix.slice(0, prefix.indexOf("/") + 1),
    // A name without its last character is before it.
    startAfter: prefix.slice(0, -1),
    limit: Math.min(PAGE_MAX, ROOM * asks.length),
    ...(include.length === 0 ? {} : { include }),
  };
  const page = await bucket.list(options);
  const last = page.objects.at(-1)?.key ?? "";
  const isWhole = ({ options: one }: ListAsk) => !page.truncated || (last > one.prefix && !last.startsWith(one.prefix));
  const behind = asks.findIndex((ask) => !isWhole(ask));
  const whole = behind === -1 ? asks : asks.slice(0, behind);
  for (const { options: one, answer } of whole) {
    const objects = page.objects.filter(({ key }) => key.startsWith(one.prefix));
    answer({ objects, truncated: false, delimitedPrefixes: [] });
  }
  return whole.length;
}

/** Makes the deletes that wait, as many as one call takes. */
async function deleteSome(bucket: Bucket, deletes: DeleteAsk[], now: number): Promise<void> {
  const asks: DeleteAsk[] = [];
  for (let room = R2_DELETE_MAX_KEYS; ; ) {
    const [next] = deletes;
    if (next === undefined || (asks.length > 0 && next.names.length > room)) break;
    deletes.shift();
    room -= next.names.length;
    if (now - next.at > DELETE_WITHIN_MS) next.fail(new Error("the delete waited too long for a connection"));
    else asks.push(next);
  }
  if (asks.length === 0) return;
  try {
    await bucket.delete(asks.flatMap(({ names }) => names));
    for (const { answer } of asks) answer();
  } catch (error) {
    for (const { fail } of asks) fail(error);
  }
}
