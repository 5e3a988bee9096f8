import { defineConfig } from "@prewarm/shared/config";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { addLabels } from "../output/labels/add-labels.ts";
import { createSemaphore } from "../platform/semaphore.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createMemoryBucket } from "../testing/memory-bucket.ts";
import { picture } from "../testing/pictures.ts";
import { createProbe } from "./probe.ts";
import { readFromUrl } from "./read-start.ts";

const PHOTO = "https://cdn.example.com/originals/photo";

type Page = (request: { url: string; range: string | null }) => Response | Promise<Response>;

function setup(pages: Record<string, Page>, labels = false) {
  const fetched: { url: string; range: string | null }[] = [];
  const fetcher = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = { url: String(input), range: new Headers(init?.headers).get("range") };
    fetched.push(request);
    return pages[request.url]?.(request) ?? new Response("", { status: 404 });
  }) as typeof fetch;
  const memory = createMemoryBucket();
  const config = defineConfig({
    labels,
    sources: [
      { prefix: "", url: "https://cdn.example.com/originals/{id}" },
      { prefix: "own/", bucket: "ORIGINALS", key: "o/{id}" },
      { prefix: "unbound/", bucket: "NOTHING", key: "{id}" },
    ],
    limits: { originalMaxBytes: 10_000_000, originalMaxPixels: 1_000_000, originalMaxEdge: 8_192 },
  });
  const signed: { edge: string | null } = { edge: "https://images.example.com" };
  const clock = createFakeClock();
  const probe = createProbe({
    clock,
    config,
    fetch: fetcher,
    bucket: (name) => (name === "ORIGINALS" ? memory.bucket : null),
    get bucketOriginalUrl() {
      return signed.edge === null
        ? null
        : async (id: string, at: number) => `${signed.edge}/originals/${id}?exp=${at}&s=x`;
    },
    connections: createSemaphore(6),
  });
  return { probe, fetched, memory, signed, clock };
}

/** Answers ranges as a real server does. */
function serve(bytes: Uint8Array, etag = '"e1"'): Page {
  return ({ range }) => {
    const end = Number(/bytes=0-(\d+)/.exec(range ?? "")?.[1]);
    const part = bytes.slice(0, end + 1);
    const headers = { etag, "content-range": `bytes 0-${part.length - 1}/${bytes.length}` };
    return new Response(part, { status: 206, headers });
  };
}

it.each([
  [false, undefined, 1],
  [true, { credit: "AP" }, 2],
])("reads labels behind a picture where the site wants them (%s), in one more read", async (wants, labels, reads) => {
  const create = { width: 600, height: 600, channels: 3 as const, background: "#888888" };
  const noise = { ...create, noise: { type: "gaussian" as const, mean: 128, sigma: 50 } };
  const webp = new Uint8Array(await sharp({ create: noise }).webp({ quality: 90 }).toBuffer());
  expect(webp.length).toBeGreaterThan(70_000);
  const { probe, fetched } = setup({ [PHOTO]: serve(addLabels(webp, "webp", { credit: "AP" })) }, wants);
  const seen = await probe("photo");
  expect([seen.kind === "image" && seen.labels, fetched.length]).toEqual([labels, reads]);
});

it("tells the origin who asks, and asks for an original by nothing secret", async () => {
  let headers: Headers | undefined;
  const fetcher = (async (_: unknown, init?: RequestInit) => {
    headers = new Headers(init?.headers);
    return new Response("");
  }) as typeof fetch;
  await readFromUrl(PHOTO, 100, fetcher);
  expect(headers?.get("user-agent")).toMatch(/^Prewarm\/\d+\.\d+\.\d+$/);
  expect([...(headers?.keys() ?? [])]).toEqual(["accept", "accept-encoding", "range", "user-agent", "via"]);
});

