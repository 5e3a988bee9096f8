import { describe, expect, it } from "vitest";
import { BYTES, detailOf, noted, type Options, setup } from "../testing/setup.ts";

const SAVING = { "Save-Data": "on" };

/** Where the original comes first, Save-Data makes the difference. */
const ORIGINAL_FIRST: Options = { config: { firstView: "original" } };
const LQIP = "16-very_low.webp";

const ask = async (
  stored: string[],
  path = "/images/photo?w=800",
  headers: Record<string, string> = SAVING,
  options: Options = ORIGINAL_FIRST,
) => {
  const world = setup(options);
  for (const name of stored) world.images.store(`variants/photo/${name}`, BYTES);
  const lqip = stored.includes(LQIP) ? "data:image/webp;base64,AAAA" : null;
  world.know("photo", { ...noted(stored.filter((name) => name !== LQIP)), lqip });
  const response = await world.get(path, headers);
  return { world, response, location: response.headers.get("Content-Location") };
};

describe("a miss of a client that saves data", () => {
  it.each<[string[], string, string]>([
    [["640-high.webp", "320-high.webp", "1440-high.webp"], "w=640&q=high&f=webp", "the best that is stored"],
    [[LQIP], `w=16&q=very_low&f=webp`, "the 16 px placeholder when nothing else is stored"],
    [["1920-high.webp", LQIP], "w=1920&q=high&f=webp", "a picture before the placeholder"],
  ])("gets of %j %s (%s), also where the original comes first", async (stored, expected) => {
    const { response, location } = await ask(stored);
    expect([response.status, location, detailOf(response)]).toEqual([200, `/images/photo?${expected}`, "stand-in"]);
    expect(response.headers.get("Cache-Control")).toBe("private, max-age=5");
    expect((await ask(stored, undefined, {})).response.status).toBe(302);
  });

  it("asks for the variant all the same, and is replaced by it", async () => {
    const { world } = await ask(["640-high.webp"]);
    expect(world.sent.map(({ keys }) => keys)).toEqual([["photo/800-high.webp"]]);
    const exact = BYTES.map((byte) => byte + 1);
    world.images.store("variants/photo/800-high.webp", exact);
    const response = await world.get("/images/photo?w=800", SAVING);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(exact);
  });

  it("is redirected if no variant is stored that the client shows", async () => {
    for (const stored of [[], ["640-high.avif"]]) {
      const { response } = await ask(stored);
      expect([response.status, detailOf(response)]).toEqual([302, "enqueued"]);
    }
  });

  it("costs one read if no variant is stored, and one more at most", async () => {
    const world = setup();
    const missed = () => world.images.reads.filter((key) => !/^(dead|control)\//.test(key));
    await world.get("/images/photo?w=800", SAVING);
    expect(missed()).toEqual(["variants/photo/800-high.webp", "info/photo/_"]);
    world.images.reads.length = 0;
    // All noted, and all purged since.
    world.know("photo", { stored: { webp: [320, 640, 1080, 1440] } });
    await world.get("/images/photo?w=800", SAVING);
    expect(missed().slice(2)).toEqual(["variants/photo/640-high.webp"]);
  });

  it.each(["hangs", "rejects", "throws"] as const)("is redirected when R2 %s", async (fault) => {
    const world = setup({ faults: { images: fault }, config: { limits: { edgeBudgetMs: 50 } } });
    expect((await world.get("/images/photo?w=800", SAVING)).status).toBe(302);
  });
});

describe("Save-Data", () => {
  it.each(["on", "ON", " on ", "on;x=1", "on, on"])("is on: %j", async (value) => {
    expect(detailOf((await ask(["640-high.webp"], undefined, { "Save-Data": value })).response)).toBe("stand-in");
  });

  it.each(["off", "", "?1", "1", "only", "no on", "\u00a0on", `${" ".repeat(5000)}on`, ";".repeat(8000)])(
    "is not on: %j",
    async (value) => {
      const headers = { "Save-Data": value };
      expect((await ask(["640-high.webp"], undefined, headers)).response.status).toBe(
        value.trim() === "on" ? 200 : 302,
      );
    },
  );
});

describe("hints that clients send", () => {
  const HINTS: Record<string, string>[] = [
    {},
    SAVING,
    { DPR: "2", Width: "640", "Viewport-Width": "1280" },
    {
      "Sec-CH-DPR": "3",
      "Sec-CH-Width": "100",
      "Sec-CH-Viewport-Width": "320",
      ECT: "2g",
      RTT: "900",
      Downlink: "0.1",
    },
    { "Device-Memory": "0.5", "Sec-GPC": "1", DNT: "1", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image" },
  ];

  it("split neither the cache nor the key, and nothing varies with them", async () => {
    const world = setup();
    world.images.store("variants/photo/800-high.webp", BYTES);
    for (const [index, headers] of HINTS.entries()) {
      const response = await world.get("/images/photo?w=800", headers);
      await response.arrayBuffer();
      await world.settle();
      expect(response.headers.get("Vary")).toBeNull();
      expect(response.headers.get("Cache-Status")).toBe(index === 0 ? "edge; fwd=uri-miss, store; hit" : "edge; hit");
    }
    expect([...world.cache.entries.keys()].filter((url) => url.includes("/images/"))).toHaveLength(1);
  });

  it("ask for one variant, once, and their stand-ins are not kept under its name", async () => {
    const world = setup();
    world.images.store("variants/photo/640-high.webp", BYTES);
    world.know("photo", noted(["640-high.webp"]));
    for (const headers of HINTS) {
      const response = await world.get("/images/photo?w=800", headers);
      await world.settle();
      expect([response.status, response.headers.get("Vary")]).toEqual([200, "Accept"]);
      expect(response.headers.get("Cache-Control")).toMatch(/^private/);
    }
    expect(world.sent).toHaveLength(1);
    const kept = [...world.cache.entries.keys()].filter((url) => url.includes("/images/photo/"));
    expect(kept).toEqual(["https://images.example.com/images/photo/640-high.webp"]);
  });
});
