import { sign } from "@prewarm/shared/signature";
import { parseTransform } from "@prewarm/shared/transform";
import { variantName } from "@prewarm/shared/variant-key";
import { describe, expect, it } from "vitest";
import { etagOf } from "../testing/fakes.ts";
import { BYTES, detailOf, NOW, noted, type Options, setup, type World } from "../testing/setup.ts";

const BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
const NO_AVIF = "image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
const SAFARI_13 = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5";
const CRAWLER = "*/*";
const LQIP = "16-very_low.webp";

/**
 * A photo with these variants in the store and in its note. `listed`: what the note lists, where that is something
 * else.
 */
function photo(stored: string[], { listed = stored, ...options }: Options & { listed?: string[] } = {}): World {
  const world = setup(options);
  for (const name of stored) world.images.store(`variants/photo/${name}`, BYTES);
  world.know("photo", noted(listed));
  return world;
}

/** Which variant of the photo is shown, by its name: by the canonical URL that `Content-Location` gives. */
async function shown(world: World, query: string, accept = BROWSER, headers: Record<string, string> = {}) {
  const response = await world.get(`/images/photo${query}`, { Accept: accept, ...headers });
  await response.arrayBuffer();
  const location = response.headers.get("Content-Location");
  if (location === null) return response.status === 302 ? "the original" : response.headers.get("Content-Type");
  return variantName(parseTransform(location.slice(location.indexOf("?") + 1), world.config).transform);
}

