import { READS_PER_REQUEST } from "@prewarm/shared/limits";
import { GATE_KEY } from "@prewarm/shared/markers";
import { describe, expect, it } from "vitest";
import { BYTES, detailOf, NOW, noted, type Options, setup, type World } from "../testing/setup.ts";

// Each read of R2 costs money, and nothing limits requests: so what one request may read is limited, whatever it asks
// for.
const SECOND = 1_000;
const VIEWER = { "CF-Connecting-IP": "192.0.2.1" };

/** Keys that one request read, of variants, notes, markers and originals; the gate file apart. */
async function readsOf(world: World, method: string, path: string, headers: Record<string, string> = {}) {
  const before = [world.images.reads.length, world.originals.reads.length] as const;
  const response = await world.ask(method, path, { ...VIEWER, ...headers });
  await response.arrayBuffer().catch(() => undefined);
  await world.settle();
  const all = [...world.images.reads.slice(before[0]), ...world.originals.reads.slice(before[1])];
  return { response, keys: all.filter((key) => key !== GATE_KEY) };
}

const SOURCES = {
  url: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  hidden: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }],
  shown: [{ prefix: "", bucket: "ORIGINALS", key: "{id}", viewers: "redirect" }],
} as const;
const HEAVY = 6_000_000;
const marker = (code: string) => JSON.stringify({ code, until: NOW + 3_600 * SECOND });

/** What is in R2: of an image with this note, these variants and markers. */
const STATES: Record<string, (world: World) => void> = {
  "an unknown id": () => undefined,
  "an unknown id whose original exists": ({ originals }) => originals.store("photo", BYTES),
  "an unknown id with markers": ({ images }) => {
    images.store("dead/photo/_", marker("missing"));
    images.store("dead/photo/800-high.webp", marker("upstream_failed"));
  },
  "a known image": ({ know }) => know("photo"),
  "a heavy one with nothing stored": ({ know }) => know("photo", { bytes: HEAVY }),
  "a heavy one with what is listed": ({ know, images }) => {
    know("photo", { bytes: HEAVY, stored: { webp: [320, 828, 2048], avif: [828] } });
    for (const width of [320, 828, 2048]) images.store(`variants/photo/${width}-high.webp`, BYTES);
  },
  "one with crops and qualities": ({ know, images }) => {
    const names = ["orig-high.webp", "640x480-cover-high.webp", "828-low.webp", "320-high.webp"];
    know("photo", { ...noted(names), lqip: "data:image/webp;base64,AAAA" });
    for (const name of [...names, "16-very_low.webp"]) images.store(`variants/photo/${name}`, BYTES);
  },
  "one whose note lists nothing but what is gone": ({ know }) =>
    know("photo", { ...noted(["orig-high.webp", "640x480-cover-high.webp", "828-low.webp", "320-high.webp"]) }),
  "a heavy one whose variants were all purged": ({ know }) =>
    know("photo", { bytes: HEAVY, stored: { webp: [320, 640, 828, 1080, 2048] } }),
  "a small heavy one": ({ know }) => know("photo", { width: 700, height: 500, bytes: HEAVY, stored: { webp: [320] } }),
  "a small one whose largest is stored": ({ know, images }) => {
    know("photo", { width: 700, height: 500, stored: { webp: [828] } });
    images.store("variants/photo/828-high.webp", BYTES);
  },
  "a small one whose note lists what is gone": ({ know }) =>
    know("photo", { width: 700, height: 500, stored: { webp: [828] } }),
  "a known one with markers": ({ know, images }) => {
    know("photo", { bytes: HEAVY });
    images.store("dead/photo/_", marker("capped"));
    images.store("dead/photo/800-high.webp", marker("upstream_failed"));
  },
};
const PATHS = [
  "/images/photo?w=800",
  "/images/photo?w=1920",
  "/images/photo?w=1920&h=1440",
  "/images/photo?w=800&q=low",
  "/images/photo?w=800&v=made-up",
  "/images/photo?p=card",
  "/images/photo",
];
const HEADERS: Record<string, string>[] = [{}, { "Save-Data": "on" }, { Range: "bytes=0-3" }, { "If-None-Match": "*" }];

const SHOWN = ["stored", "original", "placeholder"] as const;

