import { REMOVED_METADATA } from "@prewarm/shared/image-info";
import { infoKey } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { BYTES, detailOf, type Options, setup } from "./testing/setup.ts";

const PATH = "/images/u/7.jpg?w=800&f=webp";
const HIDDEN = { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] };

function removed(options: Options = {}) {
  const world = setup(options);
  world.images.store(infoKey("u/7.jpg"), "{}", undefined, REMOVED_METADATA);
  return world;
}

describe("a removed image", () => {
  it.each(["GET", "HEAD"])("is answered 410 to %s, is kept by nobody, and is never asked for", async (method) => {
    const world = removed();
    for (let view = 0; view < 3; view += 1) {
      const response = await world.ask(method, PATH);
      expect([response.status, response.headers.get("Location")]).toEqual([410, null]);
      expect([detailOf(response), response.headers.get("Cache-Control")]).toEqual(["removed", "no-store"]);
      world.advance(20_000);
    }
    await world.settle();
    expect(world.sent).toEqual([]);
  });

  it("is answered with the picture of the site's choice, which nobody takes for it", async () => {
    const response = await removed({ config: { removedUrl: "/removed.svg" } }).get(PATH);
    expect([response.status, response.headers.get("Location")]).toEqual([302, "/removed.svg"]);
    expect([detailOf(response), response.headers.get("Cache-Control")]).toEqual(["removed", "private, no-store"]);
  });

  it("is unknown to those who ask what is known of it", async () => {
    expect((await removed().get("/info/u/7.jpg")).status).toBe(404);
  });

  it("is told from one that never was to nobody who may not know of either, and is not asked for", async () => {
    const world = removed({ config: HIDDEN });
    world.originals.store("other.jpg", BYTES);
    const [gone, other] = [await world.get(PATH), await world.get("/images/other.jpg?w=800&f=webp")];
    expect([gone.status, gone.headers.get("Cache-Status")]).toEqual([other.status, other.headers.get("Cache-Status")]);
    expect(await gone.text()).toBe(await other.text());
    await world.settle();
    expect(world.sent).toMatchObject([{ keys: ["other.jpg/800-high.webp"] }]);
  });
});