describe("a miss of an image of which something is stored", () => {
  it("gets a stored variant, for 5 s, and says which", async () => {
    const world = photo(["828-high.avif"]);
    const response = await world.get("/images/photo?w=828&q=60&f=auto", { Accept: BROWSER });
    expect([response.status, detailOf(response)]).toEqual([200, "stand-in"]);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "private, max-age=5",
      "content-location": "/images/photo?w=828&q=high&f=avif",
      "content-type": "image/avif",
      vary: "Accept",
      etag: etagOf(BYTES),
    });
  });

  it("asks for its own variant all the same, and gives way to it", async () => {
    const world = photo(["828-high.webp"]);
    const standIn = await world.get("/images/photo?w=800");
    // Accept has chosen it, though the URL names a format.
    expect([standIn.headers.get("Content-Location"), standIn.headers.get("Vary")]).toEqual([
      "/images/photo?w=828&q=high&f=webp",
      "Accept",
    ]);
    await world.settle();
    expect(world.sent.map(({ keys }) => keys)).toEqual([["photo/800-high.webp"]]);
    const exact = BYTES.map((byte) => byte + 1);
    world.images.store("variants/photo/800-high.webp", exact);
    const response = await world.get("/images/photo?w=800");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(exact);
    expect(response.headers.get("Cache-Control")).toContain("immutable");
  });

  it.each<[string, string[], string, string]>([
    ["only narrower ones", ["320-high.webp", "160-high.webp"], "?w=1920", "320-high.webp"],
    ["only wider ones", ["1440-high.webp", "1920-high.webp"], "?w=480", "1440-high.webp"],
    ["only other shapes", ["640x640-cover-high.webp"], "?w=640", "640x640-cover-high.webp"],
    ["only other qualities", ["640-low.webp"], "?w=800", "640-low.webp"],
    ["only the full size", ["orig-high.webp"], "?w=800", "orig-high.webp"],
    ["a narrower and a much wider one", ["320-high.webp", "1920-high.webp"], "?w=800", "1920-high.webp"],
    [
      "a crop of its shape and a whole picture",
      ["640x480-cover-high.webp", "800-high.webp"],
      "?w=800&h=600",
      "640x480-cover-high.webp",
    ],
    [
      "a small crop of its shape and a whole picture",
      ["160x120-cover-high.webp", "800-high.webp"],
      "?w=800&h=600",
      "800-high.webp",
    ],
    [
      "a crop of the original's own shape",
      ["640x427-cover-high.webp", "640x640-cover-high.webp"],
      "?w=640",
      "640x427-cover-high.webp",
    ],
    [
      "a crop kept elsewhere",
      ["640x640-cover-top-high.webp", "640-high.webp"],
      "?w=640&h=640",
      "640x640-cover-top-high.webp",
    ],
    ["the same in two formats", ["640-high.webp", "640-high.avif"], "?w=800&f=auto", "640-high.avif"],
    ["the same in two qualities", ["640-high.webp", "640-very_low.webp"], "?w=800&q=medium", "640-high.webp"],
    ["for a preset, its shape", ["320x240-cover-high.avif", "640-high.avif"], "?p=card", "320x240-cover-high.avif"],
  ])("with %s stored: %j gives to %s %s", async (_what, stored, query, expected) => {
    expect(await shown(photo(stored), query)).toBe(expected);
  });

  it("gets the original where nothing of it is stored, or nothing of its version", async () => {
    expect(await shown(photo([]), "?w=800")).toBe("the original");
    expect(await shown(setup(), "?w=800")).toBe("the original");
    const world = photo(["640-high.webp"]);
    world.images.store("variants/photo/@2/640-high.webp", BYTES);
    expect(await shown(world, "?w=800&v=2")).toBe("the original");
    world.know("other", { ...noted(["640-high.webp"]), version: "2" });
    world.images.store("variants/other/@2/640-high.webp", BYTES);
    const response = await world.get("/images/other?w=800&v=2");
    expect(response.headers.get("Content-Location")).toBe("/images/other?w=640&q=high&f=webp&v=2");
    // Stored of a version that nobody announced.
    world.know("third", { ...noted(["640-high.webp"]), elsewhere: { "@2/320-high.webp": 7 }, lqip: "data:," });
    for (const name of ["@2/320-high.webp", "@2/16-very_low.webp", "640-high.webp"])
      world.images.store(`variants/third/${name}`, BYTES);
    const third = async (query: string) =>
      (await world.get(`/images/third?${query}`, { "Save-Data": "on" })).headers.get("Content-Location");
    expect(await third("w=800&v=2")).toBe("/images/third?w=320&q=high&f=webp&v=2");
    expect(await third("w=800")).toBe("/images/third?w=640&q=high&f=webp");
    expect(await third("w=800&v=3")).toBeNull();
  });

  it("of an original that is no wider gets the same picture in another quality", async () => {
    const world = photo(["1080-high.avif"]);
    world.know("photo", { width: 1024, height: 683, ...noted(["1080-high.avif"]) });
    expect(await shown(world, "?w=1920&q=60&f=auto")).toBe("1080-high.avif");
  });

  it("is not told to a HEAD, which only looks", async () => {
    const world = photo(["828-high.webp"]);
    const head = await world.ask("HEAD", "/images/photo?w=800");
    expect([head.status, head.headers.get("Content-Location"), world.sent]).toEqual([302, null, []]);
  });

  it("answers conditions and ranges by what it serves", async () => {
    const world = photo(["828-high.webp"]);
    const ask = (headers: Record<string, string>) => world.get("/images/photo?w=800", headers);
    const held = await ask({ "If-None-Match": etagOf(BYTES) });
    expect([held.status, held.headers.get("Cache-Control")]).toEqual([304, "private, max-age=5"]);
    const part = await ask({ Range: "bytes=0-3" });
    expect([part.status, part.headers.get("Content-Range")]).toEqual([206, "bytes 0-3/20"]);
    const outside = await ask({ Range: "bytes=20-" });
    expect([outside.status, outside.headers.get("Cache-Control")]).toEqual([416, "no-store"]);
    // A client that kept the stand-in gets the variant as soon as it is there.
    world.images.store("variants/photo/800-high.webp", BYTES.slice(1));
    expect((await ask({ "If-None-Match": etagOf(BYTES) })).status).toBe(200);
  });
});

