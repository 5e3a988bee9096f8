import { defineConfig } from "@prewarm/shared/config";
import { parseInfo } from "@prewarm/shared/image-info";
import { describe, expect, it } from "vitest";
import { createSemaphore } from "../platform/semaphore.ts";
import { createMemoryBucket, type Stored } from "../testing/memory-bucket.ts";
import { noteGone, noteStored, readInfos } from "./info.ts";
import { sweepImage } from "./sweep-image.ts";
import { putVariant } from "./variants.ts";

const LQIP = "photo/16-very_low.webp";

function setup() {
  const memory = createMemoryBucket();
  const probed: string[] = [];
  const logs: string[] = [];
  const original = {
    kind: "image" as "image" | "failed",
    size: { width: 2400, height: 1600 } as { width: number; height: number } | null,
    etag: '"e1"',
    type: "jpeg",
    bytes: 350_000 as number | null,
    frames: 1,
  };
  const deps = {
    config: defineConfig({ sources: [] }),
    images: memory.bucket,
    connections: createSemaphore(6),
    memory: createSemaphore(1_000_000),
    sleep: async () => undefined,
    copyOriginal: async () => [],
    probe: async ({ id }: { id: string }) => {
      probed.push(id);
      return { ...original, kind: original.kind as "image" };
    },
    log: (event: string) => void logs.push(event),
  };
  const store = async (key: string, { gen = 1, sourceEtag = original.etag, text = "picture" } = {}) => {
    const metadata = { gen, job: "j", sourceEtag, originalBytes: null, width: 1, height: 1, createdAt: 1 };
    const bytes = new TextEncoder().encode(text);
    memory.objects.delete(`variants/${key}`);
    await putVariant(memory.bucket, { key, bytes, format: "webp", metadata }, null);
  };
  const note = (keys: readonly string[], announced = 0) => {
    const sizeOf = (key: string) => memory.objects.get(`variants/${key}`)?.bytes.byteLength ?? 0;
    const known = { smaller: [], made: null, original: null, announced };
    return noteStored(
      deps,
      keys.map((key) => ({ key, bytes: sizeOf(key), ...known })),
    );
  };
  const settle = async (...keys: string[]) => {
    for (const key of keys) await store(key);
    await note(keys);
  };
  const announce = async (announced: number, ...keys: string[]) => {
    for (const key of keys) await store(key);
    await note(keys, announced);
  };
  const info = () => parseInfo(new TextDecoder().decode(memory.objects.get("info/photo/_")?.bytes));
  const puts = () => memory.calls.filter((call) => call.startsWith("put info/")).length;
  return { memory, probed, logs, original, deps, store, note, settle, announce, info, puts };
}

const KNOWN = { width: 2400, height: 1600, type: "image/jpeg", bytes: 350_000, frames: 1, etag: '"e1"', version: null };

