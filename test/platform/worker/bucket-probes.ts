import type { Facts } from "../expect.ts";

/** What a probe of the bucket works with. */
export interface BucketProbe {
  bucket: R2Bucket;
  /** Keys begin with it: nothing else uses them. */
  prefix: string;
}

const ROUNDS = 10;
const RACERS = 5;
const LISTED = 60;
/** Of R2's 8,192 bytes of metadata. */
const METADATA_BYTES = 7_000;
const MOST_KEYS = 1_000;

export async function putIfAbsent({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const key = `${prefix}absent`;
  const onlyIf = { etagDoesNotMatch: "*" };
  const first = await bucket.put(key, "first", { onlyIf });
  await pause();
  const second = await bucket.put(key, "second", { onlyIf });
  return {
    "the first put writes": first !== null,
    "the second put writes": second !== null,
    "the first bytes are still there": (await text(bucket, key)) === "first",
  };
}

/** Puts that meet, each only if the object is absent. A refusal by 429 is no win. */
export async function raceIfAbsent({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const key = `${prefix}race`;
  const racers = Array.from({ length: RACERS }, (_, n) =>
    bucket.put(key, `racer ${n}`, { onlyIf: { etagDoesNotMatch: "*" } }).catch(() => null),
  );
  const won = (await Promise.all(racers)).flatMap((object, n) => (object === null ? [] : [`racer ${n}`]));
  return {
    "puts that wrote": won.length,
    "the object is the winner's": (await text(bucket, key)) === won[0],
  };
}

export async function putIfUnchanged({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const key = `${prefix}unchanged`;
  const { etag } = await put(bucket, key, "first");
  await pause();
  const changed = await bucket.put(key, "changed", { onlyIf: { etagMatches: etag } });
  await pause();
  const stale = await bucket.put(key, "stale", { onlyIf: { etagMatches: etag } });
  const after = await text(bucket, key);
  await bucket.delete(key);
  const gone = await bucket.put(key, "gone", { onlyIf: { etagMatches: changed?.etag ?? etag } });
  return {
    "a put with the current etag writes": changed !== null,
    "a put with an older etag writes": stale !== null,
    "the object is unharmed": after === "changed",
    "a put with the etag of a deleted object writes": gone !== null,
  };
}

/** The same bytes are put again under the times of upload of an object that was read. */
export async function putIfUploadedThen({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const key = `${prefix}uploaded`;
  const first = await put(bucket, key, "first");
  await pause();
  const rewritten = await bucket.put(key, "first", { onlyIf: uploadedThen(first) });
  await pause();
  const late = await bucket.put(key, "first", { onlyIf: uploadedThen(first) });
  const found = await bucket.head(key);
  await bucket.delete(key);
  const gone = await bucket.put(key, "gone", { onlyIf: uploadedThen(found ?? first) });
  return {
    "a put over the object that was uploaded then writes": rewritten !== null,
    "a put over a later object of the same bytes writes": late !== null,
    "a put where the object is gone writes": gone !== null,
  };
}

function uploadedThen({ uploaded }: R2Object): R2Conditional {
  return { uploadedAfter: new Date(uploaded.getTime() - 1), uploadedBefore: new Date(uploaded.getTime() + 1) };
}

/** Objects with much metadata, listed with it. */
export async function shortPages({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const keys = Array.from({ length: LISTED }, (_, n) => `${prefix}listed/${n}`);
  const customMetadata = { long: "m".repeat(METADATA_BYTES) };
  await inTurns(keys, (key) => bucket.put(key, "", { customMetadata }));
  const options: R2ListOptions = { prefix: `${prefix}listed/`, include: ["customMetadata"], limit: LISTED };
  const found = new Set<string>();
  let smallest = Number.POSITIVE_INFINITY;
  for (let cursor: string | undefined; ; ) {
    const page: R2Objects = await bucket.list(cursor === undefined ? options : { ...options, cursor });
    for (const { key } of page.objects) found.add(key);
    if (!page.truncated) break;
    smallest = Math.min(smallest, page.objects.length);
    cursor = page.cursor;
  }
  return {
    "objects found by the cursor": found.size,
    "objects on the shortest page that is not the last": Number.isFinite(smallest) ? smallest : LISTED,
    "a page is short": smallest < LISTED,
  };
}

export async function listAfterWrite({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const counts = { unseen: 0, unread: 0, listed: 0, headed: 0 };
  const round = async (key: string): Promise<void> => {
    const lists = async () => (await bucket.list({ prefix: key })).objects.length > 0;
    await bucket.put(key, key);
    if (!(await lists())) counts.unseen += 1;
    if ((await text(bucket, key)) !== key) counts.unread += 1;
    await pause();
    await bucket.delete(key);
    if (await lists()) counts.listed += 1;
    if ((await bucket.head(key)) !== null) counts.headed += 1;
  };
  await Promise.all(Array.from({ length: ROUNDS }, (_, n) => round(`${prefix}fresh/${n}`)));
  return {
    "written objects that a list lacks": counts.unseen,
    "written objects that a get lacks": counts.unread,
    "deleted objects that a list shows": counts.listed,
    "deleted objects that a head shows": counts.headed,
  };
}

/** A delete right after the put of its key. */
export async function deleteAfterPut({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const round = async (key: string): Promise<number> => {
    await bucket.put(key, key);
    return bucket.delete(key).then(
      () => 0,
      () => 1,
    );
  };
  const refused = await Promise.all(Array.from({ length: ROUNDS }, (_, n) => round(`${prefix}brief/${n}`)));
  return { "deletes right after a put that are refused": refused.reduce((sum, one) => sum + one, 0) };
}

/** Writes of one key at once. */
export async function oneWriteASecond({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const key = `${prefix}often`;
  const writes = await Promise.allSettled(Array.from({ length: ROUNDS }, (_, n) => bucket.put(key, String(n))));
  const refusals = writes.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
  return {
    "writes of one key that are taken within a second": writes.length - refusals.length,
    "writes that are refused": refusals.length,
    "the first refusal": refusals[0] ?? "none",
  };
}

export async function deleteMany({ bucket, prefix }: BucketProbe): Promise<Facts> {
  const kept = `${prefix}many/0`;
  await bucket.put(kept, "");
  const keys = (count: number) => Array.from({ length: count }, (_, n) => `${prefix}many/${n}`);
  const deletes = (count: number) => bucket.delete(keys(count)).then(isTrue, isFalse);
  const thousand = await deletes(MOST_KEYS);
  return {
    "a delete of 1,000 keys is taken": thousand,
    "the object is gone": (await bucket.head(kept)) === null,
    "a delete of 1,001 keys is taken": await deletes(MOST_KEYS + 1),
  };
}

const isTrue = (): boolean => true;
const isFalse = (): boolean => false;

/** One key takes one write a second. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_100));

/** A put without a condition, which is never refused. */
async function put(bucket: R2Bucket, key: string, value: string): Promise<R2Object> {
  const object = await bucket.put(key, value);
  if (object === null) throw new Error("a put without a condition was refused");
  return object;
}

async function text(bucket: R2Bucket, key: string): Promise<string | null> {
  return (await (await bucket.get(key))?.text()) ?? null;
}

/** Six at a time: more would wait for a connection. */
export async function inTurns(keys: readonly string[], work: (key: string) => Promise<unknown>): Promise<void> {
  const waiting = [...keys];
  const one = async (): Promise<void> => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await work(key);
  };
  await Promise.all(Array.from({ length: 6 }, one));
}