function* worlds(): Generator<[string, World]> {
  for (const [state, prepare] of Object.entries(STATES))
    for (const [source, sources] of Object.entries(SOURCES))
      for (const firstView of SHOWN)
        for (const allowed of [true, false]) {
          const options: Options = {
            config: { sources: [...sources], firstView },
            keys: ["key"],
            allowed: () => allowed,
          };
          const world = setup(options);
          prepare(world);
          yield [`${state}, ${source}, ${firstView} first, ${allowed ? "under" : "over"} the limit`, world];
        }
}

/** A request again and again, each time when its silence is over, so that each kind of turn comes. */
const PAUSES_MS = [0, 0, 11 * SECOND, 0, 21 * SECOND, 41 * SECOND, 81 * SECOND];

describe("one request reads from R2", () => {
  it.each(PATHS)("three objects at most, its variant among them: GET %s", async (path) => {
    for (const headers of HEADERS)
      for (const [name, world] of worlds())
        for (const pause of PAUSES_MS) {
          world.advance(pause);
          const { response, keys } = await readsOf(world, "GET", path, headers);
          expect(keys.length, `${name}: ${keys}`).toBeLessThanOrEqual(READS_PER_REQUEST.miss);
          if (response.headers.get("Cache-Status")?.startsWith("edge; hit")) expect(keys, name).toEqual([]);
        }
  });

  it.each(PATHS)("two at most, when it is a HEAD of a miss: %s", async (path) => {
    for (const headers of HEADERS)
      for (const [name, world] of worlds())
        for (const method of ["HEAD", "HEAD", "GET", "HEAD"]) {
          const { response, keys } = await readsOf(world, method, path, headers);
          if (method === "GET" || response.headers.get("Cache-Status")?.endsWith("hit")) continue;
          // The note promises a hit, which costs the third read. Only by hand a variant can be deleted and stay in its
          // note.
          const isPromised = name.startsWith("a small one whose note lists what is gone");
          const most = isPromised ? READS_PER_REQUEST.miss : READS_PER_REQUEST.missedHead;
          expect(keys.length, `${name}: ${keys}`).toBeLessThanOrEqual(most);
        }
  });

  it("two at most, when a page waits by HEAD for a small original's variant that no note lists: the second sees it", async () => {
    const world = setup();
    STATES["a small one whose largest is stored"]?.(world);
    world.images.store("variants/photo/828-low.webp", BYTES);
    const answers = [];
    for (let n = 0; n < 3; n += 1) {
      const { response, keys } = await readsOf(world, "HEAD", "/images/photo?w=1920&q=low");
      answers.push([response.status, keys.length]);
      world.advance(10 * SECOND);
    }
    expect(answers).toEqual([
      [302, 2],
      [200, 2],
      [200, 0],
    ]);
  });

  it("one object when it is a hit, of whatever method", async () => {
    for (const method of ["GET", "HEAD"]) {
      const world = setup();
      world.images.store("variants/photo/800-high.webp", BYTES);
      expect((await readsOf(world, method, PATHS[0] ?? "")).keys).toEqual(["variants/photo/800-high.webp"]);
    }
  });

  it("the gate file besides, once in 10 s", async () => {
    const world = setup();
    for (let n = 0; n < 40; n += 1) {
      await readsOf(world, "GET", `/images/made-up-${n}?w=800`);
      world.advance(500);
    }
    expect(world.images.reads.filter((key) => key === GATE_KEY)).toHaveLength(2);
  });

  it("one object for /info/, two for a signed original", async () => {
    const world = setup({ config: { sources: [...SOURCES.shown] }, keys: ["key"] });
    world.originals.store("photo", BYTES);
    world.know("photo");
    expect((await readsOf(world, "GET", "/info/photo")).keys).toHaveLength(1);
    const { response } = await readsOf(world, "GET", "/images/photo?w=800");
    const location = response.headers.get("Location")?.replace("https://images.example.com", "") ?? "";
    for (const headers of HEADERS)
      expect((await readsOf(world, "GET", location, headers)).keys.length).toBeLessThanOrEqual(2);
  });
});

