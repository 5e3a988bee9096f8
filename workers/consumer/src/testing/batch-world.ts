import { defineConfig } from "@prewarm/shared/config";
import type { Lane } from "@prewarm/shared/job";
import type { WakeUp } from "@prewarm/shared/messages";
import type { LedgerCalls } from "../ledger/contract.ts";
import { ledgerClient } from "../ledger/ledger-for.ts";
import type { BatchDeps } from "../making/batch-context.ts";
import { consumeBatch } from "../making/consume-batch.ts";
import { nowhere } from "../making/crash-points.ts";
import type { QueueMessage } from "../platform/queue-message.ts";
import { createFakeClock } from "./fake-clock.ts";
import { createFakeIttybit, OUTPUT_HOST } from "./fake-ittybit.ts";
import { createFakeLedger } from "./fake-ledger.ts";
import { createMemoryBucket } from "./memory-bucket.ts";
import { picture } from "./pictures.ts";

export const ORIGINALS = "https://cdn.example.com/originals";
/** The size of every original unless a test serves another. */
const ORIGINAL = { width: 1000, height: 500 };

/** A message that remembers what became of it. */
export interface TestMessage extends QueueMessage {
  fate: string;
}

export function message(body: unknown, attempts = 1): TestMessage {
  const one: TestMessage = {
    id: `m${Math.random()}`,
    timestamp: new Date(1_800_000_000_000),
    body,
    attempts,
    fate: "none",
    ack() {
      if (one.fate === "none") one.fate = "ack";
    },
    retry(options) {
      if (one.fate === "none") one.fate = `retry ${options?.delaySeconds}`;
    },
  };
  return one;
}

export function wakeUp(keys: string[], lane: Lane = "upload", at = 1_800_000_000_000): WakeUp {
  return { v: 1, keys, lane, at };
}

type Handler = (url: string, init: RequestInit | undefined) => Response | Promise<Response>;

/** A handler with a world of its own: time, Ittybit, R2, ledger and web in memory, real image bytes. */
export function batchWorld() {
  const clock = createFakeClock();
  const ledger = createFakeLedger();
  const ittybit = createFakeIttybit(clock);
  const images = createMemoryBucket();
  const logs: string[] = [];
  const fetched: { url: string; headers: Headers }[] = [];
  /** By URL: answers that differ from the usual. */
  const web = new Map<string, Handler>();

  async function usual(url: string): Promise<Response> {
    if (url.startsWith(ORIGINALS)) return new Response(await picture("jpeg", ORIGINAL.width, ORIGINAL.height));
    const job = ittybit.jobs.find(({ id }) => url === `${OUTPUT_HOST}/${id}`);
    if (job === undefined) return new Response("not found", { status: 404 });
    const { width, height, format } = job.order.options;
    const ratio = ORIGINAL.height / ORIGINAL.width;
    const wide = width ?? Math.round((height ?? ORIGINAL.height) / ratio);
    return new Response(await picture(format, wide, height ?? Math.round(wide * ratio)));
  }

  const fetcher = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input);
    fetched.push({ url, headers: new Headers(init?.headers) });
    const handler = web.get(url);
    return handler === undefined ? usual(url) : handler(url, init);
  }) as typeof fetch;

  let owners = 0;
  const deps: BatchDeps = {
    config: defineConfig({ sources: [{ prefix: "", url: `${ORIGINALS}/{id}` }] }),
    clock,
    sleep: clock.sleep,
    ledger: ledgerClient(() => ledger as unknown as LedgerCalls, { clock, log: () => undefined, sleep: clock.sleep }),
    ittybit,
    images: images.bucket,
    originals: { fetch: fetcher, bucket: () => null, bucketOriginalUrl: async () => null },
    fetch: fetcher,
    allowLoopbackHttp: false,
    newOwner: () => {
      owners += 1;
      return `owner${owners}`;
    },
    log: (event, fields) => logs.push(`${event} ${JSON.stringify(fields ?? {})}`),
    at: nowhere,
  };

  async function consume(messages: TestMessage[], more: { queue?: string; backlogCount?: number } = {}): Promise<void> {
    const { queue = "prewarm-work", backlogCount } = more;
    const metadata = backlogCount === undefined ? {} : { metadata: { metrics: { backlogCount } } };
    await consumeBatch({ queue, messages, ...metadata }, deps);
  }

  return { clock, ledger, ittybit, images, logs, fetched, web, deps, consume };
}
