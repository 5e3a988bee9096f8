import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { LIMITS } from "./limits.ts";
import { Receivers } from "./testing/receivers.ts";
import type { Webhooks } from "./webhooks.ts";

const { WEBHOOKS } = env as unknown as { WEBHOOKS: DurableObjectNamespace<Webhooks> };
const COUNT = 500;
const DELIVERIES = Array.from({ length: COUNT }, (_, n) => ({
  id: `d${n}`,
  url: `https://receiver${n % 7}.example.net/hook`,
  body: { n },
}));
/** Calls after which the object is reset. */
const RESETS_AT = [60, 150, 250, 400];
/** Only ends a test that hangs. */
const PATIENCE_MS = 100_000;
/** Tables that have rows while jobs are open. */
const OF_OPEN_JOBS = ["jobs", "claims"];

const webhooks = () => WEBHOOKS.get(WEBHOOKS.idFromName("main"));

async function reset(): Promise<void> {
  const abort = runInDurableObject(webhooks(), (_instance, state) => state.abort("reset in the middle"));
  await expect(abort).rejects.toThrow("reset in the middle");
}

/** Rows of open jobs. */
function openRows(): Promise<unknown[]> {
  return runInDurableObject(webhooks(), (_instance, { storage }) =>
    OF_OPEN_JOBS.flatMap((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
  );
}

function fetcherOf(receivers: Receivers): typeof fetch {
  const fetcher = async (_input: unknown, init: RequestInit = {}): Promise<Response> => {
    const { n } = JSON.parse(String(init.body)) as { n: number };
    const { call, status, ms } = receivers.begin(n, new Headers(init.headers).get("idempotency-key") ?? "");
    await new Promise((resolve) => setTimeout(resolve, ms));
    receivers.end(call, status);
    return new Response(null, { status, headers: status === 429 ? { "retry-after": "2" } : {} });
  };
  return fetcher as typeof fetch;
}

afterEach(() => void vi.restoreAllMocks());

it("500 deliveries, four resets: none is lost, a repeat has the same key, no more calls than allowed run at once", async () => {
  const receivers = new Receivers();
  vi.spyOn(globalThis, "fetch").mockImplementation(fetcherOf(receivers));
  const since = Date.now();
  expect(await webhooks().accept("batch", DELIVERIES)).toMatchObject({ status: "done", accepted: COUNT });

  const unanswered: number[] = [];
  for (const at of RESETS_AT) {
    await vi.waitFor(() => expect(receivers.calls.length).toBeGreaterThan(at), { timeout: PATIENCE_MS, interval: 10 });
    await reset();
    unanswered.push(receivers.unanswered);
    receivers.forgetUnanswered();
    // Nothing calls the object now: its alarm brings it back.
  }
  await vi.waitFor(() => expect(receivers.delivered).toBe(COUNT), { timeout: PATIENCE_MS, interval: 100 });
  await vi.waitFor(async () => expect(await openRows()).toEqual([]), { timeout: PATIENCE_MS, interval: 200 });

  const { calls, doubled, most, taken } = receivers;
  const took = `${calls.length} calls in ${Date.now() - since} ms`;
  console.log(`${COUNT} deliveries, ${took}; cut off: ${unanswered}; at once: ${most}`);
  expect(Math.min(...unanswered)).toBeGreaterThan(0);
  expect(taken.size).toBe(COUNT);
  expect(doubled).toEqual([]);
  // Only a call whose answer was lost with the object is repeated after a 200.
  const good = calls.filter(({ status }) => status === 200).length;
  expect(good - COUNT).toBeLessThanOrEqual(RESETS_AT.length * LIMITS.concurrency);
  expect(most).toBeLessThanOrEqual(LIMITS.concurrency);
}, 300_000);
