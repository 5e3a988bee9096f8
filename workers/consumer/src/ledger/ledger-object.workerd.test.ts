import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Lane } from "@prewarm/shared/job";
import { jobOfKey } from "@prewarm/shared/variant-key";
import { toCustomMetadata } from "@prewarm/shared/variant-metadata";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type LedgerDoors, ledgerFor } from "./ledger-for.ts";
import { chunkOf } from "./testing/chunk-of.ts";

const KEY = "a/400-high.webp";
/** The client that every Worker uses. */
const ledger = ledgerFor(env.LEDGER, {
  clock: { now: () => Date.now(), random: () => Math.random() },
  log: () => undefined,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  newCallId: () => crypto.randomUUID(),
});
const object = () => env.LEDGER.get(env.LEDGER.idFromName("main"));
const accept = (lane: Lane) =>
  ledger.acceptChunk(chunkOf({ run: "r", lane, keys: [KEY] }, { id: "d", chunk: 0, hash: "h" }));
const pause = (lane: Lane, paused = true) => ledger.patchGate({ paused: { [lane]: paused } }, "test");
/** A viewer's first call. */
const view = {
  owner: "owner",
  first: true,
  role: "urgent" as const,
  room: 0,
  have: [],
  submitted: [],
  settled: [],
  leave: false,
  asks: [{ key: KEY, at: 0 }],
};
const work = { ...view, role: "work" as const, room: 40, asks: [] };

/** What `look` answers once it holds; the limit only ends a test that hangs. */
const soon = <T>(look: () => Promise<T>): Promise<T> => vi.waitFor(look, 60_000);

afterEach(() => reset());

describe("the Ledger's Durable Object", () => {
  it("gives the same answer to the same owner after it was evicted between two calls", async () => {
    await accept("bulk");
    const first = await ledger.exchange(work);
    const have = first.status === "ok" ? first.give.map(({ id, gen }) => ({ id, gen, phase: "ready" as const })) : [];
    // A new instance's bucket is empty: the first token comes after 50 ms.
    const go = await soon(async () => {
      const answer = await ledger.exchange({ ...work, first: false, have });
      expect(answer).toMatchObject({ status: "ok", give: [{ ...jobOfKey(KEY), phase: "admitted", first: true }] });
      return answer;
    });
    await evictDurableObject(object());
    const again = await ledger.exchange({ ...work, first: false });
    expect(again).toMatchObject({ status: "ok", give: [{ ...jobOfKey(KEY), phase: "admitted" }] });
    expect(again.status === "ok" && go.status === "ok" && again.give[0]?.gen === go.give[0]?.gen).toBe(true);
    expect(await ledger.exchange({ ...work, owner: "other" })).toMatchObject({ status: "ok", give: [] });
    expect(await ledger.stats()).toMatchObject({ gate: { slots: 1 } });
  });

  it("has lost a viewer's handler after an eviction, and a worker goes on under the same generation", async () => {
    await accept("bulk");
    const go = await soon(async () => {
      const answer = await ledger.exchange(view);
      expect(answer).toMatchObject({ status: "ok", give: [{ ...jobOfKey(KEY), phase: "admitted", first: true }] });
      return answer;
    });
    await evictDurableObject(object());
    expect(await ledger.exchange({ ...view, first: false, asks: [] })).toEqual({ status: "lost" });
    const next = await soon(async () => {
      const answer = await ledger.exchange({ ...work, owner: "other" });
      expect(answer).toMatchObject({ status: "ok", give: [{ ...jobOfKey(KEY), phase: "admitted", first: false }] });
      return answer;
    });
    expect(next.status === "ok" && go.status === "ok" && next.give[0]?.gen === go.give[0]?.gen).toBe(true);
    expect(await ledger.stats()).toMatchObject({ gate: { slots: 1 } });
  });

  it("has an alarm from the first row on, and sets it again when it rings", async () => {
    const alarm = () => runInDurableObject(object(), (_instance, state) => state.storage.getAlarm());
    expect(await alarm()).toBeNull();
    await accept("bulk");
    await soon(async () => expect(await alarm()).not.toBeNull());
    expect(await runDurableObjectAlarm(object())).toBe(true);
    expect(await alarm()).not.toBeNull();
  });

  it("gets a lost alarm back from the cron's call", async () => {
    await accept("bulk");
    await runInDurableObject(object(), (_instance, state) => state.storage.deleteAlarm());
    await ledger.rearm();
    expect(await runInDurableObject(object(), (_instance, state) => state.storage.getAlarm())).not.toBeNull();
  });

  it("purges objects older than the purge, then markers, and keeps younger ones", async () => {
    const put = (key: string, gen: number) =>
      env.IMAGES_BUCKET.put(key, "x", {
        customMetadata: toCustomMetadata({
          gen,
          job: "j",
          sourceEtag: null,
          originalBytes: null,
          width: 1,
          height: 1,
          createdAt: 1,
        }),
      });
    await put("variants/a/400-high.webp", 1);
    await put("variants/a/800-high.webp", Number.MAX_SAFE_INTEGER);
    await put("variants/ab/400-high.webp", 1);
    await env.IMAGES_BUCKET.put("dead/a/_", "{}");
    await ledger.purgeImage("a", null, "test");
    await soon(async () => {
      const { objects } = await env.IMAGES_BUCKET.list();
      const names = objects.map(({ key }) => key).filter((key) => !key.startsWith("control/"));
      expect(names).toEqual(["variants/a/800-high.webp", "variants/ab/400-high.webp"]);
    });
    await soon(async () => expect((await ledger.imageRows("a", [])).purging).toBe(false));
  });

  it("goes on after a restore: its rows are there, numbers are above, and nothing is handed out at first", async () => {
    await accept("bulk");
    const before = (await ledger.imageRows("a", [])).rows[0]?.gen ?? 0;
    await ledger.restored("test", {}, null);
    expect((await ledger.imageRows("a", [])).rows).toMatchObject([{ key: KEY, state: "queued", gen: before }]);
    // A ledger that was put back hands nothing out for two minutes.
    expect(await ledger.exchange({ ...work, owner: "after" })).toMatchObject({ status: "ok", give: [] });
    await ledger.acceptChunk(chunkOf({ run: "r", keys: ["b/400-high.webp"] }, { id: "after", chunk: 0, hash: "h" }));
    expect((await ledger.imageRows("b", [])).rows[0]?.gen).toBeGreaterThan(before + 3_600_000_000);
  });

  it("says of bookmarks, which no local platform keeps, that there are none", async () => {
    expect(await ledger.findBookmark({ at: Date.now() - 60_000 })).toBeNull();
    expect(await ledger.restoreTo({ bookmark: "none" })).toBeNull();
  });

  it("answers a call whose id it has heard before as it did then", async () => {
    const say = (id: string) => (object() as unknown as LedgerDoors).write("purgeImage", ["a", null, "test"], id);
    const first = await say("one");
    expect(await say("one")).toEqual(first);
    expect(await say("two")).not.toEqual(first);
  });

  it("tells the edge which lanes are closed", async () => {
    await pause("live");
    await soon(async () => {
      const file = await env.IMAGES_BUCKET.get("control/gate.json");
      expect(await file?.json()).toMatchObject({ closed: ["live"] });
    });
  });
});
