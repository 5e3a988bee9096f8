import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { WORK_MESSAGE } from "@prewarm/shared/messages";
import { expect, it, vi } from "vitest";
import { invoke, limitedFetch } from "../../../../dev/limits/platform-limits.ts";
import site from "../../../../prewarm.config.ts";
import { batchDeps, ledgerOf } from "../compose.ts";
import type { Env } from "../config.ts";
import { consumeBatch } from "../making/consume-batch.ts";
import { chunkOf } from "./testing/chunk-of.ts";

const SITE = { ...env, ITTYBIT_API_KEY: "key" } as unknown as Env;
const WIDTH = 400;
const KEYS = Array.from({ length: 200 }, (_, n) => `photo${n}/${WIDTH}-high.webp`);
const BATCHES = 50;
/** More than a lease and an alarm: these limits only end a test that hangs. */
const PATIENCE_MS = 200_000;
const JOB_MS = 500;

/** A header is all that is looked at: of a PNG of 1000 × 500, and of a lossless WebP of 400 × 200. */
function png(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, 1_000);
  view.setUint32(20, 500);
  bytes.set([8, 2], 24);
  return bytes;
}

function webp(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("RIFF....WEBPVP8L...."));
  view.setUint32(4, bytes.length - 8, true);
  view.setUint32(16, 5, true);
  bytes[20] = 0x2f;
  view.setUint32(21, (WIDTH - 1) | ((WIDTH / 2 - 1) << 14), true);
  return bytes;
}

/**
 * Ittybit, its results' host and the originals, as far as handlers and the poller ask them. Jobs beyond `held.after` do
 * not end.
 */
function outside() {
  const jobs: { id: string; key: string; order: Record<string, unknown>; at: number }[] = [];
  const held = { after: 60 };
  const view = (job: (typeof jobs)[number]) => {
    const { id, order, at } = job;
    const ended = Date.now() - at >= JOB_MS && jobs.indexOf(job) < held.after;
    const times = { created_at: at, ...(ended ? { finished_at: at + JOB_MS } : {}) };
    return {
      id,
      status: ended ? "succeeded" : "processing",
      output: ended ? `https://out.example.net/${id}` : null,
      ...order,
      ...times,
    };
  };
  const list = (url: URL) => {
    const newest = jobs.toReversed();
    const start = newest.findIndex(({ id }) => id === url.searchParams.get("after")) + 1;
    const page = newest.slice(start, start + 100);
    return Response.json({ data: page.map(view), has_more: newest.length > start + 100 });
  };
  const post = async (headers: Headers, body: string) => {
    const known = jobs.find(({ key }) => key === headers.get("idempotency-key"));
    if (known !== undefined) return Response.json(view(known));
    const job = {
      id: `job_${jobs.length + 1}`,
      key: headers.get("idempotency-key") ?? "",
      order: JSON.parse(body),
      at: Date.now(),
    };
    jobs.push(job);
    return Response.json(view(job), { status: 201 });
  };
  const fetcher = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    if (url.hostname === "out.example.net") return new Response(webp());
    if (url.hostname !== "api.ittybit.com") return new Response(png());
    if (init.method === "POST") return post(new Headers(init.headers), String(init.body));
    const one = jobs.find(({ id }) => url.pathname === `/jobs/${id}`);
    return one === undefined ? list(url) : Response.json(view(one));
  };
  return { jobs, held, fetcher: fetcher as typeof fetch };
}

const storedKeys = async () => {
  const { objects } = await env.IMAGES_BUCKET.list({ prefix: "variants/" });
  return objects.map(({ key }) => key.slice("variants/".length)).sort();
};

it("fifty batches in the middle of which the ledger is reset: all is stored, nothing made twice, nobody blamed", async () => {
  const { jobs, held, fetcher } = outside();
  vi.spyOn(globalThis, "fetch").mockImplementation(limitedFetch(fetcher));
  const logs: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void logs.push(String(line)));
  const ledger = ledgerOf(SITE);
  await ledger.patchGate({ concurrency: 40, rate: { perSecond: 100, burst: 20 } }, "test");
  await ledger.acceptChunk(chunkOf({ run: "r", lane: "bulk", keys: KEYS }, { id: "d", chunk: 0, hash: "h" }));

  const shift = () => {
    const message = {
      id: crypto.randomUUID(),
      timestamp: new Date(),
      body: WORK_MESSAGE,
      attempts: 1,
      ack() {},
      retry() {},
    };
    const batch = { queue: "prewarm-work", messages: [message] };
    return invoke(() => consumeBatch(batch, "work", batchDeps(site, SITE), () => {}));
  };
  const shifts = Array.from({ length: BATCHES }, shift);
  await vi.waitFor(() => expect(jobs.length).toBeGreaterThan(60), { timeout: PATIENCE_MS, interval: 20 });
  const abort = runInDurableObject(env.LEDGER.get(env.LEDGER.idFromName("main")), (_instance, state) => {
    state.abort("reset because its code was updated");
  });
  await expect(abort).rejects.toThrow("reset because");
  held.after = KEYS.length;

  await vi.waitFor(async () => expect(await storedKeys()).toEqual(KEYS.toSorted()), {
    timeout: PATIENCE_MS,
    interval: 200,
  });
  await Promise.all(shifts);
  // Whose call broke off with the object has put its picture and could not say so: its lease ends, and whom the ledger calls next finds it.
  await vi.waitFor(
    async () => {
      await shift();
      expect((await ledger.stats()).counts.bulk.stored).toBe(KEYS.length);
    },
    { timeout: PATIENCE_MS, interval: 500 },
  );
  vi.restoreAllMocks();
  console.log(`${KEYS.length} variants, ${jobs.length} jobs, reset after 60`);
  expect(new Set(jobs.map(({ order }) => (order.metadata as { key: string }).key)).size).toBe(KEYS.length);
  expect(jobs).toHaveLength(KEYS.length);
  const { counts } = await ledger.stats();
  expect(counts.bulk).toMatchObject({ stored: KEYS.length, dead: 0, retrying: 0, queued: 0 });
  expect(logs.filter((line) => /job\.(failed|unexpected)|batch\.failed|crashed/.test(line))).toEqual([]);
}, 600_000);
