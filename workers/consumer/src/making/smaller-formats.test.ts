import { parseInfo } from "@prewarm/shared/image-info";
import { fromCustomMetadata, type VariantMetadata } from "@prewarm/shared/variant-metadata";
import { describe, expect, it } from "vitest";
import { sweepImage } from "../store/sweep-image.ts";
import { picture } from "../testing/pictures.ts";
import { batchWorld, ORIGINALS } from "./testing/batch-world.ts";

type World = ReturnType<typeof batchWorld>;

const AVIF = "photo/400-high.avif";
const WEBP = "photo/400-high.webp";
const JPEG = "photo/400-high.jpeg";

/** Of one colour AVIF has some 300 bytes, WebP 100 and JPEG 800: so `f=auto` must not serve AVIF. */
function world(etag: string | null = '"e1"', width = 1000): World {
  const made = batchWorld();
  made.web.set(`${ORIGINALS}/photo`, async () => {
    const bytes = await made.clock.during(picture("jpeg", width, width / 2));
    return new Response(bytes, etag === null ? {} : { headers: { etag } });
  });
  return made;
}

function metadataOf({ images }: World, key: string): VariantMetadata {
  const made = fromCustomMetadata(images.objects.get(`variants/${key}`)?.customMetadata);
  if (made === null) throw new Error(`${key} is not stored`);
  return made;
}

const said = (one: World, ...keys: string[]) => keys.map((key) => metadataOf(one, key).smaller?.join(" ") ?? "");
const callsOf = ({ images }: World, start: string) => images.calls.filter((call) => call.startsWith(start)).length;
const bytesOf = ({ images }: World, key: string) => images.objects.get(`variants/${key}`)?.bytes.byteLength ?? 0;
const noteOf = ({ images }: World) => parseInfo(new TextDecoder().decode(images.objects.get("info/photo/_")?.bytes));

async function make(one: World, ...keys: string[]): Promise<void> {
  for (const key of keys) one.ledger.add(key);
  await one.shift();
  one.clock.advance(60_000);
}