describe("what is known of an image", () => {
  it("is written when something of it is stored for the first time, with the placeholder", async () => {
    const { settle, info, probed, puts } = setup();
    await settle("photo/320-high.webp", LQIP);
    expect(info()).toEqual({
      ...KNOWN,
      lqip: `data:image/webp;base64,${btoa("picture")}`,
      stored: { webp: [320] },
      others: [],
      sizes: { "320-high": { webp: 7 } },
    });
    expect([probed, puts()]).toEqual([["photo"], 1]);
  });

  it("asks R2 for no variant that its maker has just put, unless a newer generation was noted since", async () => {
    const { deps, original, store, info, memory } = setup();
    const heads = () => memory.calls.filter((call) => call.startsWith("head ")).length;
    const made = { gen: 5, job: "j", sourceEtag: '"e1"', originalBytes: null, width: 1, height: 1, createdAt: 1 };
    const key = "photo/320-high.webp";
    await store(key, { gen: 5 });
    await noteStored(deps, [{ key, bytes: 7, smaller: [], made, original: null, announced: 0 }]);
    expect([heads(), info()?.etag]).toEqual([0, '"e1"']);
    // The handler of an older original wakes up after a new one was made and noted.
    original.etag = '"e2"';
    await store(key, { gen: 9 });
    const newer = { ...made, gen: 9, sourceEtag: '"e2"' };
    await noteStored(deps, [{ key, bytes: 7, smaller: [], made: newer, original: null, announced: 0 }]);
    original.etag = '"e1"';
    await noteStored(deps, [{ key, bytes: 7, smaller: [], made, original: null, announced: 0 }]);
    expect([heads(), info()?.etag]).toEqual([1, '"e2"']);
  });

  it("of a variant whose maker has seen the original costs no further look at it", async () => {
    const { deps, original, info, probed } = setup();
    const made = { gen: 5, job: "j", sourceEtag: '"e1"', originalBytes: null, width: 1, height: 1, createdAt: 1 };
    const seen = { ...original, kind: "image" as const };
    const noted = { key: "photo/320-high.webp", bytes: 7, smaller: [], made, original: seen, announced: 0 };
    await noteStored(deps, [noted]);
    expect([probed, info()?.stored]).toEqual([[], { webp: [320] }]);
  });

  it("grows with each settle, and costs no further look at the original", async () => {
    const { settle, info, probed } = setup();
    await settle("photo/640-high.webp");
    expect(info()?.lqip).toBeNull();
    await settle("photo/320-high.avif", "photo/320-high.webp");
    await settle(LQIP);
    expect(info()?.stored).toEqual({ webp: [320, 640], avif: [320] });
    expect(info()?.lqip).toMatch(/^data:/);
    expect(probed).toEqual(["photo"]);
  });

  it("costs a get, a head where R2 has it from another handler, and a put: the placeholder is read when it is itself what was stored", async () => {
    const { settle, store, memory, note } = setup();
    await store("photo/320-high.webp");
    memory.calls.length = 0;
    await note(["photo/320-high.webp"]);
    expect(memory.calls).toEqual(["get info/photo/_", "head variants/photo/320-high.webp", "put info/photo/_"]);
    memory.calls.length = 0;
    await settle(LQIP);
    expect(memory.calls).toContain(`get variants/${LQIP}`);
  });

  it("is not written again when nothing of it is new", async () => {
    const { settle, puts } = setup();
    await settle("photo/320-high.webp", LQIP);
    await settle("photo/320-high.webp");
    expect(puts()).toBe(1);
  });

  it("lists crops, other qualities and the full size too, which may stand in; the placeholder may not", async () => {
    const { settle, info, puts } = setup();
    await settle("photo/320-high.webp", LQIP);
    await settle("photo/640x480-cover-high.webp", "photo/640-low.webp", "photo/orig-high.webp");
    expect(info()?.others).toEqual(["640x480-cover-high.webp", "640-low.webp", "orig-high.webp"]);
    await settle("photo/640-low.webp");
    expect([info()?.stored, puts()]).toEqual([{ webp: [320] }, 2]);
  });

  it("begins anew with another original: other pixels, and none of the old widths or placeholder", async () => {
    const { settle, info, original } = setup();
    await settle("photo/320-high.webp", LQIP);
    Object.assign(original, { etag: '"e2"', size: { width: 800, height: 800 } });
    await settle("photo/640-high.webp");
    expect(info()).toMatchObject({ width: 800, etag: '"e2"', lqip: null, stored: { webp: [640] } });
    await settle(LQIP);
    expect(info()?.lqip).toMatch(/^data:/);
  });

  it("speaks of the version that was announced last, with its placeholder, and of none before", async () => {
    const { settle, announce, info } = setup();
    await settle("photo/@2/320-high.webp");
    expect(info()).toMatchObject({ version: null, lqip: null, stored: {} });
    await announce(5, "photo/@2/640-high.webp", "photo/@2/16-very_low.webp");
    expect(info()).toMatchObject({ version: "2", announced: 5, stored: { webp: [320, 640] } });
    await announce(7, "photo/@1/320-high.webp");
    expect(info()).toMatchObject({ version: "1", announced: 7, lqip: null, stored: { webp: [320] } });
    expect(info()?.elsewhere).toEqual({ "@2/320-high.webp": 7, "@2/640-high.webp": 7 });
    await announce(9, "photo/@2/640-high.webp");
    expect(info()).toMatchObject({ version: "2", stored: { webp: [320, 640] }, elsewhere: { "@1/320-high.webp": 7 } });
    expect(info()?.lqip).toMatch(/^data:/);
  });

  it("is not taken by a variant of another version, nor by one that was announced before", async () => {
    const { settle, announce, info } = setup();
    await announce(5, "photo/@2/320-high.webp", "photo/@2/16-very_low.webp");
    const { elsewhere: _, ...known } = info() ?? {};
    await settle("photo/@zzz/400-high.webp", "photo/@zzz/16-very_low.webp", "photo/640-high.webp");
    await announce(4, "photo/@1/400-high.webp");
    const others = { "@zzz/400-high.webp": 7, "640-high.webp": 7, "@1/400-high.webp": 7 };
    expect(info()).toEqual({ ...known, elsewhere: others });
  });

  it("is not emptied by one of another version, though the original has changed; by one of its own it is", async () => {
    const { settle, announce, info, original } = setup();
    await announce(5, "photo/@2/320-high.webp");
    const known = info();
    Object.assign(original, { etag: '"e2"', size: { width: 800, height: 800 } });
    await settle("photo/@zzz/400-high.webp");
    expect(info()).toEqual(known);
    await settle("photo/@2/640-high.webp");
    expect(info()).toMatchObject({ width: 800, version: "2", announced: 5, stored: { webp: [640] } });
  });

  it("has so many variants of other versions at most: the oldest leave", async () => {
    const { store, note, info } = setup();
    const keys = Array.from({ length: 70 }, (_, n) => `photo/@2/${n + 100}-high.webp`);
    for (const key of keys) await store(key);
    await note(keys);
    const ends = Object.keys(info()?.elsewhere ?? {});
    expect([ends.length, ends[0], ends.at(-1)]).toEqual([64, "@2/106-high.webp", "@2/169-high.webp"]);
  });

  it("tells no more of what is gone, unless it was written since that was seen", async () => {
    const { deps, settle, announce, info, memory } = setup();
    await announce(5, "photo/@2/320-high.webp", "photo/@2/640-low.webp", "photo/@2/16-very_low.webp");
    await settle("photo/@1/320-high.webp");
    const note = () => memory.objects.get("info/photo/_") as Stored;
    const { bytes, customMetadata, etag, uploaded } = note();
    // All is purged, stored and noted again. R2 makes the etag of the bytes, which are the same.
    await deps.images.put("info/photo/_", bytes, { customMetadata });
    note().etag = etag;
    await noteGone(deps, { id: "photo", uploaded, there: new Set() });
    expect(info()).toMatchObject({ stored: { webp: [320] }, others: ["640-low.webp"] });
    await noteGone(deps, { id: "photo", uploaded: note().uploaded, there: new Set(["photo/@2/640-low.webp"]) });
    expect(info()).toEqual({
      ...KNOWN,
      version: "2",
      announced: 5,
      lqip: null,
      stored: {},
      others: ["640-low.webp"],
      sizes: { "640-low": { webp: 7 } },
    });
    expect(memory.objects.get("info/photo/_")?.customMetadata).toMatchObject({ listed: "1", version: "2" });
  });

  it("keeps what two handlers note at once", async () => {
    const { store, info, note } = setup();
    const keys = ["photo/320-high.webp", "photo/640-high.webp", "photo/1080-high.webp"];
    for (const key of keys) await store(key);
    await Promise.all(keys.map((key) => note([key])));
    expect(info()?.stored).toEqual({ webp: [320, 640, 1080] });
  });

  it("has no placeholder that is no small one", async () => {
    const { store, info, note } = setup();
    await store(LQIP, { text: "x".repeat(5_000) });
    await note([LQIP]);
    expect(info()?.lqip).toBeNull();
  });

  it.each<[string, Partial<ReturnType<typeof setup>["original"]>]>([
    ["cannot be read", { kind: "failed" }],
    ["tells no size", { size: null }],
  ])("is not written of an original that %s", async (_, change) => {
    const { settle, original, puts } = setup();
    Object.assign(original, change);
    await settle("photo/320-high.webp");
    expect(puts()).toBe(0);
  });

  it("is not written of what is gone again, and of no key at all", async () => {
    const { memory, store, note } = setup();
    await store("photo/320-high.webp");
    memory.objects.clear();
    await note(["photo/320-high.webp", "nonsense"]);
    await note([]);
    expect(memory.objects.size).toBe(0);
  });

  it("may fail, which is told and harms nobody", async () => {
    const { memory, store, logs, info, note } = setup();
    await store("photo/320-high.webp");
    await store("other/320-high.webp");
    memory.fails = (call) => call === "put info/photo/_";
    await note(["photo/320-high.webp", "other/320-high.webp"]);
    expect([logs, info(), memory.objects.has("info/other/_")]).toEqual([["info.put_failed"], null, true]);
    memory.fails = () => false;
    await note(["photo/320-high.webp"]);
    expect(info()?.stored).toEqual({ webp: [320] });
  });

  it("goes with a purge, unless it was noted of what the purge leaves", async () => {
    const { store, memory, info, note } = setup();
    await store("photo/320-high.webp", { gen: 5 });
    await note(["photo/320-high.webp"]);
    await sweepImage(memory.bucket, { kind: "delete", id: "photo", fence: 5, pass: 1 }, () => true);
    expect(info()).not.toBeNull();
    await sweepImage(memory.bucket, { kind: "delete", id: "photo", fence: 6, pass: 1 }, () => true);
    expect(info()).toBeNull();
  });

  it("is not written of a removed image, whatever was read before", async () => {
    const { store, memory, info, note } = setup();
    await memory.bucket.put("info/photo/_", "{}", { customMetadata: { removed: "1" } });
    await store("photo/320-high.webp");
    await note(["photo/320-high.webp"]);
    expect([info(), memory.objects.get("info/photo/_")?.customMetadata]).toEqual([null, { removed: "1" }]);
  });

  it("is read for many at once", async () => {
    const { deps, settle } = setup();
    await settle("photo/320-high.webp");
    const known = await readInfos(deps, ["photo", "none", "photo"]);
    expect([...known.keys()]).toEqual(["photo"]);
  });
});
