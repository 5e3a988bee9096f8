import { signOriginal, stagedUrl } from "@prewarm/shared/signature";
import { stagedKey, storeKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { etagOf } from "./testing/fakes.ts";
import { BYTES, detailOf, NOW, type Options, ORIGIN, setup, type World } from "./testing/setup.ts";

const SOURCES = [
  { prefix: "", url: "https://cdn.example.com/originals/{id}" },
  { prefix: "private/", bucket: "ORIGINALS", key: "up/{id}", viewers: "redirect" },
] as const;
const JPEG = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, ...BYTES]);
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

function bucketWorld(options: Options = {}): World {
  const world = setup({ keys: ["key", "old"], ...options, config: { sources: SOURCES, ...options.config } });
  world.originals.store("up/private/a.jpg", JPEG);
  return world;
}

function signedPath(world: World, id: string, key = "key", now = NOW): Promise<string> {
  return signOriginal(id, key, world.config, now / 1000);
}

describe("a miss of a bucket's original that viewers may see", () => {
  it("leads to a signed URL here, the same within its window, that opens", async () => {
    const world = bucketWorld();
    const first = (await world.get("/images/private/a.jpg?w=800")).headers.get("Location") ?? "";
    world.advance(60_000);
    const second = (await world.get("/images/private/a.jpg?w=400")).headers.get("Location");
    expect(first).toMatch(/^https:\/\/images\.example\.com\/originals\/private\/a\.jpg\?exp=\d+&s=[\w-]{43}$/);
    expect(second).toBe(first);
    const opened = await world.get(first.slice("https://images.example.com".length));
    expect(new Uint8Array(await opened.arrayBuffer())).toEqual(JPEG);
  });

  it("is 404 at once when the original is missing, and asks for nothing", async () => {
    const world = bucketWorld();
    const response = await world.get("/images/private/none.jpg?w=800");
    expect([response.status, detailOf(response), response.headers.get("Cache-Control")]).toEqual([
      404,
      "missing",
      "no-store",
    ]);
    expect(await response.json()).toMatchObject({ code: "original_missing" });
    expect((await world.get("/images/private/none.jpg?w=800")).status).toBe(404);
    expect((await world.ask("HEAD", "/images/private/none.jpg?w=800")).status).toBe(404);
    expect(world.sent).toEqual([]);
  });

  it("is redirected all the same if the bucket does not answer", async () => {
    const world = bucketWorld();
    world.originals.head = () => Promise.reject(new Error("down"));
    expect((await world.get("/images/private/a.jpg?w=800")).status).toBe(302);
  });

  it("passes SVG through to a signed URL no longer than that URL is good", async () => {
    const world = bucketWorld({ config: { limits: { originalsWindowSeconds: 600 } } });
    world.originals.store("up/private/l.svg", text("<svg/>"));
    const response = await world.get("/images/private/l.svg");
    expect(response.headers.get("Location")).toMatch(/\/originals\/private\/l\.svg\?exp=/);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=600");
  });
});

