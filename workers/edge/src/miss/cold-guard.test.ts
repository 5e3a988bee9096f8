import { describe, expect, it } from "vitest";
import { BYTES, detailOf, noted, type Options, setup } from "../testing/setup.ts";

const HEAVY = 6_000_000;
const LQIP = "data:image/webp;base64,AAAA";

/** A photo of so many bytes with a variant of 640 px, where the original comes first. */
function heavyWorld(bytes: number | null, limits: NonNullable<Options["config"]>["limits"] = {}) {
  const world = setup({ config: { firstView: "original", limits } });
  world.know("photo", { bytes, ...noted(["640-high.webp"]) });
  world.images.store("variants/photo/640-high.webp", BYTES);
  return world;
}

describe("heavyOriginalBytes", () => {
  it("shows a stored variant before a larger original for a moment, and asks for the variant", async () => {
    const world = heavyWorld(HEAVY);
    const response = await world.get("/images/photo?w=828");
    expect([response.status, detailOf(response)]).toEqual([200, "stand-in"]);
    expect(response.headers.get("Content-Location")).toBe("/images/photo?w=640&q=high&f=webp");
    expect(response.headers.get("Cache-Control")).toBe("private, max-age=5");
    expect(world.sent.map(({ keys }) => keys)).toEqual([["photo/828-high.webp"]]);
  });

  it.each<[string, number | null, NonNullable<Options["config"]>["limits"]]>([
    ["its size is not known", null, {}],
    ["it has no more", 2_000_000, {}],
    ["the limit allows more", HEAVY, { heavyOriginalBytes: HEAVY }],
  ])("keeps the original if %s", async (_, bytes, limits) => {
    expect((await heavyWorld(bytes, limits).get("/images/photo?w=828")).status).toBe(302);
  });

  it("shows the 16 px placeholder before such an original, if no other variant is stored", async () => {
    for (const firstView of ["stored", "original"] as const) {
      const world = setup({ config: { firstView } });
      world.know("photo", { bytes: HEAVY, lqip: LQIP });
      // Noted, and purged since.
      expect((await world.get("/images/photo?w=828")).status).toBe(302);
      world.images.store("variants/photo/16-very_low.webp", BYTES);
      const response = await world.get("/images/photo?w=828");
      expect(response.headers.get("Content-Location")).toBe("/images/photo?w=16&q=very_low&f=webp");
    }
  });

  it("shows no placeholder in a format that the site does not configure", async () => {
    const world = setup({ config: { formats: ["avif", "jpeg"] } });
    world.know("photo", { bytes: HEAVY, lqip: LQIP });
    world.images.store("variants/photo/16-very_low.webp", BYTES);
    expect((await world.get("/images/photo?w=828&f=avif")).status).toBe(302);
  });

  it.each(["hangs", "rejects", "throws"] as const)("never keeps a viewer waiting when R2 %s", async (fault) => {
    const world = setup({ faults: { images: fault }, config: { limits: { edgeBudgetMs: 50 } } });
    world.know("photo", { bytes: HEAVY, stored: { webp: [640] } });
    expect((await world.get("/images/photo?w=828")).status).toBe(302);
  });
});

describe("a width from the original's own up", () => {
  const small = (stored: string[] = []) => {
    const world = setup();
    world.know("photo", { width: 1024, height: 683, stored: {} });
    for (const name of stored) world.images.store(`variants/photo/${name}`, BYTES);
    return world;
  };

  it("is answered by the one variant with the same picture, as if it were its own", async () => {
    const world = small(["1080-high.webp"]);
    const response = await world.get("/images/photo?w=1920");
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([
      200,
      "public, max-age=31536000, immutable",
    ]);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
    expect(world.sent).toEqual([]);
  });

  it("is found in the cache the next time, without a read", async () => {
    const world = small(["1080-high.webp"]);
    await (await world.get("/images/photo?w=1920")).arrayBuffer();
    await world.settle();
    world.images.reads.length = 0;
    expect((await world.get("/images/photo?w=1920")).headers.get("Cache-Status")).toBe("edge; hit");
    expect(world.images.reads).toEqual([]);
  });

  it("asks for that one, once for all of them", async () => {
    const world = small();
    for (const width of [1080, 1200, 1440, 1920, 2048]) await world.get(`/images/photo?w=${width}`);
    for (const pair of ["w=1920&h=1440", "w=1440&h=1080", "w=1080&h=810"]) await world.get(`/images/photo?${pair}`);
    expect(world.sent.map(({ keys }) => keys[0])).toEqual(["photo/1080-high.webp", "photo/1080x810-cover-high.webp"]);
  });

  it("is its own if it is stored already, and while the image is unknown", async () => {
    const world = small(["1920-high.webp"]);
    expect((await world.get("/images/photo?w=1920")).status).toBe(200);
    const strange = setup();
    await strange.get("/images/photo?w=1920");
    expect(strange.sent[0]?.keys).toEqual(["photo/1920-high.webp"]);
  });
});
