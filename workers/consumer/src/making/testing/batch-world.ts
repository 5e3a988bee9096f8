import { missMessage, WORK_MESSAGE } from "@prewarm/shared/messages";
import { type StagedName, stagedSegment } from "@prewarm/shared/staged-name";
import { type TestSite, testSite } from "@prewarm/shared/testing/test-site";
import type { Ittybit } from "../../ittybit/client.ts";
import { pollerOf } from "../../ittybit/poller/poller.ts";
import { ledgerClient } from "../../ledger/ledger-for.ts";
import type { QueueMessage } from "../../platform/queue-message.ts";
import { noSpan } from "../../platform/span.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createFakeIttybit, OUTPUT_HOST } from "../../testing/fake-ittybit.ts";
import { createMemoryBucket } from "../../testing/memory-bucket.ts";
import { picture } from "../../testing/pictures.ts";
import { countedHost, type EngineHost, ittybitOver, madeAt, type TestService } from "../../testing/test-service.ts";
import type { BatchDeps, Role } from "../batch-context.ts";
import { consumeBatch } from "../consume-batch.ts";
import { nowhere } from "../crash-points.ts";
import { RecordingLedger } from "./recording-ledger.ts";

export const ORIGINALS = "https://cdn.example.com/originals";
export const STAGED = "https://images.example.com/staged";
/** The size of every original unless a test serves another. */
const ORIGINAL = { width: 1000, height: 500 };

/** Unix ms. */
const BORN_AT = 1_800_000_000_000;
/** The bucket of tokens is empty at the ledger's birth, and full so much later. */
const GATE_FULL_MS = 60_000;
/** By default only the slots bound a test. */
const GATE = { concurrency: 50, ratePerSecond: 1_000, burst: 1_000 };

/** A message that remembers what became of it. */
export interface TestMessage extends QueueMessage {
  fate: string;
}

/** Where the edge has staged bytes. */
export const stagedUrl = async ({ id, ...name }: StagedName) => `${STAGED}/${stagedSegment(name)}/${id}?s=signed`;

let messages = 0;

export function message(body: unknown, attempts = 1): TestMessage {
  messages += 1;
  const one: TestMessage = {
    id: `m${String(messages).padStart(6, "0")}`,
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

type Handler = (url: string, init: RequestInit | undefined) => Response | Promise<Response>;

interface Options {
  gate?: TestSite["gate"];
  limits?: TestSite["limits"];
  config?: Omit<TestSite, "limits">;
  /** The edge has an address and a key, so originals may be staged. */
  stages?: boolean;
  /** Another service than Ittybit in memory. */
  service?: (clock: ReturnType<typeof createFakeClock>) => TestService;
}

/** What a handler works with, and what a test may put in its engine's way. */
interface TestDeps extends BatchDeps, Pick<EngineHost, "living"> {
  /** Its client. */
  ittybit: Ittybit;
  /** Its results come by this. */
  fetch: typeof fetch;
}

/** A handler with a world of its own: the real ledger; time, Ittybit, R2 and web in memory; real image bytes. */
export function batchWorld({
  gate = {},
  limits = {},
  config: more = {},
  stages = false,
  service: other,
}: Options = {}) {
  const clock = createFakeClock(BORN_AT - GATE_FULL_MS);
  const ittybit = createFakeIttybit(clock);
  const sources = [{ prefix: "", url: `${ORIGINALS}/{id}` }];
  const config = testSite({ sources, gate: { ...GATE, ...gate }, limits, ...more });
  const log = () => undefined;
  const { qualities } = config.ittybit;
  const service: TestService = other?.(clock) ?? {
    engine: ittybitOver(() => deps.ittybit, { qualities }),
    made: () => madeAt(ittybit),
  };
  const watch = (sleep: EngineHost["sleep"]) =>
    other === undefined
      ? pollerOf({ ittybit: ittybit.unnoted, clock, log, sleep })
      : service.engine({ clock, log, sleep, fetch, living: (target) => target }).observe;
  const ledger = new RecordingLedger({ config, clock, watch });
  clock.advance(GATE_FULL_MS);
  const images = createMemoryBucket();
  const logs: string[] = [];
  const fetched: { url: string; headers: Headers }[] = [];
  /** By URL: answers that differ from the usual. */
  const web = new Map<string, Handler>();

  const made = (...args: Parameters<typeof picture>) => clock.during(picture(...args));

  async function usual(url: string): Promise<Response> {
    if (url.startsWith(ORIGINALS)) return new Response(await made("jpeg", ORIGINAL.width, ORIGINAL.height));
    const job = ittybit.jobs.find(({ id }) => url === `${OUTPUT_HOST}/${id}`);
    if (job === undefined) return new Response("not found", { status: 404 });
    const { width, height, format } = job.order.options;
    const ratio = ORIGINAL.height / ORIGINAL.width;
    const wide = width ?? Math.round((height ?? ORIGINAL.height) / ratio);
    return new Response(await made(format, wide, height ?? Math.round(wide * ratio)));
  }

  const fetcher = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input);
    fetched.push({ url, headers: new Headers(init?.headers) });
    const handler = web.get(url);
    await clock.sleep(world.fetchMs);
    return handler === undefined ? usual(url) : handler(url, init);
  }) as typeof fetch;

  let owners = 0;
  const deps: TestDeps = {
    config,
    clock,
    sleep: clock.sleep,
    ledger: ledgerClient(ledger.newStub, {
      clock,
      log: () => undefined,
      sleep: clock.sleep,
      newCallId: () => crypto.randomUUID(),
    }),
    ittybit,
    living: (target) => target,
    newEngine: (called) => {
      const host = { clock, log: deps.log, sleep: deps.sleep, living: deps.living };
      return service.engine(countedHost({ ...host, fetch: (...args) => deps.fetch(...args) }, called));
    },
    images: images.bucket,
    originals: { fetch: fetcher, bucket: () => null, bucketOriginalUrl: null, stagedUrl: stages ? stagedUrl : null },
    fetch: fetcher,
    newOwner: () => {
      owners += 1;
      return `owner${owners}`;
    },
    log: (event, fields) => logs.push(`${event} ${JSON.stringify(fields ?? {})}`),
    span: noSpan,
    at: nowhere,
  };

  /** One batch in one handler, to its end, that of its background among it. */
  async function consume(messages: TestMessage[], role: Role = "work"): Promise<void> {
    const background: Promise<void>[] = [];
    const queue = role === "urgent" ? "prewarm-live" : "prewarm-work";
    await consumeBatch({ queue, messages }, role, deps, (work) => void background.push(work));
    await Promise.all(background);
  }

  /** One worker's whole shift. */
  async function shift(): Promise<TestMessage> {
    const one = message(WORK_MESSAGE);
    await consume([one]);
    return one;
  }

  /** A batch of misses. */
  async function miss(...keys: string[]): Promise<TestMessage[]> {
    const messages = keys.map((key) => message(missMessage(key, clock.now() - 5)));
    await consume(messages, "urgent");
    return messages;
  }

  const world = { fetchMs: 0, clock, ledger, service, ittybit, images, logs, fetched, web, deps, consume, shift, miss };
  return world;
}
