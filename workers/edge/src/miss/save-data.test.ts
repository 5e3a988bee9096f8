import type { Format } from "@prewarm/shared/config";
import type { StoredInfo } from "@prewarm/shared/image-info";
import { describe, expect, it } from "vitest";
import { BYTES, detailOf, type Options, setup } from "../testing/setup.ts";

const SAVING = { "Save-Data": "on" };

/** What the consumer has noted of an image with these variants. */
function infoOf(names: string[]): Partial<StoredInfo> {
  const stored: StoredInfo["stored"] = {};
  let version: string | null = null;
  for (const name of names) {
    const { v, w, f } = /^(?:@(?<v>.)\/)?(?<w>\d+)-high\.(?<f>avif|webp|jpeg)$/.exec(name)?.groups ?? {};
    version = v ?? version;
    const format = f as Format | undefined;
    if (format !== undefined) stored[format] = [...(stored[format] ?? []), Number(w)];
  }
  return { stored, version };
}

const ask = async (
  stored: string[],
  path = "/images/photo?w=800",
  headers: Record<string, string> = SAVING,
  options: Options = {},
) => {
  const world = setup(options);
  for (const name of stored) world.images.store(`variants/photo/${name}`, BYTES);
  world.know("photo", infoOf(stored));
  const response = await world.get(path, headers);
  return { world, response, location: response.headers.get("Content-Location") };
};

describe("a miss of a client that saves data", () => {
  it.each([
    [
      ["640-high.webp", "320-high.webp", "1080-high.webp"],
      "/images/photo?w=640&q=high&f=webp",
      "the next smaller width",
    ],
    [
      ["320-high.webp", "1080-high.webp"],
      "/images/photo?w=320&q=high&f=webp",
      "a much smaller one before a larger one",
    ],
    [
      ["1440-high.webp", "1080-high.webp"],
      "/images/photo?w=1080&q=high&f=webp",
      "the next larger one when none is smaller",
    ],
    [["16-very_low.webp"], "/images/photo?w=16&q=very_low&f=webp", "the stand-in when nothing else is ready"],
    [["1080-high.webp", "16-very_low.webp"], "/images/photo?w=1080&q=high&f=webp", "a picture before the stand-in"],
  ])("gets what is ready: of %j %s (%s)", async (stored, expected) => {
    const { response, location } = await ask(stored);
    expect([response.status, location, detailOf(response)]).toEqual([200, expected, "save-data"]);
    expect(response.headers.get("Cache-Control")).toBe("private, max-age=5");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(BYTES);
  });

  it.each([
    ["/images/photo?w=800&f=avif", "/images/photo?w=640&q=high&f=avif", "another format"],
    ["/images/photo?w=800&f=auto", "/images/photo?w=640&q=high&f=avif", "the format its Accept proves"],
    ["/images/photo", "/images/photo?w=640&q=high&f=webp", "the original's size"],
    ["/images/photo?w=800&h=600", "/images/photo?w=640&q=high&f=webp", "a crop: uncropped, as the original would be"],
    ["/images/photo?p=card", "/images/photo?w=640&q=high&f=avif", "a preset"],
    ["/images/photo?w=800&q=low", "/images/photo?w=640&q=high&f=webp", "another quality"],
  ])("%s gets %s (%s)", async (path, expected) => {
    const { location } = await ask(["640-high.webp", "640-high.avif"], path, {
      ...SAVING,
      Accept: "image/avif,image/webp",
    });
    expect(location).toBe(expected);
  });

  it("asks for the variant all the same, and gives way to it", async () => {
    const { world } = await ask(["640-high.webp"]);
    expect(world.sent.map(({ keys }) => keys)).toEqual([["photo/800-high.webp"]]);
    const exact = BYTES.map((byte) => byte + 1);
    world.images.store("variants/photo/800-high.webp", exact);
    const response = await world.get("/images/photo?w=800", SAVING);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(exact);
  });

  it("is redirected when nothing is ready, or only what is another image's or version's", async () => {
    for (const stored of [[], ["@2/640-high.webp"], ["640-low.webp"], ["640x480-cover-high.webp"]]) {
      const { response } = await ask(stored);
      expect([response.status, detailOf(response)]).toEqual([302, "enqueued"]);
    }
  });

  it("of a version gets that version's", async () => {
    const { location } = await ask(["@2/320-high.webp"], "/images/photo?w=800&v=2");
    expect(location).toBe("/images/photo?w=320&q=high&f=webp&v=2");
  });

  it("sees a private image before its variant is there", async () => {
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
    const world = setup({ config: { sources } });
    world.originals.store("photo", BYTES);
    world.images.store("variants/photo/320-high.webp", BYTES);
    world.know("photo", { stored: { webp: [320] } });
    expect(detailOf(await world.get("/images/photo?w=800", SAVING))).toBe("save-data");
  });

  it("costs one read where nothing is ready, and one more at most", async () => {
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

  it("gets a format that is no newer than what was asked for", async () => {
    const formats = ["640-high.avif", "640-high.webp", "640-high.jpeg"];
    const of = async (stored: string[], asked: string) =>
      (await ask(stored, `/images/photo?w=800&f=${asked}`)).location;
    expect(await of(formats, "jpeg")).toContain("f=jpeg");
    expect(await of(formats, "webp")).toContain("f=webp");
    expect(await of(["640-high.jpeg"], "avif")).toContain("f=jpeg");
    expect(await of(["640-high.avif"], "jpeg")).toBeNull();
    // A smaller picture in the asked format does not come before the nearer one.
    expect(await of(["320-high.avif", "640-high.webp"], "avif")).toContain("w=640");
  });

  it.each(["hangs", "rejects", "throws"] as const)("is redirected when R2 %s", async (fault) => {
    const world = setup({ faults: { images: fault }, config: { edgeBudgetMs: 50 } });
    expect((await world.get("/images/photo?w=800", SAVING)).status).toBe(302);
  });

  it("is answered by the nearest one first, where that is the fallback", async () => {
    const { response } = await ask(["828-high.webp", "640-high.webp"], undefined, SAVING, {
      config: { fallback: "nearest" },
    });
    expect(detailOf(response)).toBe("nearest");
  });
});

describe("Save-Data", () => {
  it.each(["on", "ON", " on ", "on;x=1", "on, on"])("is on: %j", async (value) => {
    expect(detailOf((await ask(["640-high.webp"], undefined, { "Save-Data": value })).response)).toBe("save-data");
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
    expect(world.cache.entries.size).toBe(1);
  });

  it("ask for one variant, once, and their stand-ins are kept by nobody", async () => {
    const world = setup();
    world.images.store("variants/photo/640-high.webp", BYTES);
    for (const headers of HINTS) {
      const response = await world.get("/images/photo?w=800", headers);
      await world.settle();
      expect(response.headers.get("Vary")).toBeNull();
      expect(response.headers.get("Cache-Control")).toMatch(/^private/);
    }
    expect(world.sent).toHaveLength(1);
    expect([...world.cache.entries.keys()].filter((url) => url.includes("/images/photo/"))).toEqual([]);
  });
});