describe("the formats of one picture", () => {
  it("are compared when their image gets its note: a larger one names the smaller ones", async () => {
    const one = world();
    await make(one, WEBP, AVIF, JPEG);
    expect(said(one, AVIF, WEBP, JPEG)).toEqual(["webp", "", ""]);
    expect(noteOf(one)?.sizes).toEqual({
      "400-high": { avif: bytesOf(one, AVIF), webp: bytesOf(one, WEBP), jpeg: bytesOf(one, JPEG) },
    });
  });

  it.each([
    [AVIF, WEBP],
    [WEBP, AVIF],
  ])("are compared in any order, and by different handlers: %s before %s", async (first, second) => {
    const one = world();
    await make(one, first);
    const before = metadataOf(one, first);
    await make(one, second);
    expect(said(one, AVIF, WEBP)).toEqual(["webp", ""]);
    // Its generation and all else stay: a purge judges it as before.
    expect({ ...metadataOf(one, first), smaller: undefined }).toEqual({ ...before, smaller: undefined });
  });

  it("cost a read and a put of each larger one, and no more", async () => {
    const one = world();
    await make(one, WEBP, JPEG);
    // A head before each job, none for the note.
    const calls = ["head variants", "get variants", "put variants", "get info", "put info"];
    expect(calls.map((call) => callsOf(one, call))).toEqual([2, 0, 2, 1, 1]);
    await make(one, AVIF);
    expect(calls.map((call) => callsOf(one, call))).toEqual([3, 1, 4, 2, 2]);
  });

  it("are not written again if they name the smaller ones already", async () => {
    const one = world();
    await make(one, WEBP, AVIF, JPEG);
    const before = one.images.calls.length;
    await make(one, AVIF, JPEG);
    expect(one.ledger.lastOutcome(AVIF)?.kind).toBe("present");
    expect(one.images.calls.slice(before).filter((call) => /^(put|get variants)/.test(call))).toEqual([]);
  });

  it("that name none because their handler died name them when one is asked for again", async () => {
    const one = world();
    await make(one, WEBP, AVIF);
    const avif = one.images.objects.get(`variants/${AVIF}`);
    if (avif !== undefined) avif.customMetadata = { ...avif.customMetadata, smaller: "" };
    await make(one, AVIF);
    expect([one.ledger.lastOutcome(AVIF)?.kind, ...said(one, AVIF)]).toEqual(["present", "webp"]);
  });

  it("that were stored before notes had sizes are compared when they are asked for again", async () => {
    const one = world();
    await make(one, WEBP, AVIF);
    const { sizes, ...older } = noteOf(one) ?? {};
    expect(sizes).toBeDefined();
    const note = one.images.objects.get("info/photo/_");
    if (note !== undefined) note.bytes = new TextEncoder().encode(JSON.stringify(older));
    for (const { customMetadata } of one.images.objects.values()) delete customMetadata.smaller;
    await make(one, WEBP, AVIF);
    expect([one.ittybit.jobs.length, ...said(one, AVIF)]).toEqual([2, "webp"]);
  });

  it("are not compared where they are made of another original, or nothing tells of which", async () => {
    for (const [before, after] of [
      ['"e1"', '"e2"'],
      [null, null],
    ] as const) {
      const one = world(before);
      await make(one, WEBP);
      one.web.set(`${ORIGINALS}/photo`, async () => {
        const bytes = await one.clock.during(picture("jpeg", 1000, 500));
        return new Response(bytes, after === null ? {} : { headers: { etag: after } });
      });
      await make(one, AVIF);
      expect(said(one, AVIF), `${before} ${after}`).toEqual([""]);
    }
  });

  it("name no format that has grown since", async () => {
    const one = world();
    await make(one, AVIF, WEBP, JPEG);
    expect(said(one, AVIF)).toEqual(["webp"]);
    const webp = one.images.objects.get(`variants/${WEBP}`);
    if (webp !== undefined) webp.bytes = new Uint8Array(50_000);
    await make(one, WEBP);
    expect(said(one, AVIF, WEBP)).toEqual(["", "jpeg"]);
  });

  it("are compared as copies of what has the same picture, too", async () => {
    const one = world('"e1"', 300);
    await make(one, "photo/320-high.avif", "photo/320-high.webp");
    await make(one, "photo/640-high.avif");
    await make(one, "photo/640-high.webp");
    expect(said(one, "photo/320-high.avif", "photo/640-high.avif")).toEqual(["webp", "webp"]);
    expect(one.ittybit.jobs).toHaveLength(2);
  });

  it("of the placeholder are not compared: it is asked for by its format", async () => {
    const one = world();
    await make(one, "photo/16-very_low.webp");
    expect(noteOf(one)?.sizes).toEqual({});
  });

  it("of an image that is purged meanwhile do not come back", async () => {
    const one = world();
    await make(one, WEBP);
    const { get } = one.deps.images;
    const purge = { kind: "delete", id: "photo", fence: Number.MAX_SAFE_INTEGER, pass: 1 } as const;
    one.deps.images.get = (async (...args: Parameters<typeof get>) => {
      const object = await get(...args);
      if (args[0] === `variants/${AVIF}`) await sweepImage(one.images.bucket, purge, () => true);
      return object;
    }) as typeof get;
    await make(one, AVIF);
    expect([...one.images.objects.keys()]).toEqual([]);
  });

  it("do not replace an object of the same bytes that was put meanwhile", async () => {
    const one = world();
    await make(one, AVIF);
    const old = one.images.objects.get(`variants/${AVIF}`);
    if (old === undefined) throw new Error("AVIF is not stored");
    const { get } = one.deps.images;
    one.deps.images.get = (async (...args: Parameters<typeof get>) => {
      const object = await get(...args);
      // R2 makes the etag of the bytes.
      if (args[0] === `variants/${AVIF}`)
        one.images.objects.set(args[0], { ...old, uploaded: old.uploaded + 1_000, customMetadata: { gen: "9" } });
      return object;
    }) as typeof get;
    await make(one, WEBP);
    expect(one.images.objects.get(`variants/${AVIF}`)?.customMetadata).toEqual({ gen: "9" });
  });

  it.each(["of other bytes", "of another original"])(
    "are left alone where an object %s has come instead",
    async (what) => {
      const one = world();
      await make(one, AVIF);
      const avif = one.images.objects.get(`variants/${AVIF}`);
      if (avif === undefined) throw new Error("AVIF is not stored");
      if (what === "of other bytes") avif.bytes = new Uint8Array(4_000);
      else avif.customMetadata["source-etag"] = '"e2"';
      await make(one, WEBP);
      expect(said(one, AVIF)).toEqual([""]);
    },
  );

  it.each([
    [2, "webp", 0],
    [3, "", 1],
  ])(
    "are tried three times, as R2 takes one write of a key in a second: after %i refusals",
    async (times, saying, logs) => {
      const one = world();
      await make(one, AVIF);
      let refusals = times;
      one.images.fails = (call) => call === `put variants/${AVIF}` && refusals-- > 0;
      await make(one, WEBP);
      expect([said(one, AVIF), one.ledger.lastOutcome(WEBP)?.kind]).toEqual([[saying], "stored"]);
      expect(one.logs.filter((line) => line.startsWith("variant.compare_failed"))).toHaveLength(logs);
    },
  );
});
