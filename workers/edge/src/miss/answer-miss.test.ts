import { infoKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { BYTES, detailOf, NOW, type Options, setup } from "../testing/setup.ts";
import { PLACEHOLDER } from "./placeholder.ts";

describe("the redirect", () => {
  it("leads to the original, is not cached, and shows no part of the URL", async () => {
    const response = await setup().get("/images/a%20b/c%26d.jpg?w=800&utm_source=secret");
    expect(response.status).toBe(302);
    expect(response.headers.get("Location")).toBe("https://cdn.example.com/originals/a%20b/c%26d.jpg");
    expect(response.headers.get("Cache-Control")).toBe("private, no-store");
    expect(await response.text()).toBe("");
  });

  it.each([
    ["/images/@evil.example/x", "https://cdn.example.com/originals/%40evil.example/x"],
    ["/images/https:evil.example", "https://cdn.example.com/originals/https%3Aevil.example"],
    ["/images/x%3Fy%23z", "https://cdn.example.com/originals/x%3Fy%23z"],
    ["/images/$&", "https://cdn.example.com/originals/%24%26"],
  ])("of %s leads where the source says", async (path, location) => {
    expect((await setup().get(path)).headers.get("Location")).toBe(location);
  });

  it("chooses the source by the id's prefix", async () => {
    const sources = [
      { prefix: "", url: "https://a.example/{id}" },
      { prefix: "shop/", url: "https://b.example/{id}.png" },
    ];
    const world = setup({ config: { sources } });
    expect((await world.get("/images/x")).headers.get("Location")).toBe("https://a.example/x");
    expect((await world.get("/images/shop/x")).headers.get("Location")).toBe("https://b.example/shop/x.png");
  });

  it("is a 404 if no source takes the id", async () => {
    const world = setup({ config: { sources: [{ prefix: "shop/", url: "https://b.example/{id}" }] } });
    expect((await world.get("/images/x")).status).toBe(404);
    expect(world.sent).toEqual([]);
  });

  it("never leads back to this route", async () => {
    const world = setup({ config: { sources: [{ prefix: "", url: "https://images.example.com/images/{id}" }] } });
    expect((await world.get("/images/x")).status).toBe(404);
    expect(world.sent).toEqual([]);
  });

  it("is refused to the pipeline itself, which would wait for its own variant", async () => {
    const response = await setup().get("/images/x", { Via: "1.1 varnish, 1.1 prewarm" });
    expect(response.status).toBe(404);
    expect((await setup().get("/images/x", { Via: "1.1 varnish" })).status).toBe(302);
  });
});

describe("the placeholder", () => {
  const unshowable = JSON.stringify({ code: "unshowable", until: NOW + 60_000 });

  it.each([
    ["/images/photo?w=800", { firstView: "placeholder" }, "configured"],
    ["/images/photo.heic?w=800", {}, "no browser shows HEIC"],
    ["/images/PHOTO.TIFF?w=800", {}, "nor TIFF, in capitals"],
    ["/images/summer/%C3%A9t%C3%A9%20a.jxl?w=800", {}, "nor Chromium JPEG XL"],
    ["/images/photo.Jxl?w=800&v=2", {}, "nor its second version"],
    [
      "/images/photo?w=800",
      { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] },
      "a private original without a key",
    ],
    ["/images/logo.svg", { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] }, "the same, passed through"],
  ] satisfies [string, Options["config"], string][])("stands in for %s %j (%s)", async (path, config, _why) => {
    const world = setup({ config });
    world.originals.store("photo", BYTES);
    const response = await world.get(path);
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "image/gif"]);
    expect(response.headers.get("Cache-Control")).toBe("private, no-store");
    expect(response.headers.get("Content-Length")).toBe(String(PLACEHOLDER.length));
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(PLACEHOLDER);
  });

  it("stands in for an original that no browser shows", async () => {
    const world = setup();
    world.images.store("dead/photo/_", unshowable);
    const response = await world.get("/images/photo?w=800");
    expect([response.headers.get("Content-Type"), detailOf(response)]).toEqual(["image/gif", "dead"]);
  });

  it("still asks for the variant and gives way to it", async () => {
    const world = setup();
    const first = await world.get("/images/photo.heic?w=800");
    expect(detailOf(first)).toBe("enqueued");
    world.images.store("variants/photo.heic/800-high.webp", BYTES);
    expect((await world.get("/images/photo.heic?w=800")).headers.get("Content-Type")).toBe("image/webp");
  });

  it("has no body for HEAD", async () => {
    expect(await (await setup().ask("HEAD", "/images/photo.heic?w=800")).text()).toBe("");
  });

  it("is one pixel of a readable GIF", async () => {
    const { default: sharp } = await import("sharp");
    const { data, info } = await sharp(PLACEHOLDER).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, [...data.subarray(0, 3)]]).toEqual([1, 1, [0xe5, 0xe5, 0xe5]]);
  });
});

describe("pass-through", () => {
  it.each(["svg", "gif", "ico", "SVG"])(
    ".%s is sent to its original, for an hour, and never asked for",
    async (extension) => {
      const world = setup();
      const response = await world.get(`/images/logo.${extension}?w=800`);
      expect(response.status).toBe(302);
      expect(response.headers.get("Location")).toBe(`https://cdn.example.com/originals/logo.${extension}`);
      expect(response.headers.get("Cache-Control")).toBe("public, max-age=3600");
      expect(detailOf(response)).toBe("pass-through");
      expect([world.sent, world.images.reads]).toEqual([[], [infoKey(`logo.${extension}`)]]);
    },
  );

  it("keeps an animation moving that only its bytes show: the edge redirects to its origin", async () => {
    const world = setup();
    const marker = JSON.stringify({ code: "animated", until: NOW + 60_000 });
    world.images.store("dead/party/_", marker);
    const response = await world.get("/images/party?w=800");
    expect([response.status, response.headers.get("Location"), detailOf(response)]).toEqual([
      302,
      "https://cdn.example.com/originals/party",
      "dead",
    ]);
  });
});
