import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { Webhooks } from "./webhooks.ts";

const { WEBHOOKS } = env as unknown as { WEBHOOKS: DurableObjectNamespace<Webhooks> };
const COUNT = 200;
/** Rows written for each delivery that goes well, as the platform bills them, alarms included. */
const ROWS_MAX = 8;

afterEach(() => void vi.restoreAllMocks());

it(`writes at most ${ROWS_MAX} rows for a delivery`, async () => {
  const done = vi.fn(async () => new Response(null, { status: 204 }));
  vi.spyOn(globalThis, "fetch").mockImplementation(done);
  const stub = WEBHOOKS.get(WEBHOOKS.idFromName("rows"));
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  let alarms = 0;
  const openJobs = await runInDurableObject(stub, (_instance, { storage }) => {
    const { sql } = storage;
    const [exec, setAlarm] = [sql.exec.bind(sql), storage.setAlarm.bind(storage)];
    vi.spyOn(Object.getPrototypeOf(sql), "exec").mockImplementation(((...args: Parameters<typeof exec>) => {
      const cursor = exec(...args);
      cursors.push(cursor);
      return cursor;
    }) as never);
    vi.spyOn(Object.getPrototypeOf(storage), "setAlarm").mockImplementation(((...args: Parameters<typeof setAlarm>) => {
      alarms += 1;
      return setAlarm(...args);
    }) as never);
    return () => exec("SELECT count(*) AS n FROM jobs").one().n;
  });
  const url = (n: number) => `https://receiver${n % 7}.example.net/hook`;
  await stub.accept(
    "batch",
    Array.from({ length: COUNT }, (_, n) => ({ id: `d${n}`, url: url(n), body: { n } })),
  );
  await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(COUNT), { timeout: 60_000, interval: 50 });
  await vi.waitFor(() => runInDurableObject(stub, () => expect(openJobs()).toBe(0)), { timeout: 60_000, interval: 50 });
  const rows = cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
  console.log(`${(rows / COUNT).toFixed(2)} rows and ${(alarms / COUNT).toFixed(2)} alarms for each of ${COUNT}`);
  expect(rows).toBeGreaterThan(COUNT);
  expect((rows + alarms) / COUNT).toBeLessThan(ROWS_MAX);
}, 120_000);
