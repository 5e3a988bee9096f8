import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bucketTag, imageTag, SIGNED_TAG } from "@prewarm/shared/edge-cache";
import { encodeId } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { answerOf, EVERY_ANSWER, printAnswer } from "./testing/every-answer.ts";
import { BYTES, ORIGIN, setup } from "./testing/setup.ts";

const NAMES = Object.keys(EVERY_ANSWER);
/** Recorded before there was a choice of caches. */
const RECORDED = join(import.meta.dirname, "../test/fixtures/colo-answers.txt");

describe('edgeCache: "colo"', () => {
  it("changes no byte of any answer", async () => {
    const answers = [];
    for (const name of NAMES) answers.push(await printAnswer(name, await answerOf(name)));
    const text = `${answers.join("\n\n")}\n`;
    if (process.env.RECORD_ANSWERS === "1") writeFileSync(RECORDED, text);
    expect(text).toBe(readFileSync(RECORDED, "utf8"));
  });
});

/** What the Workers Cache reads before `Cache-Control`, and never shows to viewers. */
const LIFE = "Cloudflare-CDN-Cache-Control";
const KEPT = "max-age=2592000, stale-if-error=0";
const TAGS = `${imageTag("photo")},${bucketTag("photo")}`;
const WORKERS = { edgeCache: "workers" } as const;

/** The answers that it may keep, each with its life and tags. All others are kept by nobody in front of the edge. */
const VARIANTS: Record<string, [life: string, tags: string]> = {
  "a stored variant": [KEPT, TAGS],
  "a second view of it": [KEPT, TAGS],
  "HEAD of it": [KEPT, TAGS],
  "a condition that holds": [KEPT, TAGS],
  "a part": [KEPT, TAGS],
  "a part outside of it": [KEPT, TAGS],
  "a variant that is revalidated": [KEPT, TAGS],
  "a variant by Accept": [KEPT, TAGS],
  "a variant while the cache hangs": [KEPT, TAGS],
  "a signed variant": [KEPT, `${TAGS},${SIGNED_TAG}`],
  "a signed variant that ends": ["max-age=90, stale-if-error=0, must-revalidate", `${TAGS},${SIGNED_TAG}`],
  "the same picture under another key": [KEPT, TAGS],
};

describe('edgeCache: "workers"', () => {
  it.each(NAMES)("says whether the cache in front may keep %s", async (name) => {
    const { headers } = await answerOf(name, WORKERS);
    const [life, tags] = VARIANTS[name] ?? ["no-store", null];
    expect([headers.get(LIFE), headers.get("Cache-Tag")]).toEqual([life, tags]);
    // The cache in front keeps an answer without it by rules of its own: a 200 for two hours.
    expect(headers.get("Cache-Control")).not.toBeNull();
  });

  // Both are the cache's: it cuts the part, and it is what is purged.
  const others = NAMES.filter((name) => name !== "a part outside of it" && name !== "a purge");

  it.each(others)("tells browsers of %s what they are told without it", async (name) => {
    const [one, other] = [await answerOf(name), await answerOf(name, WORKERS)];
    const told = ({ headers }: Response) =>
      ["Cache-Control", "Vary", "ETag", "Location"].map((each) => headers.get(each));
    expect(told(other)).toEqual(told(one));
  });

  it("tags by the encoded id, as keys begin and the ledger knows it", async () => {
    const world = setup({ config: WORKERS });
    const id = encodeId("summer/1 é");
    world.images.store(`variants/${id}/800-high.webp`, BYTES);
    const { headers } = await world.get("/images/summer/1%20%C3%A9?w=800");
    expect(headers.get("Cache-Tag")).toBe(`${imageTag(id)},${bucketTag(id)}`);
  });

  it("answers a range with the whole, which the cache slices", async () => {
    for (const name of ["a part", "a part outside of it"]) {
      const response = await answerOf(name, WORKERS);
      expect(response.status).toBe(200);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
    }
  });

  it("keeps no variant in the data centre's cache, where no purge would reach it, and asks that cache for none", async () => {
    const world = setup({ config: WORKERS });
    const own = `${ORIGIN}/images/photo/800-high.webp`;
    await world.cache.put(
      own,
      new Response("old", { headers: { "Cache-Control": "max-age=60", ETag: '"old"', "Content-Type": "image/webp" } }),
    );
    world.images.store("variants/photo/800-high.webp", BYTES);
    for (let view = 0; view < 2; view += 1) {
      const response = await world.get("/images/photo?w=800");
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
      expect(response.headers.get("Cache-Status")).toBe("edge; fwd=uri-miss, store; hit");
    }
    await world.settle();
    const kept = [...world.cache.entries].map(([url, { bytes }]) => [url, new TextDecoder().decode(bytes)]);
    expect(kept).toEqual([[own, "old"]]);
  });

  it("still notes there what was asked for lately: a note is no answer, and ends by itself", async () => {
    const world = setup({ config: WORKERS });
    await world.get("/images/photo?w=800");
    await world.settle();
    expect([...world.cache.entries.keys()]).toEqual([`${ORIGIN}/.asked/photo/800-high.webp`]);
    expect((await world.otherIsolate().get("/images/photo?w=800")).headers.get("Cache-Status")).toContain(
      "detail=pending",
    );
  });
});
