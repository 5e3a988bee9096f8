import { describe, expect, it } from "vitest";
import { BYTES, detailOf, type Options, setup } from "../testing/setup.ts";

const HEAVY = 6_000_000;
const BROWSER = { Accept: "image/avif,image/webp,image/*,*/*;q=0.8" };

function heavyWorld(stored: Record<string, number[]>, options: Options = {}) {
  const world = setup(options);
  world.know("photo", { bytes: HEAVY, stored });
  for (const [format, widths] of Object.entries(stored))
    for (const width of widths) world.images.store(`variants/photo/${width}-high.${format}`, BYTES);
  return world;
}

describe("a miss whose original is known to be heavy", () => {
  it("gets the best variant there is, for a moment, and asks for its own all the same", async () => {
    const world = heavyWorld({ avif: [320, 640], webp: [1080] });
    const response = await world.get("/images/photo?w=828&f=auto", BROWSER);
    expect([response.status, detailOf(response)]).toEqual([200, "cold-guard"]);
    expect(response.headers.get("Content-Location")).toBe("/images/photo?w=640&q=high&f=avif");
    expect(response.headers.get("Cache-Control")).toBe("private, max-age=5");
    expect(response.headers.get("Vary")).toBe("Accept");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
    expect(world.sent.map(({ keys }) => keys)).toEqual([["photo/828-high.avif"]]);
  });

  it("gets the placeholder when nothing else is there, and the original when not even that is", async () => {
    const world = heavyWorld({});
    expect((await world.get("/images/photo?w=828")).status).toBe(302);
    world.images.store("variants/photo/16-very_low.webp", BYTES);
    const response = await world.get("/images/photo?w=828");
    expect(response.headers.get("Content-Location")).toBe("/images/photo?w=16&q=very_low&f=webp");
  });

  it("keeps to its version: of another one neither size nor pictures count", async () => {
    const world = heavyWorld({ webp: [640] });
    world.images.store("variants/photo/@2/16-very_low.webp", BYTES);
    expect((await world.get("/images/photo?w=828&v=2")).status).toBe(302);
  });

  it.each<[string, Options["config"], number | null]>([
    ["the size is not known", {}, null],
    ["it is not too heavy", {}, 2_000_000],
    ["the guard allows it", { cold: { maxBytes: HEAVY } }, HEAVY],
    ["there is no guard", { cold: { maxBytes: null } }, HEAVY],
  ])("leads to the original when %s", async (_, config = {}, bytes) => {
    const world = heavyWorld({ webp: [640] }, { config });
    world.know("photo", { bytes, stored: { webp: [640] } });
    expect((await world.get("/images/photo?w=828")).status).toBe(302);
  });

  it.each(["hangs", "rejects", "throws"] as const)("is redirected when R2 %s", async (fault) => {
    const world = setup({ faults: { images: fault }, config: { edgeBudgetMs: 50 } });
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

  it("is answered by the one variant that stands for all, as if it were its own", async () => {
    const world = small(["1080-high.webp"]);
    const response = await world.get("/images/photo?w=1920");
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([
      200,
      "public, max-age=31536000, immutable",
    ]);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
    expect(world.sent).toEqual([]);
  });

  it("is found in the cache the next time, and nothing is looked up", async () => {
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

  it("is its own where it is stored already, and while nothing is known", async () => {
    const world = small(["1920-high.webp"]);
    expect((await world.get("/images/photo?w=1920")).status).toBe(200);
    const strange = setup();
    await strange.get("/images/photo?w=1920");
    expect(strange.sent[0]?.keys).toEqual(["photo/1920-high.webp"]);
  });
});