describe("probe", () => {
  it("reads 64 kB once for all that ask within two seconds", async () => {
    const jpeg = await picture("jpeg", 800, 600);
    const { probe, fetched, clock } = setup({ [PHOTO]: serve(jpeg) });
    const told = { size: { width: 800, height: 600 }, etag: '"e1"', type: "jpeg", bytes: jpeg.length, frames: 1 };
    const original = { kind: "image", ...told };
    const [first] = await Promise.all([probe("photo"), probe("photo")]);
    expect(first).toMatchObject(original);
    expect(await probe("photo")).toBe(first);
    expect(fetched).toEqual([{ url: PHOTO, range: "bytes=0-65535" }]);
    // It may have been replaced since.
    clock.advance(2_000);
    await probe("photo");
    expect(fetched).toHaveLength(2);
  });

  it("asks an origin that failed again: each try is one of its own", async () => {
    let fails = true;
    const bytes = await picture("jpeg", 800, 600);
    const { probe } = setup({
      [PHOTO]: (request) => (fails ? new Response("", { status: 503 }) : serve(bytes)(request)),
    });
    expect(await probe("photo")).toMatchObject({ kind: "failed", failure: { httpStatus: 503 } });
    fails = false;
    expect(await probe("photo")).toMatchObject({ kind: "image" });
  });

  it("gives a portrait's size as it is seen", async () => {
    const turned = await sharp(await picture("jpeg", 800, 600))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { probe } = setup({ [PHOTO]: serve(new Uint8Array(turned)) });
    expect(await probe("photo")).toMatchObject({ size: { width: 600, height: 800 } });
  });

  it("reads on when the header stands behind 64 kB of other data", async () => {
    const jpeg = await picture("jpeg", 800, 600);
    const padding = Array.from({ length: 3 }, () => {
      const segment = new Uint8Array(60_002);
      segment.set([0xff, 0xe2, 60_000 >> 8, 60_000 & 255]);
      return [...segment];
    });
    const large = new Uint8Array([...jpeg.subarray(0, 2), ...padding.flat(), ...jpeg.subarray(2)]);
    const { probe, fetched } = setup({ [PHOTO]: serve(large) });
    expect(await probe("photo")).toMatchObject({ kind: "image", size: { width: 800, height: 600 } });
    expect(fetched.map(({ range }) => range)).toEqual(["bytes=0-65535", "bytes=0-524287"]);
  });

  it("reads no more than it needs from a server that ignores ranges", async () => {
    let pulled = 0;
    const jpeg = await picture("jpeg", 800, 600);
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(pulled === 0 ? jpeg : new Uint8Array(20_000));
          pulled += 1;
        },
      });
    const { probe } = setup({ [PHOTO]: () => new Response(endless(), { headers: { "content-length": "9000000" } }) });
    expect(await probe("photo")).toMatchObject({ kind: "image", size: { width: 800, height: 600 } });
    expect(pulled).toBeLessThan(10);
  });

  it.each<[string, Page, string]>([
    ["a missing one", () => new Response("", { status: 404 }), "missing"],
    ["one that is gone", () => new Response("", { status: 410 }), "missing"],
    ["an empty one", () => new Response("", { status: 416 }), "unshowable"],
    ["an empty one of a server without ranges", () => new Response(""), "unshowable"],
    ["HTML", () => new Response("<!doctype html>"), "unshowable"],
    ["SVG", () => new Response("<svg xmlns='x'/>"), "unsupported"],
    ["text", () => new Response("hello"), "unsupported"],
    ["TIFF", async () => new Response(await picture("tiff", 8, 8)), "unshowable"],
    ["JPEG XL", () => new Response(Uint8Array.of(0xff, 0x0a, 0xfa, 0x1f, 0x41)), "unshowable"],
    ["JPEG XL in boxes", () => new Response(Buffer.from("\0\0\0\x0cJXL \r\n\x87\n", "latin1")), "unshowable"],
    ["half a JPEG header", async () => new Response((await picture("jpeg", 8, 8)).slice(0, 30)), "unsupported"],
    ["too many pixels", async () => new Response(await picture("png", 1001, 1000)), "too_large"],
    ["a longer edge than Ittybit takes", async () => new Response(await picture("png", 8_193, 8)), "too_large"],
    ["a higher one", async () => new Response(await picture("png", 8, 8_193)), "too_large"],
    [
      "too many bytes",
      async () =>
        new Response(await picture("png", 8, 8), { status: 206, headers: { "content-range": "bytes 0-99/10000001" } }),
      "too_large",
    ],
    ["an animation", async () => new Response(await film()), "animated"],
  ])("refuses %s", async (_name, page, code) => {
    const { probe } = setup({ [PHOTO]: page });
    expect(await probe("photo")).toMatchObject({ kind: "refused", code });
  });

  it("takes an edge of just the longest", async () => {
    const { probe } = setup({ [PHOTO]: serve(await picture("png", 8_192, 8)) });
    expect(await probe("photo")).toMatchObject({ kind: "image" });
  });

  it.each<[string, Page]>([
    ["answers 503", () => new Response("", { status: 503 })],
    ["answers 429", () => new Response("", { status: 429 })],
    [
      "does not answer",
      () => {
        throw new TypeError("fetch failed");
      },
    ],
    ["redirects in circles", () => new Response(null, { status: 302, headers: { location: PHOTO } })],
  ])("takes an origin that %s for a passing failure", async (_name, page) => {
    const { probe } = setup({ [PHOTO]: page });
    expect(await probe("photo")).toMatchObject({
      kind: "failed",
      class: "transient",
      failure: { code: "original_unreachable" },
    });
  });

  it("follows a redirect on the same origin, and none that leads elsewhere", async () => {
    const same = setup({
      [PHOTO]: () => new Response(null, { status: 301, headers: { location: "/v2/photo" } }),
      "https://cdn.example.com/v2/photo": serve(await picture("webp", 8, 8)),
    });
    const moved = await same.probe("photo");
    expect(moved.kind === "image" && (await moved.input(1))).toBe(PHOTO);
    const other = setup({
      [PHOTO]: () => new Response(null, { status: 302, headers: { location: "http://10.0.0.1/x" } }),
    });
    expect(await other.probe("photo")).toMatchObject({
      kind: "failed",
      class: "permanent",
      failure: { code: "original_redirected" },
    });
    expect(other.fetched).toHaveLength(1);
  });

  it("reads a bucket's original in place, and gives Ittybit the edge's signed URL", async () => {
    const { probe, memory, fetched, signed } = setup({});
    await memory.bucket.put("o/own/a", await picture("avif", 64, 32));
    const own = await probe("own/a");
    expect(own).toMatchObject({ kind: "image", size: { width: 64, height: 32 } });
    // Signed for the time of the grant: a repeated POST says the same.
    expect(own.kind === "image" && (await own.input(7))).toBe("https://images.example.com/originals/own/a?exp=7&s=x");
    expect(await probe("own/b")).toMatchObject({ kind: "refused", code: "missing" });
    expect(fetched).toEqual([]);
    signed.edge = null;
    expect(await probe("own/c")).toMatchObject({
      kind: "failed",
      class: "permanent",
      failure: { code: "original_unaddressable" },
    });
    expect(await probe("unbound/a")).toMatchObject({
      kind: "failed",
      class: "permanent",
      failure: { code: "source_unbound" },
    });
    memory.fails = () => true;
    signed.edge = "https://images.example.com";
    expect(await probe("own/d")).toMatchObject({ kind: "failed", class: "transient" });
  });
});

async function film(): Promise<Uint8Array> {
  const still = (background: string) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = [await still("#f00"), await still("#0f0")];
  return new Uint8Array(
    await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
  );
}
