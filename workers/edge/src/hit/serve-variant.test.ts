import { describe, expect, it } from "vitest";
import { etagOf } from "../testing/fakes.ts";
import { BYTES, NOW, setup, type World } from "../testing/setup.ts";

const PATH = "/images/photo?w=800";
const STORE_KEY = "variants/photo/800-high.webp";
const ETAG = etagOf(BYTES);
const DATE = "Sun, 01 Nov 2026 12:00:00 GMT";

/** A world whose variant lies in R2 only, or in the cache only: both must answer alike. */
async function holding(place: "R2" | "cache", freshness: "immutable" | "revalidate" = "immutable"): Promise<World> {
  const world = setup({ config: { freshness } });
  world.images.store(STORE_KEY, BYTES, new Date(DATE));
  if (place === "R2") return world;
  await world.get(PATH);
  await world.settle();
  world.images.objects.clear();
  return world;
}

describe.each(["R2", "cache"] as const)("a variant in the %s", (place) => {
  it("is served whole with all its headers", async () => {
    const response = await (await holding(place)).get(PATH);
    expect(response.status).toBe(200);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      "content-type": "image/webp",
      "cache-control": "public, max-age=31536000, immutable",
      "cache-status": place === "R2" ? "edge; fwd=uri-miss, store; hit" : "edge; hit",
      etag: ETAG,
      "last-modified": DATE,
      "accept-ranges": "bytes",
      "server-timing": place === "R2" ? "cache;dur=0, r2;dur=0" : "cache;dur=0",
    });
    expect(ETAG).not.toMatch(/^W\//);
  });

  it("has the type that its key says, but for the PNG of a transparent original under the key of a JPEG", async () => {
    const typeOf = async (format: string, contentType: string) => {
      const world = setup();
      const key = `variants/photo/800-high.${format}`;
      world.images.objects.set(key, { bytes: BYTES, uploaded: new Date(DATE), contentType });
      const get = async () => (await world.get(`/images/photo?w=800&f=${format}`)).headers.get("Content-Type");
      const first = await get();
      if (place === "R2") return first;
      await world.settle();
      world.images.objects.clear();
      return get();
    };
    expect(await typeOf("jpeg", "image/png")).toBe("image/png");
    expect(await typeOf("jpeg", "image/jpeg")).toBe("image/jpeg");
    expect(await typeOf("jpeg", "text/html")).toBe("image/jpeg");
    expect(await typeOf("webp", "image/png")).toBe("image/webp");
  });

  it.each([
    [{ Range: "bytes=0-3" }, 206, "0-3", "the first chunk"],
    [{ Range: "bytes=3-9" }, 206, "3-9", "across chunks"],
    [{ Range: "bytes=7-7" }, 206, "7-7", "one byte"],
    [{ Range: "bytes=-5" }, 206, "15-19", "the end"],
    [{ Range: "bytes=18-" }, 206, "18-19", "to the end"],
    [{ Range: "bytes=3-9", "If-Range": ETAG }, 206, "3-9", "the tag holds"],
    [{ Range: "bytes=3-9", "If-Range": DATE }, 206, "3-9", "the date holds"],
  ])("%j is %i with %s (%s)", async (headers: Record<string, string>, status, range, _why) => {
    const response = await (await holding(place)).get(PATH, headers);
    expect([response.status, response.headers.get("Content-Range")]).toEqual([status, `bytes ${range}/20`]);
    const [start, end] = range.split("-").map(Number);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES.slice(start, (end ?? 0) + 1));
    expect(response.headers.get("ETag")).toBe(ETAG);
  });

  it.each([
    [{ Range: "bytes=3-9", "If-Range": '"old"' }, "changed since"],
    [{ Range: "bytes=0-1,3-4" }, "several ranges"],
    [{ Range: "lines=1-2" }, "another unit"],
    [{ "If-None-Match": '"other"' }, "another tag"],
    [{ "If-Modified-Since": "Sat, 31 Oct 2026 12:00:00 GMT" }, "changed since"],
  ])("%j is answered whole (%s)", async (headers: Record<string, string>, _why) => {
    const response = await (await holding(place)).get(PATH, headers);
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 20]);
  });

  it("refuses a range outside it", async () => {
    const response = await (await holding(place)).get(PATH, { Range: "bytes=20-" });
    expect([response.status, response.headers.get("Content-Range")]).toEqual([416, "bytes */20"]);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.json()).toMatchObject({ code: "range_not_satisfiable", size: 20 });
  });

  it.each([
    [{ "If-None-Match": ETAG }, "the tag"],
    [{ "If-None-Match": `"x", W/${ETAG}` }, "weak, in a list"],
    [{ "If-None-Match": "*" }, "anything"],
    [{ "If-Modified-Since": DATE }, "the date"],
    [{ "If-None-Match": ETAG, Range: "bytes=0-1" }, "conditions come before ranges"],
  ])("%j is not modified (%s)", async (headers: Record<string, string>, _why) => {
    const world = await holding(place);
    const whole = await world.ask("HEAD", PATH);
    await world.settle();
    const response = await (await holding(place)).get(PATH, headers);
    expect([response.status, await response.text()]).toEqual([304, ""]);
    for (const name of [
      "Cache-Control",
      "ETag",
      "Last-Modified",
      "Vary",
      "X-Content-Type-Options",
      "Access-Control-Allow-Origin",
    ]) {
      expect(response.headers.get(name)).toBe(whole.headers.get(name));
    }
    expect(response.headers.has("Content-Type")).toBe(false);
  });

  it("is revalidated before every use when the configuration says so", async () => {
    const response = await (await holding(place, "revalidate")).get(PATH);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=0, must-revalidate");
  });
});

describe("the cache copy", () => {
  it.each([
    ["GET", {}, "the whole"],
    ["GET", { Range: "bytes=3-4" }, "a part"],
    ["GET", { "If-None-Match": "*" }, "nothing but a 304"],
    ["HEAD", {}, "headers only"],
  ] as const)("is whole whatever the viewer asked for: %s %j (%s)", async (method, headers, _why) => {
    const world = await holding("R2");
    const response = await world.ask(method, PATH, headers);
    await Promise.all([world.settle(), response.arrayBuffer()]);
    world.images.objects.clear();
    const next = await world.get(PATH);
    expect(next.headers.get("Cache-Status")).toBe("edge; hit");
    expect(new Uint8Array(await next.arrayBuffer())).toEqual(BYTES);
  });

  it("lives for 30 days and no longer", async () => {
    const world = setup();
    world.images.store(STORE_KEY, BYTES);
    await world.get(PATH);
    await world.settle();
    world.images.objects.clear();
    world.advance(30 * 86_400_000 - 1);
    expect((await world.get(PATH)).status).toBe(200);
    world.advance(1);
    expect((await world.get(PATH)).status).toBe(302);
  });

  it("is never a redirect or a refusal", async () => {
    const world = setup();
    await world.get(PATH);
    await world.get("/images/photo?w=x");
    await world.get("/images/logo.svg");
    await world.settle();
    expect([...world.cache.entries.keys()].toSorted()).toEqual([
      "https://images.example.com/.asked/photo/800-high.webp",
      "https://images.example.com/.changes",
    ]);
  });

  it("that is not ours is a miss", async () => {
    const world = setup();
    const url = "https://images.example.com/images/photo/800-high.webp";
    world.cache.entries.set(url, {
      bytes: new ArrayBuffer(3),
      headers: new Headers({ "Content-Type": "text/html" }),
      until: NOW * 2,
    });
    expect((await world.get(PATH)).status).toBe(302);
  });
});
