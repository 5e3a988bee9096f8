import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LedgerDoors } from "../../workers/consumer/src/ledger/ledger-for.ts";
import { pagesOf } from "../../workers/consumer/src/store/list-pages.ts";
import { PLATFORM } from "./limits.ts";
import { broken, invoke, limitedFetch, limitedHandlers, shortened } from "./platform-limits.ts";

const object = () => env.LEDGER.get(env.LEDGER.idFromName("limits"));
const doors = () => object() as unknown as LedgerDoors;
const many = (n: number, body: unknown) => Array.from({ length: n }, () => ({ body }));

/** Whoever sees a limit broken on purpose takes note of it. */
function noted(): string[] {
  return broken.splice(0);
}

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  // The first request of a Worker is what puts its bindings under limits.
  await limitedHandlers({ fetch: () => new Response() } as { fetch(...args: unknown[]): Response }).fetch(
    null,
    env,
    null,
  );
});

describe("held to the platform's limits, an invocation", () => {
  it("has six connections: the seventh call waits until one of them is answered, whatever it calls", async () => {
    const answers: (() => void)[] = [];
    const fetcher = limitedFetch((async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return new Response();
    }) as typeof fetch);
    await invoke(async () => {
      const calls = Array.from({ length: 12 }, () => fetcher("https://example.com"));
      let seen = false;
      const head = env.IMAGES_BUCKET.head("none").then(() => {
        seen = true;
      });
      await invoke(() => env.IMAGES_BUCKET.head("of another invocation"));
      expect([answers.length, seen]).toEqual([6, false]);
      for (let answered = 0; answered < 12; answered += 1) {
        await vi.waitFor(() => expect(answers.length).toBeGreaterThan(answered));
        answers[answered]?.();
      }
      await Promise.all([...calls, head]);
      expect(seen).toBe(true);
    });
  });

  it("has so many subrequests: R2, queues, the cache and calls of an object are among them", async () => {
    const calls: (() => Promise<unknown>)[] = [
      () => env.IMAGES_BUCKET.head("none"),
      () => env.WORK_QUEUE.send({}),
      () => caches.default.match("https://example.com/none"),
      async () => doors().read("about", []),
    ];
    await invoke(() => Promise.all(calls.map((call) => call())), { ...PLATFORM, subrequests: calls.length });
    expect(noted()).toEqual([]);
    for (const one of calls) {
      const tooMany = async () => await Promise.all([...calls, one].map(async (call) => await call()));
      await expect(invoke(tooMany, { ...PLATFORM, subrequests: calls.length })).rejects.toThrow("Too many subrequests");
      expect(noted()).toHaveLength(1);
    }
  });

  it.each([
    ["a hundred and one messages", many(101, "x"), "count of 101"],
    ["270 kB in a batch, which local queues take", many(90, "x".repeat(2_900)), "batch size"],
    ["a message of 128 kB and its frame", many(1, "x".repeat(127_999)), "message length"],
  ])("may not send %s", async (_, messages, says) => {
    await expect((async () => env.WORK_QUEUE.sendBatch(messages))()).rejects.toThrow(says);
    expect(noted()).toHaveLength(1);
  });

  it("may send a hundred messages of 2 kB", async () => {
    await env.WORK_QUEUE.sendBatch(many(100, "x".repeat(2_000)));
  });
});

describe("as the platform's documentation has it, R2", () => {
  it("lists fewer objects than it could where metadata is asked for, and all of them in the end", async () => {
    const names = Array.from({ length: 30 }, (_, n) => `short/${n + 10}`);
    for (const name of names) await env.IMAGES_BUCKET.put(name, "x", { customMetadata: { n: name } });
    const lengths: number[] = [];
    for (let times = 0; times < 10; times += 1) {
      const found: string[] = [];
      for await (const { objects } of pagesOf(env.IMAGES_BUCKET, { prefix: "short/", include: ["customMetadata"] })) {
        found.push(...objects.map(({ customMetadata }) => customMetadata?.n ?? ""));
        lengths.push(objects.length);
      }
      expect(found).toEqual(names);
    }
    expect(lengths.length).toBeGreaterThan(10);
    expect(Math.min(...lengths)).toBeLessThan(4);
    const whole = await env.IMAGES_BUCKET.list({ prefix: "short/" });
    expect([whole.objects.length, whole.truncated]).toEqual([30, false]);
  });

  it("gives pages of every length", () => {
    const lengths = Array.from({ length: 1_000 }, (_, nth) => shortened(1_000, nth + 1));
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([1, 1_000]);
    expect(lengths.filter((length) => length <= 3).length).toBeGreaterThan(300);
    expect(lengths.filter((length) => length > 100 && length < 1_000).length).toBeGreaterThan(200);
    expect(Array.from({ length: 50 }, (_, nth) => shortened(1, nth))).toEqual(Array(50).fill(1));
  });
});

describe("held to the platform's limits, an object", () => {
  const sql = <T>(work: (sql: SqlStorage) => T, limits = PLATFORM) =>
    runInDurableObject(object(), (_instance, state) => invoke(() => work(state.storage.sql), limits));

  it("may bind a hundred parameters, and a value of 2 MB", async () => {
    const select = (n: number) => `SELECT ${Array.from({ length: n }, () => "?").join(" || ")} AS a`;
    const bind = (n: number) => sql((db) => db.exec(select(n), ...Array.from({ length: n }, () => "x")).one().a);
    expect(await bind(100)).toHaveLength(100);
    await expect(bind(101)).rejects.toThrow("too many SQL variables: 101");
    const value = (bytes: number) => sql((db) => db.exec("SELECT length(?) AS a", "x".repeat(bytes)).one().a);
    expect(await value(2_000_000)).toBe(2_000_000);
    await expect(value(2_000_001)).rejects.toThrow("string or blob too big");
    expect(noted()).toHaveLength(2);
  });

  it("has 30 s of CPU a call, counted in rows, the last statement's too", async () => {
    const write = (n: number) =>
      sql(
        (db) => {
          db.exec("CREATE TABLE IF NOT EXISTS t (n)");
          for (let at = 0; at < n; at += 1) db.exec("INSERT INTO t VALUES (?)", at);
        },
        { ...PLATFORM, rows: 50 },
      );
    await write(40);
    await expect(write(60)).rejects.toThrow("exceeded its CPU time limit");
    await expect(
      sql((db) => db.exec("SELECT count(*) AS n FROM t").one().n, { ...PLATFORM, rows: 50 }),
    ).rejects.toThrow("exceeded its CPU time limit");
    expect(noted()).toHaveLength(2);
  });

  it("is reset when it uses more, as the Ledger is that every test calls", async () => {
    const rows = PLATFORM.rows;
    PLATFORM.rows = 0;
    try {
      await expect((async () => doors().read("stats", []))()).rejects.toThrow("exceeded its CPU time limit");
    } finally {
      PLATFORM.rows = rows;
    }
    expect(noted()).not.toEqual([]);
    expect((await doors().read("stats", [])).rows).toBe(0);
  });
});