describe("the format of a stand-in", () => {
  it.each<[string, string[], string, string, string]>([
    ["only AVIF, and a client without", ["640-high.avif"], "?w=800&f=auto", NO_AVIF, "the original"],
    ["only AVIF, and an old browser", ["640-high.avif"], "?w=800&f=auto", SAFARI_13, "the original"],
    ["only WebP, and an old browser", ["640-high.webp"], "?w=800&f=auto", SAFARI_13, "the original"],
    ["only AVIF, and a crawler", ["640-high.avif"], "?w=800&f=auto", CRAWLER, "the original"],
    ["only WebP, and a crawler", ["640-high.webp"], "?w=800&f=auto", CRAWLER, "640-high.webp"],
    [
      "only WebP, and a crawler that was told JPEG",
      ["640-high.webp"],
      "?w=1200&h=628&f=jpeg",
      CRAWLER,
      "640-high.webp",
    ],
    ["JPEG and WebP, and a crawler", ["640-high.webp", "640-high.jpeg"], "?w=800&f=auto", CRAWLER, "640-high.jpeg"],
    ["only JPEG, and a crawler", ["640-high.jpeg"], "?w=800", CRAWLER, "640-high.jpeg"],
    ["only JPEG, and no header", ["640-high.jpeg"], "?w=800&f=auto", "", "640-high.jpeg"],
    [
      "a JPEG of another width, and a crawler",
      ["800-high.webp", "640-high.jpeg"],
      "?w=828&f=jpeg",
      CRAWLER,
      "640-high.jpeg",
    ],
    [
      "a JPEG that is much too small, and a crawler",
      ["800-high.webp", "320-high.jpeg"],
      "?w=828&f=jpeg",
      CRAWLER,
      "800-high.webp",
    ],
    [
      "only WebP, which the client refuses",
      ["640-high.webp"],
      "?w=800&f=auto",
      "image/avif,image/webp;q=0,*/*",
      "the original",
    ],
    [
      "AVIF, which another order does not prefer",
      ["640-high.avif"],
      "?w=800&f=auto",
      "image/avif;q=0.5,image/webp",
      "640-high.avif",
    ],
    ["only AVIF, where WebP is asked for by name", ["640-high.avif"], "?w=800&f=webp", BROWSER, "the original"],
    ["only WebP, where JPEG is asked for by name", ["640-high.webp"], "?w=800&f=jpeg", BROWSER, "the original"],
    ["only JPEG, where AVIF is asked for by name", ["640-high.jpeg"], "?w=800&f=avif", BROWSER, "640-high.jpeg"],
    ["a nearer one in an older format", ["320-high.avif", "640-high.webp"], "?w=800&f=avif", BROWSER, "640-high.webp"],
  ])("with %s: %j, %s, %s: %s", async (_what, stored, query, accept, expected) => {
    expect(await shown(photo(stored), query, accept)).toBe(expected);
  });

  it("is PNG for a PNG: where only WebP is stored, the original", async () => {
    const config = { formats: ["png", "webp", "avif", "jpeg"] } as const;
    for (const stored of ["640-high.webp", "640-high.jpeg", "640-high.avif"])
      expect(await shown(photo([stored], { config }), "?w=800&f=png")).toBe("the original");
    expect(await shown(photo(["640-high.png"], { config }), "?w=800&f=png")).toBe("640-high.png");
    expect(await shown(photo(["640-high.webp"], { config }), "?w=800&f=png", CRAWLER)).toBe("640-high.webp");
  });
});

