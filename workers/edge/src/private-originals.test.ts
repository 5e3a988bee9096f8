import { sign, signOriginal } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { PLACEHOLDER } from "./miss/placeholder.ts";
import { BYTES, NOW, noted, type Options, ORIGIN, setup, type World } from "./testing/setup.ts";

const SOURCES = [
  { prefix: "", url: "https://cdn.example.com/originals/{id}" },
  { prefix: "private/", bucket: "ORIGINALS", key: "up/{id}" },
] as const;
/** Told apart from everything else that an answer may hold. */
const SECRET = "the-original-itself";
const NAMES = ["a.jpg", "a.svg", "a.gif", "a.ico", "a.heic", "a.tiff", "bare", "a.html", "a.jpg/..%3B"];
const ID = "private/a.jpg";

function privateWorld(options: Options = {}): World {
  const world = setup({ keys: ["key"], ...options, config: { sources: SOURCES, ...options.config } });
  for (const name of NAMES) world.originals.store(`up/private/${decodeURIComponent(name)}`, SECRET);
  return world;
}

/** Throws when an answer gives a private original away: its bytes, its place, or a way to it. */
async function expectNothingOfIt(response: Response): Promise<void> {
  const headers = JSON.stringify([...response.headers]);
  expect(headers).not.toMatch(/originals\/|[?&]s=|up\/private/);
  expect(response.headers.get("Location")).toBeNull();
  expect(new TextDecoder("latin1").decode(await response.arrayBuffer())).not.toContain(SECRET);
}

const QUERIES = [
  "",
  "?w=800",
  "?w=800&v=anything",
  "?w=800&h=600",
  "?p=card",
  "?f=auto",
  "?w=800&f=jpeg",
  "?w=0",
  "?h=100",
  "?x=1",
];
const HEADERS: Record<string, string>[] = [
  {},
  { Range: "bytes=0-3" },
  { "If-None-Match": "*" },
  { "If-Range": '"x"', Range: "bytes=0-" },
  { "Save-Data": "on" },
  { Origin: "https://evil.example", "Sec-Fetch-Mode": "cors" },
  { Accept: "*/*" },
  { Via: "1.1 prewarm" },
  { Cookie: "prewarm_session=x", Authorization: "Bearer x" },
];