describe("an object that was just read is not read again", () => {
  /** Reads a request, of so many in one second. */
  async function average(world: World, method: string, path: (n: number) => string): Promise<number> {
    let reads = 0;
    for (let n = 0; n < 40; n += 1) {
      reads += (await readsOf(world, method, path(n))).keys.length;
      world.advance(25);
    }
    return reads / 40;
  }
  const made = (prepare: keyof typeof STATES, options: Options = {}) => {
    const world = setup(options);
    STATES[prepare]?.(world);
    return world;
  };

  it("of a variant that is under way, a known image costs one read and a stand-in none", async () => {
    const world = made("a heavy one with what is listed");
    expect(await average(world, "GET", () => "/images/photo?w=640")).toBeLessThan(1.2);
  });

  it("a HEAD of a known image costs one", async () => {
    expect(await average(made("a known image"), "HEAD", () => "/images/photo?w=1920")).toBeLessThan(1.2);
  });

  it("a network that its limiter refuses is refused before a marker is read, for a second", async () => {
    let asked = 0;
    const allowedUnknown = () => {
      asked += 1;
      return asked <= 5;
    };
    const world = setup({ allowed: () => true, allowedUnknown });
    expect(await average(world, "GET", (n) => `/images/made-up-${n}?w=800`)).toBeLessThan(2.2);
    expect(asked).toBe(6);
    expect(world.images.reads.filter((key) => key.startsWith("dead/"))).toHaveLength(6);
    // Another network is not refused with it, and known images have a limiter of their own.
    world.know("known");
    const other = await world.get("/images/other?w=800", { "CF-Connecting-IP": "198.51.100.7" });
    expect(asked).toBe(7);
    expect([detailOf(other), detailOf(await world.get("/images/known?w=800", VIEWER))]).toEqual(["capped", "enqueued"]);
    world.advance(SECOND);
    asked = 0;
    expect(detailOf(await world.get("/images/again?w=800", VIEWER))).toBe("enqueued");
  });

  it.each(["a known image", "an unknown id", "a small heavy one"] as const)(
    "and what is stored meanwhile is seen at once all the same: %s",
    async (state) => {
      for (const method of ["GET", "HEAD"]) {
        const world = made(state);
        const path = "/images/photo?w=1920";
        await world.ask(method, path);
        await world.ask("GET", path);
        const [key = ""] = world.sent[0]?.keys ?? [];
        world.images.store(`variants/${key}`, BYTES, new Date(NOW));
        const response = await world.ask(method, path);
        expect([response.status, response.headers.get("Cache-Status")]).toEqual([
          200,
          "edge; fwd=uri-miss, store; hit",
        ]);
      }
    },
  );
});

describe("the one marker that a turn reads", () => {
  const KEY = "photo/800-high.webp";
  const PATH = "/images/photo?w=800";
  const turns = async (world: World, seconds: number[]) => {
    const said = [];
    for (const pause of seconds) {
      world.advance(pause * SECOND);
      const response = await world.get(PATH);
      await world.settle();
      said.push(detailOf(response));
    }
    return said;
  };

  it("yields its read to a stand-in once: two messages at most", async () => {
    for (const [key, code] of [
      [`dead/${KEY}`, "upstream_failed"],
      ["dead/photo/_", "capped"],
    ] as const) {
      const world = setup();
      STATES["a heavy one with what is listed"]?.(world);
      world.images.store(key, JSON.stringify({ code, until: NOW + 86_400 * SECOND }));
      for (let n = 0; n < 20; n += 1) await turns(world, [n % 2 === 0 ? 151 : 1]);
      expect(world.sent.length, key).toBeLessThanOrEqual(2);
    }
  });

  it.each([
    ["a known image", `dead/${KEY}`, "upstream_failed", 0],
    ["a known image", "dead/photo/_", "capped", 1],
    ["an unknown id", "dead/photo/_", "missing", 0],
    ["an unknown id", "dead/photo/_", "unshowable", 0],
    ["an unknown id", `dead/${KEY}`, "upstream_failed", 2],
  ] as const)(
    "of %s, %s (%s) silences it after %i messages at most, for as long as it is asked for",
    async (state, key, code, most) => {
      const world = setup();
      STATES[state]?.(world);
      world.images.store(key, JSON.stringify({ code, until: NOW + 86_400 * SECOND }));
      await turns(world, [0, 11, 21, 41]);
      expect(world.sent).toHaveLength(most);
      // By whoever asks in this data centre, though pauses are longer than its windows.
      const isolates = [world, world.otherIsolate()];
      for (let n = 0; n < 40; n += 1) await turns(isolates[n % 2] ?? world, [n % 4 === 0 ? 299 : 1]);
      expect(world.sent).toHaveLength(most);
    },
  );
});
