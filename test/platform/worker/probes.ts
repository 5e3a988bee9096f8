import type { Facts } from "../expect.ts";
import * as bucket from "./bucket-probes.ts";
import { called } from "./call.ts";
import type { Platform } from "./platform.ts";

/** What a probe works with. */
export interface Probing {
  platform: Platform;
  /** A name that nothing else uses. */
  unique: string;
  /** Where the Worker answers. */
  origin: string;
}

type Probe = (probing: Probing) => Promise<Facts>;

const overBucket =
  (probe: (over: bucket.BucketProbe) => Promise<Facts>): Probe =>
  ({ platform, unique }) =>
    probe({ bucket: platform.BUCKET, prefix: `${unique}/` });

/** Probes that run in the Worker, by name. */
export const PROBES: Readonly<Record<string, Probe>> = {
  "put-if-absent": overBucket(bucket.putIfAbsent),
  "race-if-absent": overBucket(bucket.raceIfAbsent),
  "put-if-unchanged": overBucket(bucket.putIfUnchanged),
  "put-if-uploaded-then": overBucket(bucket.putIfUploadedThen),
  "short-pages": overBucket(bucket.shortPages),
  "list-after-write": overBucket(bucket.listAfterWrite),
  "one-write-a-second": overBucket(bucket.oneWriteASecond),
  "delete-after-put": overBucket(bucket.deleteAfterPut),
  "delete-many": overBucket(bucket.deleteMany),
  "used-stub": usedStub,
  connections,
  subrequests,
  "message-sizes": messageSizes,
  metrics,
};

/** A stub whose call has thrown, and a new stub of the same object. */
async function usedStub({ platform, unique }: Probing): Promise<Facts> {
  const id = platform.SUBJECT.idFromName(unique);
  const used = platform.SUBJECT.get(id);
  const thrown = await called(() => used.noteThenAbort("called", "yes") as Promise<void>);
  const again = await called(async () => used.noted("called"));
  const fresh = await called(async () => platform.SUBJECT.get(id).noted("called"));
  return {
    "the call throws": "error" in thrown,
    "the same stub throws again": "error" in again,
    "a new stub answers": "answer" in fresh,
  };
}

const FETCHES = 12;

/** Fetches of an address of ours that takes a second, all at once; an object counts how many are there together. */
async function connections({ origin, platform, unique }: Probing): Promise<Facts> {
  const headers = { authorization: `Bearer ${platform.RUN_KEY}` };
  const answers = await Promise.all(
    Array.from({ length: FETCHES }, () => fetch(`${origin}/slow/${unique}`, { headers })),
  );
  await Promise.all(answers.map((answer) => answer.body?.cancel()));
  const { mostAtOnce } = await platform.SUBJECT.getByName(unique).arrivals();
  return {
    "fetches of 12 that are answered": answers.filter(({ ok }) => ok).length,
    "fetches that wait for headers at once": mostAtOnce,
  };
}

const HEADS = 1_100;

async function subrequests({ platform, unique }: Probing): Promise<Facts> {
  let answered = 0;
  const keys = Array.from({ length: HEADS }, (_, n) => `${unique}/head/${n}`);
  await bucket.inTurns(keys, async (key) => {
    const head = await called(() => platform.BUCKET.head(key));
    if ("answer" in head) answered += 1;
  });
  return { "R2 calls of 1,100 that are answered in one invocation": answered };
}

async function messageSizes({ platform, unique }: Probing): Promise<Facts> {
  const message = (padding: number) => ({
    body: { test: unique, n: 0, act: "ack" as const, sentAt: Date.now(), pad: "x".repeat(padding) },
  });
  const takes = async (count: number, padding: number): Promise<boolean> =>
    "answer" in (await called(() => platform.QUEUE.sendBatch(Array.from({ length: count }, () => message(padding)))));
  return {
    "a message of 127,000 bytes is taken": await takes(1, 126_900),
    "a message of 129,000 bytes is taken": await takes(1, 129_000),
    "a batch of 100 messages is taken": await takes(100, 0),
    "a batch of 101 messages is taken": await takes(101, 0),
    "a batch of 250,000 bytes is taken": await takes(10, 24_800),
    "a batch of 270,000 bytes is taken": await takes(10, 26_900),
    "a batch of 300,000 bytes is taken": await takes(10, 30_000),
  };
}

async function metrics({ platform }: Probing): Promise<Facts> {
  const { backlogCount, backlogBytes } = await platform.QUEUE.metrics();
  return { "the backlog is a number": Number.isInteger(backlogCount) && Number.isInteger(backlogBytes) };
}
