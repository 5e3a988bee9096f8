import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Lane } from "@prewarm/shared/job";
import { toCustomMetadata } from "@prewarm/shared/variant-metadata";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ledgerFor } from "../ledger-for.ts";
import { chunkOf } from "../testing/chunk-of.ts";

const KEY = "a/400-high.webp";
/** The client that every Worker uses. */
const ledger = ledgerFor(env.LEDGER, {
  clock: { now: () => Date.now(), random: () => Math.random() },
  log: () => undefined,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
const object = () => env.LEDGER.get(env.LEDGER.idFromName("main"));
const accept = (lane: Lane) =>
  ledger.acceptChunk(chunkOf({ run: "r", lane, keys: [KEY] }, { id: "d", chunk: 0, hash: "h" }));
const pause = (lane: Lane, paused = true) => ledger.patchGate({ paused: { [lane]: paused } }, "test");
const wakeUp = { keys: [KEY], live: false, at: 0 };

function holds(): Promise<unknown[]> {
  return runInDurableObject(object(), (_instance, state) => {
    return state.storage.sql.exec("SELECT hold FROM jobs WHERE hold > 0").toArray();
  });
}

afterEach(() => reset());

describe("the Ledger's Durable Object", () => {
  it("dispatches what it has accepted within a second, by itself", async () => {
    // Paused before anything could be sent, then opened: the dispatch that follows is the operator's change's own.
    await pause("upload");
    await accept("upload");
    expect(await holds()).toEqual([]);
    await pause("upload", false);
    await vi.waitFor(async () => expect(await holds()).toHaveLength(1), { timeout: 1_000, interval: 20 });
  });

  it("gives the same answer to the same owner after it was evicted in mid-claim", async () => {
    await pause("bulk");
    await accept("bulk");
    const view = { ...wakeUp, live: true };
    const { claims, ledgerId } = await ledger.claim("owner", [view]);
    expect(claims[KEY]).toMatchObject({ do: "run", granted: "first" });
    await evictDurableObject(object());
    expect(await ledger.claim("owner", [view])).toMatchObject({ claims, ledgerId });
    expect((await ledger.claim("other", [view])).claims[KEY]).toEqual({ do: "duplicate" });
    expect(await ledger.stats()).toMatchObject({ rows: 1, gate: { slots: 1 } });
  });

  it("has an alarm from the first row on, and sets it again when it rings", async () => {
    const alarm = () => runInDurableObject(object(), (_instance, state) => state.storage.getAlarm());
    expect(await alarm()).toBeNull();
    await pause("bulk");
    await accept("bulk");
    await vi.waitFor(async () => expect(await alarm()).not.toBeNull());
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
        customMetadata: toCustomMetadata({ gen, job: "j", sourceEtag: null, width: 1, height: 1, createdAt: 1 }),
      });
    await put("variants/a/400-high.webp", 1);
    await put("variants/a/800-high.webp", Number.MAX_SAFE_INTEGER);
    await put("variants/ab/400-high.webp", 1);
    await env.IMAGES_BUCKET.put("dead/a/_", "{}");
    await ledger.purgeImage("a", null, "test");
    await vi.waitFor(async () => {
      const { objects } = await env.IMAGES_BUCKET.list();
      expect(objects.map(({ key }) => key)).toEqual(["variants/a/800-high.webp", "variants/ab/400-high.webp"]);
    });
    await vi.waitFor(async () => expect((await ledger.imageRows("a")).purging).toBe(false));
  });

  it("tells the edge which lanes are closed", async () => {
    await pause("live");
    await vi.waitFor(async () => {
      const file = await env.IMAGES_BUCKET.get("control/gate.json");
      expect(await file?.json()).toMatchObject({ closed: ["live"] });
    });
  });
});