describe("a note that lists what is gone", () => {
  it("leads to the next one as soon as there is a read for it", async () => {
    const world = photo(["640-high.webp"], { listed: ["640-high.webp", "750-high.webp"] });
    expect(await shown(world, "?w=800")).toBe("the original");
    // The note is remembered for a second, which leaves the next miss a read.
    expect(await shown(world, "?w=800")).toBe("640-high.webp");
  });

  it("never breaks an image: purged between note and read, the original", async () => {
    const world = photo([], { listed: ["640-high.webp", "750-high.webp", "640x480-cover-low.jpeg", "orig-high.jpeg"] });
    for (let n = 0; n < 5; n += 1) expect(await shown(world, "?w=800")).toBe("the original");
  });

  it("asks for the variant itself, though the note lists it, and does not look for it twice", async () => {
    const world = photo([], { listed: ["800-high.webp"] });
    expect(await shown(world, "?w=800")).toBe("the original");
    expect(world.images.reads.filter((key) => key.startsWith("variants/"))).toEqual(["variants/photo/800-high.webp"]);
    expect(world.sent.map(({ keys }) => keys)).toEqual([["photo/800-high.webp"]]);
  });

  it("with what no release ever printed is read as far as it can be", async () => {
    const world = photo(["640-high.webp"]);
    const others = ["", "x", "../640-high.webp", "@2/640-high.webp", "640-high.gif", "9".repeat(9000), "320-low.webp"];
    world.know("photo", { stored: {}, others });
    world.images.store("variants/photo/320-low.webp", BYTES);
    expect(await shown(world, "?w=800")).toBe("320-low.webp");
  });

  it("of an older original shows that one until the note begins anew, and nothing of it afterwards", async () => {
    const world = photo(["640-high.webp", "1440-high.webp"]);
    expect(await shown(world, "?w=800")).toBe("640-high.webp");
    // The first variant of the new original is stored: the others in R2 are still the old one's.
    world.images.store("variants/photo/320-high.webp", BYTES);
    world.know("photo", { etag: '"new"', ...noted(["320-high.webp"]) });
    world.advance(1_000);
    expect(await shown(world, "?w=750")).toBe("320-high.webp");
  });
});

describe("what the configuration says of cold views", () => {
  const original = { firstView: "original" } as const;

  it("the original first: for an original that is not heavy, and not for a client that saves data", async () => {
    const world = photo(["640-high.webp"], { config: original });
    expect(await shown(world, "?w=800")).toBe("the original");
    expect(await shown(world, "?w=828", BROWSER, { "Save-Data": "on" })).toBe("640-high.webp");
    world.know("photo", { bytes: 2_000_001, ...noted(["640-high.webp"]) });
    world.advance(1_000);
    expect(await shown(world, "?w=960")).toBe("640-high.webp");
  });

  it("a placeholder only where nothing is stored", async () => {
    const config = { firstView: "placeholder" } as const;
    expect(await shown(photo(["640-high.webp"], { config }), "?w=800")).toBe("640-high.webp");
    expect(await shown(photo([], { config }), "?w=800")).toBe("image/gif");
  });

  it("the 16 px placeholder never comes before an original that may be shown and is not heavy", async () => {
    const lqip = "data:image/webp;base64,AAAA";
    const world = photo([LQIP], { listed: [] });
    world.know("photo", { lqip });
    expect(await shown(world, "?w=800")).toBe("the original");
    expect(await shown(world, "?w=800", BROWSER, { "Save-Data": "on" })).toBe(LQIP);
    const heavy = photo([LQIP], { listed: [] });
    heavy.know("photo", { lqip, bytes: 2_000_001 });
    expect(await shown(heavy, "?w=800")).toBe(LQIP);
    expect(await shown(heavy, "?w=800&f=jpeg", SAFARI_13)).toBe("the original");
    const none = photo([LQIP], { listed: [], config: { firstView: "placeholder" } });
    none.know("photo", { lqip });
    expect(await shown(none, "?w=800")).toBe(LQIP);
  });
});

describe("a signature's end", () => {
  it("ends the stand-in too", async () => {
    const world = photo(["640-high.webp"], { keys: ["key"] });
    const query = `exp=${NOW / 1000 + 2}&h=333&w=500`;
    const s = await sign("/images/photo", query, "key", world.config);
    const response = await world.get(`/images/photo?${query}&s=${s}`);
    expect([detailOf(response), response.headers.get("Cache-Control")]).toEqual(["stand-in", "private, max-age=2"]);
  });
});