describe("a private original", () => {
  const worlds: [string, Options][] = [
    ["by default", {}],
    ["with the original first", { config: { firstView: "original" } }],
    ["with a placeholder in its place", { config: { firstView: "placeholder" } }],
    ["said aloud", { config: { sources: [SOURCES[0], { ...SOURCES[1], viewers: "placeholder" }] } }],
    ["with every URL signed", { config: { access: "private" } }],
    ["without a key", { keys: [] }],
    ["with R2 broken", { faults: { images: "rejects" } }],
    ["with the cache broken", { faults: { cache: "rejects" } }],
    ["with the queue broken", { faults: { live: "rejects" } }],
    ["for a client that is capped", { allowed: () => false }],
  ];

  it.each(worlds)("shows nothing of itself on any path, to any kind of request: %s", async (_, options) => {
    const world = privateWorld(options);
    for (const name of NAMES) {
      for (const query of QUERIES) {
        for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
          for (const headers of HEADERS) {
            await expectNothingOfIt(await world.ask(method, `/images/private/${name}${query}`, headers));
          }
        }
      }
    }
    await world.settle();
  });

  it.each(["dead", "unshowable", "animated", "missing", "capped", "paused"])(
    "nor behind a marker: %s",
    async (code) => {
      const world = privateWorld();
      const until = NOW + 60_000;
      world.images.store("dead/private%2Fa.jpg/800-high.webp", JSON.stringify({ code, until }));
      if (code === "missing" || code === "capped")
        world.images.store("dead/private%2Fa.jpg/_", JSON.stringify({ code, until }));
      for (const method of ["GET", "HEAD"]) await expectNothingOfIt(await world.ask(method, `/images/${ID}?w=800`));
    },
  );

  it("nor where it is known, large and has a variant that may stand in for it", async () => {
    const world = privateWorld({ config: { limits: { heavyOriginalBytes: 1 } } });
    const known = {
      width: 2000,
      height: 1000,
      type: "image/jpeg",
      bytes: 9_000_000,
      frames: 1,
      etag: null,
      version: null,
    };
    const info = { ...known, lqip: null, stored: { webp: [320] } };
    world.images.store("info/private%2Fa.jpg/_", JSON.stringify(info));
    world.images.store("variants/private%2Fa.jpg/320-high.webp", BYTES);
    for (const path of [...QUERIES.map((query) => `/images/${ID}${query}`), `/info/${ID}`, `/info/${ID}?s=x`])
      for (const method of ["GET", "HEAD"])
        for (const headers of HEADERS) await expectNothingOfIt(await world.ask(method, path, headers));
    // A stranger is not even told that there is such an image.
    for (const id of [ID, "private/none.jpg"]) expect((await world.get(`/info/${id}`)).status).toBe(403);
    await world.settle();
  });

  it("nor after a bug of ours", async () => {
    const world = privateWorld();
    world.edge.recentMisses.claimTurn = () => {
      throw new TypeError("a bug");
    };
    await expectNothingOfIt(await world.get(`/images/${ID}?w=800`));
  });

  it("nor to a URL that is signed: the signature opens a size, not the original", async () => {
    const world = privateWorld();
    const query = "w=300&h=210";
    const s = await sign(`/images/${ID}`, query, "key", world.config);
    const response = await world.get(`/images/${ID}?${query}&s=${s}`);
    expect(response.status).toBe(200);
    await expectNothingOfIt(response);
  });

  it("nor under /originals/ without the signature that only the pipeline has", async () => {
    const world = privateWorld();
    const image = await sign(`/images/${ID}`, "exp=9999999999", "key", world.config);
    for (const query of ["", "?s=", `?exp=9999999999&s=${image}`, "?exp=9999999999"]) {
      for (const method of ["GET", "HEAD"]) {
        const response = await world.ask(method, `/originals/${ID}${query}`);
        expect(response.status).toBe(403);
        await expectNothingOfIt(response);
      }
    }
    const signed = await world.get(await signOriginal(ID, "key", world.config, NOW / 1000));
    expect(await signed.text()).toBe(SECRET);
  });

  describe("its full size", () => {
    const FULL = ["", "?q=very_high&f=jpeg", "?f=auto", "?p=whole", "?v=anything", "?q=high&f=webp"];
    const config = { presets: { whole: "q=very_high&f=jpeg", card: "w=640&f=webp" } };
    const modes: [string, Options][] = [
      ["by default", { config }],
      ["with every URL signed", { config: { ...config, access: "private" } }],
    ];

    it.each(modes)("is in no URL without a signature, stored or not: %s", async (_, options) => {
      const world = privateWorld(options);
      for (const format of ["jpeg", "webp", "avif"])
        for (const quality of ["high", "very_high"])
          world.images.store(`variants/private%2Fa.jpg/orig-${quality}.${format}`, BYTES);
      for (const id of [ID, "private/none.jpg"]) {
        for (const query of FULL) {
          for (const method of ["GET", "HEAD"]) {
            const response = await world.ask(method, `/images/${id}${query}`, { Accept: "image/avif,image/webp" });
            expect([id, query, response.status]).toEqual([id, query, 403]);
            await expectNothingOfIt(response);
          }
        }
      }
      expect(world.sent).toEqual([]);
    });

    it("is shown to whoever has a signature", async () => {
      const world = privateWorld();
      world.images.store("variants/private%2Fa.jpg/orig-high.webp", BYTES);
      const s = await sign(`/images/${ID}`, "f=webp", "key", world.config);
      const response = await world.get(`/images/${ID}?f=webp&s=${s}`);
      expect([response.status, new Uint8Array(await response.arrayBuffer())]).toEqual([200, BYTES]);
    });

    it("stays open where the source shows its originals, and for originals at a URL", async () => {
      const shown = { prefix: "shown/", bucket: "ORIGINALS", key: "up/{id}", viewers: "redirect" } as const;
      const world = privateWorld({ config: { sources: [...SOURCES, shown] } });
      for (const id of ["shown/a.jpg", "a.jpg"]) expect((await world.get(`/images/${id}`)).status).not.toBe(403);
    });
  });

  describe("with maxUnsignedPx", () => {
    const source = { ...SOURCES[1], maxUnsignedPx: 828 };
    const limited = (more: Options["config"] = {}) =>
      privateWorld({ config: { sources: [SOURCES[0], source], ...more } });

    it.each([
      ["w=828", 200],
      ["w=829", 403],
      ["w=1080", 403],
      ["w=640&h=480", 200],
      ["p=wide", 403],
    ])("answers ?%s with %d", async (query, status) => {
      const world = limited({ presets: { wide: "w=1600&f=webp" } });
      expect((await world.get(`/images/${ID}?${query}`)).status).toBe(status);
      if (status === 200) return;
      const s = await sign(`/images/${ID}`, query, "key", world.config);
      expect((await world.get(`/images/${ID}?${query}&s=${s}`)).status).toBe(200);
    });

    it.each<[string, Options["config"], Record<string, string>]>([
      ["the best that is stored", {}, {}],
      ["one for a client that saves data", {}, { "Save-Data": "on" }],
      ["one that is lighter than the original", { limits: { heavyOriginalBytes: 1 } }, {}],
    ])("shows nothing larger in its stead: %s", async (_what, config, headers) => {
      const world = limited(config);
      world.know(ID, { bytes: 9_000_000, stored: { webp: [960, 1080] } });
      for (const width of [960, 1080]) world.images.store(`variants/private%2Fa.jpg/${width}-high.webp`, BYTES);
      const response = await world.get(`/images/${ID}?w=828`, headers);
      expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "image/gif"]);
      // A signature opens what it was made for, and nothing larger.
      const typeOf = async (query: string) => {
        const s = await sign(`/images/${ID}`, query, "key", world.config);
        const signed = await world.get(`/images/${ID}?${query}&s=${s}`, headers);
        return signed.headers.get("Content-Type");
      };
      expect(await typeOf("w=828")).toBe("image/gif");
      expect(await typeOf("w=1080&q=low")).toBe("image/webp");
    });
  });

  describe("with a stored variant that needs a signature", () => {
    const crop = "300x300-cover-high.webp";
    const whole = "640-high.webp";
    const shown = async (world: World, query: string, isSigned: boolean) => {
      const s = isSigned ? `&s=${await sign(`/images/${ID}`, query, "key", world.config)}` : "";
      const response = await world.get(`/images/${ID}?${query}${s}`);
      return response.headers.get("Content-Location")?.replace(/^.*\?/, "") ?? response.headers.get("Content-Type");
    };
    const storing = (name: string, config: Options["config"] = {}) => {
      const world = privateWorld({ config });
      world.know(ID, noted([name]));
      world.images.store(`variants/private%2Fa.jpg/${name}`, BYTES);
      return world;
    };

    it("shows it to nobody who has no signature for as much", async () => {
      expect(await shown(storing(crop), "w=320", false)).toBe("image/gif");
      expect(await shown(storing("orig-high.webp"), "w=320", false)).toBe("image/gif");
      expect(await shown(storing("orig-high.webp"), "w=320&q=low", true)).toBe("image/gif");
      expect(await shown(storing("orig-high.webp"), "q=low", true)).toBe("q=high&f=webp");
      expect(await shown(storing(whole), "w=320", false)).toBe("w=640&q=high&f=webp");
    });

    it("where every URL needs one, shows no more than the signed variant has", async () => {
      const config = { access: "private" } as const;
      expect(await shown(storing(whole, config), "w=320", true)).toBe("image/gif");
      expect(await shown(storing(whole, config), "h=300&w=300", true)).toBe("image/gif");
      expect(await shown(storing(whole, config), "w=800", true)).toBe("w=640&q=high&f=webp");
      expect(await shown(storing(crop, config), "h=400&w=400", true)).toBe("w=300&h=300&fit=cover&q=high&f=webp");
    });
  });

  describe("is nothing that a stranger can learn of", () => {
    const told = async (response: Response) => [
      response.status,
      [...response.headers].filter(([name]) => name !== "date"),
      [...new Uint8Array(await response.arrayBuffer())],
    ];
    const QUERIES_OF_VARIANTS = ["?w=800", "?w=800&v=2", "?w=640&h=480", "?p=card", "?w=800&f=auto", "?w=320&f=jpeg"];

    it.each(worlds)("the answer is the same whether it exists or not: %s", async (_, options) => {
      const world = privateWorld({ ...options, config: { presets: { card: "w=640&f=webp" }, ...options.config } });
      for (const name of ["a.jpg", "a.svg", "a.heic", "bare"]) {
        world.originals.store(`up/private/there/${name}`, SECRET);
        for (const query of QUERIES_OF_VARIANTS) {
          for (const method of ["GET", "HEAD", "GET", "HEAD"]) {
            for (const headers of [
              {},
              { "Save-Data": "on" },
              { Origin: "https://evil.example", "Sec-Fetch-Mode": "cors" },
            ]) {
              const ask = (id: string) => world.ask(method, `/images/private/${id}/${name}${query}`, headers);
              const [there, absent] = [await ask("there"), await ask("absent")];
              expect([method, name, query, await told(there)]).toEqual([method, name, query, await told(absent)]);
            }
          }
        }
      }
      await world.settle();
    });

    it.each(["missing", "capped", "dead", "unshowable", "animated"])("nor by what was found out: %s", async (code) => {
      const world = privateWorld();
      const marker = JSON.stringify({ code, until: NOW + 60_000 });
      world.images.store("dead/private%2Fa.jpg/800-high.webp", marker);
      world.images.store("dead/private%2Fa.jpg/_", marker);
      for (const method of ["GET", "HEAD"]) {
        const [there, absent] = [
          await world.ask(method, `/images/${ID}?w=800`),
          await world.ask(method, "/images/private/none.jpg?w=800"),
        ];
        expect(await told(there)).toEqual(await told(absent));
      }
    });

    it("but whoever signs is told what there is", async () => {
      const world = privateWorld();
      const ask = async (id: string) => {
        const s = await sign(`/images/${id}`, "w=800", "key", world.config);
        return world.get(`/images/${id}?w=800&s=${s}`);
      };
      expect((await ask(ID)).headers.get("Cache-Status")).toContain("detail=enqueued");
      expect((await ask("private/none.jpg")).status).toBe(404);
    });
  });

  it("is stood in for, and its variants are made and shown", async () => {
    const world = privateWorld();
    const first = await world.get(`/images/${ID}?w=800`);
    expect([first.status, first.headers.get("Content-Type"), first.headers.get("Cache-Control")]).toEqual([
      200,
      "image/gif",
      "private, no-store",
    ]);
    expect(new Uint8Array(await first.arrayBuffer())).toEqual(PLACEHOLDER);
    expect(world.sent.map(({ keys }) => keys)).toEqual([["private%2Fa.jpg/800-high.webp"]]);
    world.images.store("variants/private%2Fa.jpg/800-high.webp", BYTES);
    const second = await world.get(`/images/${ID}?w=800`);
    expect(new Uint8Array(await second.arrayBuffer())).toEqual(BYTES);
  });

  it("is passed through as a stand-in, and nothing is asked for", async () => {
    const world = privateWorld();
    const response = await world.get("/images/private/a.svg");
    expect([response.status, response.headers.get("Content-Type"), world.sent]).toEqual([200, "image/gif", []]);
  });

  it("is shown where its source says so, and only there", async () => {
    const shown = { prefix: "shown/", bucket: "ORIGINALS", key: "up/{id}", viewers: "redirect" } as const;
    const world = privateWorld({ config: { sources: [...SOURCES, shown] } });
    world.originals.store("up/shown/a.jpg", SECRET);
    const response = await world.get("/images/shown/a.jpg?w=800");
    const location = response.headers.get("Location") ?? "";
    expect(location).toMatch(/\/originals\/shown\/a\.jpg\?exp=\d+&s=/);
    expect(await (await world.get(location.slice(ORIGIN.length))).text()).toBe(SECRET);
    // The signature is of one original: it opens no other.
    const other = await world.get(location.slice(ORIGIN.length).replace("shown/a.jpg", ID));
    expect(other.status).toBe(403);
    await expectNothingOfIt(await world.get(`/images/${ID}?w=800`));
  });
});