describe("/originals/", () => {
  it.each([
    [async (w: World) => (await signedPath(w, "private/a.jpg")).replace(/&s=.*/, ""), "no signature"],
    [async (w: World) => `${await signedPath(w, "private/a.jpg")}x`, "a broken one"],
    [async (w: World) => (await signedPath(w, "private/b.jpg")).replace("b.jpg", "a.jpg"), "another id's"],
    [async (w: World) => signedPath(w, "private/a.jpg", "unknown"), "another key's"],
    [async (w: World) => signedPath(w, "private/a.jpg", "key", NOW - 7_200_000), "one that is over"],
    [
      async (w: World) => (await signedPath(w, "private/a.jpg")).replace("exp=", "exp=9"),
      "a later expiry than was signed",
    ],
  ])("refuses %# (%s) alike", async (path, _why) => {
    const world = bucketWorld();
    const response = await world.get(await path(world));
    expect([response.status, (await response.json()) as unknown]).toEqual([
      403,
      expect.objectContaining({ code: "signature_required" }),
    ]);
  });

  it("accepts an older key", async () => {
    const world = bucketWorld();
    expect((await world.get(await signedPath(world, "private/a.jpg", "old"))).status).toBe(200);
  });

  it.each([
    [JPEG, "image/jpeg", null, "a photograph"],
    [text("GIF89a123456"), "image/gif", null, "GIF"],
    [text("\uFEFF<?xml version='1.0'?><svg xmlns='x'></svg>"), "image/svg+xml", "attachment", "SVG behind a prologue"],
    [text("<!-- c --><svg><script>alert(1)</script></svg>"), "image/svg+xml", "attachment", "SVG behind a comment"],
    [
      text("<!doctype html><script>alert(1)</script>"),
      "application/octet-stream",
      "attachment",
      "HTML under a picture's name",
    ],
    [text("%PDF-1.7"), "application/octet-stream", "attachment", "something else"],
    [new Uint8Array(), "application/octet-stream", "attachment", "nothing"],
  ])("declares what the bytes are: %# %s", async (bytes, type, disposition, _why) => {
    const world = bucketWorld();
    world.originals.store("up/private/a.jpg", bytes);
    const response = await world.get(await signedPath(world, "private/a.jpg"));
    expect(response.headers.get("Content-Type")).toBe(type);
    expect(response.headers.get("Content-Disposition")).toBe(disposition);
    expect(response.headers.get("Content-Security-Policy")).toMatch(/default-src 'none'.*sandbox/);
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  it("may be cached until its signature ends, and by the viewer only", async () => {
    const world = bucketWorld();
    const path = await signedPath(world, "private/a.jpg");
    const exp = Number(/exp=(\d+)/.exec(path)?.[1]);
    expect((await world.get(path)).headers.get("Cache-Control")).toBe(`private, max-age=${exp - NOW / 1000}`);
  });

  it.each([
    [{ Range: "bytes=4-7" }, 206, "bytes 4-7/24"],
    [{ Range: "bytes=99-" }, 416, "bytes */24"],
    [{ "If-None-Match": etagOf(JPEG) }, 304, null],
    [{ Range: "bytes=4-7", "If-Range": '"x"' }, 200, null],
  ])("answers %j with %i", async (headers, status, range) => {
    const world = bucketWorld();
    const response = await world.get(await signedPath(world, "private/a.jpg"), headers as Record<string, string>);
    expect([response.status, response.headers.get("Content-Range")]).toEqual([status, range]);
    if (status === 206) expect(new Uint8Array(await response.arrayBuffer())).toEqual(JPEG.slice(4, 8));
  });

  it("answers HEAD with the size and no body", async () => {
    const world = bucketWorld();
    const response = await world.ask("HEAD", await signedPath(world, "private/a.jpg"));
    expect([response.headers.get("Content-Length"), await response.text()]).toEqual(["24", ""]);
  });

  it.each([
    ["private/none.jpg", 404, "original_missing"],
    ["public.jpg", 404, "not_found"],
  ])("%s is %i %s", async (id, status, code) => {
    const world = bucketWorld();
    const response = await world.get(await signedPath(world, id));
    expect([response.status, (await response.json()) as unknown]).toEqual([status, expect.objectContaining({ code })]);
  });

  it("says that it is unavailable when the bucket is", async () => {
    const world = bucketWorld();
    world.originals.get = () => Promise.reject(new Error("down"));
    const response = await world.get(await signedPath(world, "private/a.jpg"));
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([503, "no-store"]);
  });
});

describe("/staged/", () => {
  /** Of this moment, in µs. */
  const NUMBER = NOW * 1000;
  const DAY_MS = 86_400_000;

  function stagedWorld(): World {
    const world = setup({ keys: ["key", "old"] });
    world.images.store(stagedKey({ id: "a b/c.jpg", v: null, number: NUMBER }), JPEG);
    world.images.store(stagedKey({ id: "a b/c.jpg", v: null, number: NUMBER + 1 }), JPEG.toReversed());
    world.images.store(storeKey("a b/c.jpg/800-high.webp"), JPEG);
    return world;
  }

  async function path(
    world: World,
    id = "a b/c.jpg",
    { v = null as string | null, key = "key" } = {},
  ): Promise<string> {
    return (await stagedUrl(ORIGIN, { id, v, number: NUMBER }, key, world.config)).slice(ORIGIN.length);
  }

  it("serves the bytes of its number, for the number's day", async () => {
    const world = stagedWorld();
    const asked = await path(world);
    expect(asked).toMatch(/^\/staged\/\d{16}\/a%20b\/c\.jpg\?exp=\d+&s=[\w-]{43}$/);
    const response = await world.get(asked);
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "image/jpeg"]);
    expect(response.headers.get("Cache-Control")).toBe(`private, max-age=${DAY_MS / 1000}`);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(JPEG);
    expect((await world.get(asked, { Range: "bytes=4-7" })).status).toBe(206);
    expect((await world.get(await path(world, "a b/c.jpg", { key: "old" }))).status).toBe(200);
    world.advance(DAY_MS);
    expect((await world.get(asked)).status).toBe(403);
  });

  it.each<[string, (signed: string) => string]>([
    ["no signature", (signed) => signed.replace(/&s=.*/, "")],
    ["another number's signature", (signed) => signed.replace(String(NUMBER), String(NUMBER + 1))],
    ["another image's signature", (signed) => signed.replace("c.jpg", "d.jpg")],
    ["a signature of another road", (signed) => signed.replace(/^\/staged\/\d+/, "/originals")],
    ["a later end", (signed) => signed.replace("exp=", "exp=9")],
    ["another version's signature", (signed) => signed.replace(String(NUMBER), `${NUMBER}@b`)],
    ["a number in another spelling", (signed) => signed.replace("/staged/", "/staged/0")],
    ["a step out of the folder", (signed) => signed.replace(String(NUMBER), "..%2Fvariants")],
  ])("reads nothing with %s", async (_name, change) => {
    const world = stagedWorld();
    const response = await world.get(change(await path(world)));
    expect([403, 404]).toContain(response.status);
    expect(world.images.reads).toEqual([]);
  });

  it.each([null, "b"])("reads no other object than its own, of version %s", async (v) => {
    const world = stagedWorld();
    const own = stagedKey({ id: "a b/c.jpg", v, number: NUMBER });
    world.images.store(own, JPEG);
    const response = await world.get(await path(world, "a b/c.jpg", { v }));
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(JPEG);
    expect([...new Set(world.images.reads)]).toEqual([own]);
  });

  it("is 404 if no bytes are staged, also with a note that says why", async () => {
    const world = stagedWorld();
    expect((await world.get(await path(world, "none.jpg"))).status).toBe(404);
    world.images.store(stagedKey({ id: "note.jpg", v: null, number: NUMBER }), "Its copy broke off twice.");
    expect((await world.get(await path(world, "note.jpg"))).status).toBe(404);
  });

  it("is 410 when the image is removed", async () => {
    const world = stagedWorld();
    world.tell({ "a b/c.jpg": { gone: 1, removed: true } });
    const response = await world.get(await path(world));
    expect([response.status, (await response.json()) as unknown]).toEqual([
      410,
      expect.objectContaining({ code: "removed" }),
    ]);
  });
});