describe("a stored variant that answers for good", () => {
  const UPLOADED = [
    "320-high.avif",
    "640-high.avif",
    "1920-high.avif",
    "640-high.webp",
    "1440-high.webp",
    "1440-high.jpeg",
  ];
  /** What a viewer gets: the variant's type, whether it may be kept, and whether the asked variant was ordered. */
  async function answered(world: World, query: string, accept: string, headers: Record<string, string> = {}) {
    const response = await world.get(`/images/photo${query}`, { Accept: accept, ...headers });
    const isKept = response.headers.get("Cache-Control")?.includes("immutable") ?? false;
    await response.arrayBuffer();
    await world.settle();
    return [response.headers.get("Content-Type"), isKept, world.sent.length > 0];
  }

  it.each([
    ["an exact width", "?w=640&f=auto", NO_AVIF, "image/webp"],
    ["a narrower one", "?w=320&f=auto", NO_AVIF, "image/webp"],
    ["one between", "?w=828&f=auto", NO_AVIF, "image/webp"],
    ["any width up to the JPEG's", "?w=320&f=auto", SAFARI_13, "image/jpeg"],
    ["a crawler's", "?w=1440&f=auto", CRAWLER, "image/jpeg"],
    ["a lesser quality", "?w=640&q=low&f=auto", NO_AVIF, "image/webp"],
    ["a preset of the whole picture", "?p=half", NO_AVIF, "image/webp"],
  ])("is kept, and nothing is ordered, for %s", async (_what, query, accept, type) => {
    const world = photo(UPLOADED, { config: { presets: { half: "w=480&f=auto" } } });
    expect(await answered(world, query, accept)).toEqual([type, true, false]);
    const again = await world.get(`/images/photo${query}`, { Accept: accept });
    expect(again.headers.get("Cache-Status")).toBe("edge; hit");
    expect(again.headers.get("Content-Type")).toBe(type);
  });

  it.each<[string, string, string, Options["config"]?]>([
    ["a browser with AVIF", "?w=480&f=auto", BROWSER],
    ["a width above all that is stored", "?w=1920&f=auto", NO_AVIF],
    ["a better quality", "?w=640&q=very_high&f=auto", NO_AVIF],
    ["a crop", "?w=640&h=480&f=auto", NO_AVIF],
    ["a format that the URL names", "?w=320&f=webp", NO_AVIF],
    ["a format that uploads make at each width", "?w=320&f=auto", NO_AVIF, { pages: { make: "all" } }],
  ])("is no answer for %s, which is ordered", async (_what, query, accept, config = {}) => {
    const [, isKept, isOrdered] = await answered(photo(UPLOADED, { config }), query, accept);
    expect([isKept, isOrdered]).toEqual([false, true]);
  });

  it("is in a format that the client names or must know", async () => {
    expect(await answered(photo(["1440-high.webp"]), "?w=320&f=auto", CRAWLER)).toEqual(["image/webp", false, true]);
  });

  it("comes before the original, whatever the page wants first", async () => {
    const world = photo(UPLOADED, { config: { firstView: "original" } });
    expect(await answered(world, "?w=320&f=auto", NO_AVIF)).toEqual(["image/webp", true, false]);
  });

  it("is the original's own width where that is narrower", async () => {
    const world = photo([]);
    world.images.store("variants/photo/640-high.webp", BYTES);
    world.know("photo", { ...noted(["640-high.webp"]), width: 500, height: 400 });
    expect(await answered(world, "?w=1920&f=auto", NO_AVIF)).toEqual(["image/webp", true, false]);
  });

  it("is ordered where the note lists what R2 has lost", async () => {
    const world = photo([], { listed: UPLOADED });
    expect((await answered(world, "?w=320&f=auto", NO_AVIF))[2]).toBe(true);
  });

  it("shows a stranger of a hidden original no more than was asked for", async () => {
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}", maxUnsignedPx: 640 }];
    const world = photo(["1440-high.webp"], { config: { sources } });
    expect(await answered(world, "?w=320&f=auto", NO_AVIF)).toEqual(["image/gif", false, true]);
  });
});
