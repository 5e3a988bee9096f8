import { GATE_KEY } from "@prewarm/shared/markers";
import type { MissMessage } from "@prewarm/shared/messages";
import { sign } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { BYTES, detailOf, NOW, type Options, setup, type World } from "../testing/setup.ts";

const PATH = "/images/photo?w=800";
const KEY = "photo/800-high.webp";
const SECOND = 1000;

async function detail(world: World, path = PATH, headers: Record<string, string> = {}): Promise<string | undefined> {
  const response = await world.get(path, headers);
  await world.settle();
  return detailOf(response);
}

describe("a popular cold variant", () => {
  it("costs one message however many ask at once", async () => {
    const world = setup();
    const responses = await Promise.all(Array.from({ length: 50 }, () => world.get(PATH)));
    await world.settle();
    expect(world.sent).toEqual([{ v: 1, keys: [KEY], lane: "live", at: NOW, unknown: true }]);
    expect(responses.map(detailOf).filter((said) => said === "enqueued")).toHaveLength(1);
    expect(responses.map(detailOf).filter((said) => said === "pending")).toHaveLength(49);
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([302]));
  });

  it("costs one message in all isolates of a data centre", async () => {
    const world = setup();
    const other = world.otherIsolate();
    expect([await detail(world), await detail(other), await detail(other)]).toEqual(["enqueued", "pending", "pending"]);
    expect(world.sent).toHaveLength(1);
  });

  it("keeps its window without a cache, as on workers.dev", async () => {
    const world = setup({ faults: { cache: "rejects" } });
    expect([await detail(world), await detail(world)]).toEqual(["enqueued", "pending"]);
  });

  it("is asked for again after 10 s, then 20 s, at most every 300 s", async () => {
    const world = setup();
    const sentAt: number[] = [];
    for (let seconds = 0; seconds < 1300; seconds++) {
      if ((await detail(world)) === "enqueued") sentAt.push(seconds);
      world.advance(SECOND);
    }
    expect(sentAt).toEqual([0, 10, 30, 70, 150, 310, 610, 910, 1210]);
  });

  it("keeps that rhythm when every request meets another isolate", async () => {
    const world = setup();
    const sentAt: number[] = [];
    for (let seconds = 0; seconds < 160; seconds++) {
      if ((await detail(world.otherIsolate())) === "enqueued") sentAt.push(seconds);
      world.advance(SECOND);
    }
    expect(sentAt).toEqual([0, 10, 30, 70, 150]);
  });

  it("is served the moment it is stored, whatever the isolate remembers", async () => {
    const world = setup();
    await detail(world);
    world.images.store(`variants/${KEY}`, BYTES, new Date(NOW));
    const response = await world.get(PATH);
    expect([response.status, response.headers.get("Cache-Status")]).toEqual([200, "edge; fwd=uri-miss, store; hit"]);
  });

  it("starts with the first window again after a hit, here and in the data centre", async () => {
    const world = setup();
    await detail(world);
    world.images.store(`variants/${KEY}`, BYTES, new Date(NOW));
    await detail(world);
    // Purged: the object is gone and, for the test, the cache's copy too.
    world.images.objects.clear();
    world.cache.entries.delete(`https://images.example.com/images/${KEY}`);
    expect(await detail(world.otherIsolate())).toBe("enqueued");
    expect(await detail(world)).toBe("pending");
  });

  it("does not look for markers that an old object cannot have", async () => {
    const world = setup();
    const deleted: string[] = [];
    world.edge.cache.delete = async (url) => deleted.push(url) > 0;
    world.images.store(`variants/${KEY}`, BYTES, new Date(NOW - 901 * SECOND));
    await detail(world);
    expect(deleted).toEqual([]);
  });
});

describe("a miss of a known image where the consumer is bound", () => {
  const calling = (miss: NonNullable<Options["consumer"]>["miss"], options: Options = {}) => {
    const called: MissMessage[] = [];
    const consumer = {
      miss: (message: MissMessage) => {
        called.push(message);
        return miss(message);
      },
    };
    const world = setup({ ...options, consumer });
    world.know("photo", {});
    return { called, world };
  };

  it("calls it, and sends no message once the ledger has recorded the miss", async () => {
    const { called, world } = calling(async () => true);
    expect(await detail(world)).toBe("enqueued");
    expect([called, world.sent]).toEqual([[{ v: 1, keys: [KEY], lane: "live", at: NOW }], []]);
  });

  it.each([
    ["has not recorded it", async () => false],
    ["throws", () => Promise.reject(new Error("no such entrypoint"))],
    ["hangs", () => new Promise<boolean>(() => {})],
  ])("is sent as a message if the consumer %s", async (_what, miss) => {
    const { called, world } = calling(miss);
    expect(await detail(world)).toBe("enqueued");
    expect(world.sent).toEqual(called);
    expect(called).toHaveLength(1);
  });

  it("waits in the queue if the image is unknown, because anybody can make up an id", async () => {
    const { called, world } = calling(async () => true);
    await detail(world, "/images/made-up?w=800");
    expect([called, world.sent]).toMatchObject([[], [{ unknown: true }]]);
  });

  it("is not called for misses that the limiter refuses, nor by HEAD", async () => {
    const { called, world } = calling(async () => true, { allowed: () => false });
    await detail(world, PATH, { "CF-Connecting-IP": "192.0.2.1" });
    await world.ask("HEAD", PATH);
    await world.settle();
    expect([called, world.sent]).toEqual([[], []]);
  });
});

describe("a useless message", () => {
  const marker = (code: string, until: number): string => JSON.stringify({ code, until });

  it.each([
    [`dead/${KEY}`, "job_failed", "dead", "the job died", true],
    ["dead/photo/_", "unsupported", "dead", "no variant can come of it", false],
    ["dead/photo/_", "missing", "missing", "there is no original", false],
  ])("%s (%s) is told as %s: %s (known: %s)", async (key, code, said, _why, isKnown) => {
    const world = setup();
    if (isKnown) world.know("photo");
    world.images.store(key, marker(code, NOW + 60 * SECOND));
    const response = await world.get(PATH);
    expect([response.status, detailOf(response), response.headers.get("Location")]).toEqual([
      302,
      said,
      "https://cdn.example.com/originals/photo",
    ]);
    expect(world.sent).toEqual([]);
  });

  it.each([
    ["animated", "; detail=dead; reason=animated"],
    ["upstream_failed", "; detail=dead; reason=upstream_failed"],
    ["unshowable", "; detail=dead; reason=unshowable"],
    ["dead, hit", "; detail=dead"],
    ["a\r\nb", "; detail=dead"],
  ])("a dead one says why (%j), for a second to HEAD and to whoever asks again too", async (code, said) => {
    const world = setup();
    world.know("photo");
    world.images.store(`dead/${KEY}`, marker(code, NOW + 60 * SECOND));
    for (const method of ["GET", "HEAD", "GET"]) {
      const response = await world.ask(method, PATH);
      expect(response.headers.get("Cache-Status")).toBe(`edge; fwd=uri-miss, store; fwd=uri-miss${said}`);
    }
  });

  it.each([
    [marker("missing", NOW), "over"],
    ["{", "not JSON"],
    ['{"code":1,"until":"x"}', "of another shape"],
  ])("a marker %s does not count: %s", async (text) => {
    const world = setup();
    world.images.store("dead/photo/_", text);
    expect(await detail(world)).toBe("enqueued");
  });

  it("is asked for again within a second of its marker's end, as after an upload", async () => {
    const world = setup();
    world.images.store("dead/photo/_", marker("missing", NOW + 3600 * SECOND));
    expect(await detail(world)).toBe("missing");
    world.images.objects.clear();
    world.advance(SECOND);
    expect(await detail(world)).toBe("enqueued");
  });

  it("costs one read a second, however many views ask", async () => {
    const world = setup();
    world.images.store("dead/photo/_", marker("missing", NOW + 3600 * SECOND));
    for (let n = 0; n < 20; n++) await detail(world);
    expect(world.images.reads.filter((key) => key === "dead/photo/_")).toHaveLength(1);
  });

  it("is not sent in a scan: each random id is asked for once, and after its marker never again", async () => {
    const world = setup();
    const ids = Array.from({ length: 30 }, (_, n) => `random-${n}`);
    for (let round = 0; round < 4; round++) {
      for (const id of ids) await detail(world, `/images/${id}?w=800`);
      for (const id of ids) world.images.store(`dead/${id}/_`, marker("missing", NOW + 3600 * SECOND));
      world.advance(15 * SECOND);
    }
    expect(world.sent).toHaveLength(ids.length);
  });
});

describe("the gate", () => {
  const gate = (closed: string[]): string => JSON.stringify({ closed, reason: null, at: NOW });

  it("closed stops messages, and viewers are served", async () => {
    const world = setup();
    world.images.store(GATE_KEY, gate(["live"]));
    expect(await detail(world)).toBe("paused");
    expect(world.sent).toEqual([]);
  });

  it("closed for other lanes only, or unreadable, stops no misses of viewers", async () => {
    for (const text of [gate(["bulk", "upload"]), "{", "null"]) {
      const world = setup();
      world.images.store(GATE_KEY, text);
      expect(await detail(world)).toBe("enqueued");
    }
  });

  it("is read at most once in 10 s", async () => {
    const world = setup();
    for (let n = 0; n < 30; n++) {
      await detail(world, `/images/p${n}?w=800`);
      world.advance(SECOND);
    }
    expect(world.images.reads.filter((key) => key === GATE_KEY)).toHaveLength(3);
  });

  it("opened again is read within 10 s, and the waiting key is asked for", async () => {
    const world = setup();
    world.images.store(GATE_KEY, gate(["live"]));
    await detail(world);
    world.images.objects.clear();
    world.advance(10 * SECOND);
    expect(await detail(world)).toBe("enqueued");
  });
});

describe("the cap per client", () => {
  const onlyFirst = (): NonNullable<Options["allowed"]> => {
    const seen = new Set<string>();
    return (key) => !seen.has(key) && seen.add(key).size > 0;
  };
  const from = (address: string) => ({ "CF-Connecting-IP": address });

  it("stops further messages of a client, never its redirects", async () => {
    const world = setup({ allowed: onlyFirst() });
    expect(await detail(world, "/images/a?w=800", from("192.0.2.1"))).toBe("enqueued");
    const over = await world.get("/images/b?w=800", from("192.0.2.1"));
    expect([over.status, detailOf(over)]).toEqual([302, "capped"]);
    expect(world.sent).toHaveLength(1);
  });

  it("leaves the key to other clients", async () => {
    const world = setup({ allowed: onlyFirst() });
    await detail(world, "/images/a?w=800", from("192.0.2.1"));
    await detail(world, "/images/b?w=800", from("192.0.2.1"));
    expect(await detail(world, "/images/b?w=800", from("192.0.2.2"))).toBe("enqueued");
  });

  it("counts an IPv6 network of 64 bits as one client", async () => {
    const world = setup({ allowed: onlyFirst() });
    await detail(world, "/images/a?w=800", from("2001:db8:1:2:3::1"));
    expect(await detail(world, "/images/b?w=800", from("2001:db8:1:2:9::7"))).toBe("capped");
    expect(await detail(world, "/images/c?w=800", from("2001:db8:1:3::1"))).toBe("enqueued");
    expect(await detail(world, "/images/d?w=800", from("2001:db8::a:b:c:d"))).toBe("enqueued");
    expect(await detail(world, "/images/e?w=800", from("2001:db8::e:f:1:2"))).toBe("capped");
  });

  it("never counts misses that need no message", async () => {
    const counted: string[] = [];
    const world = setup({ allowed: (key) => counted.push(key) > 0 });
    world.images.store(`variants/${KEY}`, BYTES);
    await detail(world, PATH, from("192.0.2.1"));
    await detail(world, PATH, from("192.0.2.1"));
    await world.ask("HEAD", "/images/other?w=800", from("192.0.2.1"));
    expect(counted).toEqual([]);
  });
});

describe("an unknown image", () => {
  it("is reported as unknown until it is known", async () => {
    const world = setup();
    await detail(world);
    world.know("photo", {});
    await detail(world, "/images/photo?w=400");
    expect(world.sent.map(({ unknown }) => unknown)).toEqual([true, undefined]);
  });

  it("is reported with the number that its network has asked for, so that those with few go first", async () => {
    const world = setup();
    world.know("known");
    const ids = ["a", "b", "known", "c"];
    for (const id of ids) await detail(world, `/images/${id}?w=400`, { "CF-Connecting-IP": "2001:db8::1" });
    await detail(world, "/images/d?w=400", { "CF-Connecting-IP": "2001:db8:0:1::1" });
    await detail(world, "/images/e?w=400", { "CF-Connecting-IP": "2001:db8::2" });
    expect(world.sent.map(({ nth = 0 }) => nth)).toEqual([0, 1, 0, 2, 0, 3]);
  });

  it("has a limiter of its own, by the client's network, so that made-up ids are few", async () => {
    const asked: string[] = [];
    const world = setup({ allowed: () => true, allowedUnknown: (key) => asked.push(key) <= 1 });
    world.know("known", {});
    const from = { "CF-Connecting-IP": "2001:db8::1" };
    const said = [
      await detail(world, "/images/a?w=400", from),
      await detail(world, "/images/b?w=400", from),
      await detail(world, "/images/known?w=400", from),
    ];
    expect(said).toEqual(["enqueued", "capped", "enqueued"]);
    expect(asked).toEqual(["2001:db8:0:0", "2001:db8:0:0"]);
  });
});

it("a capped image causes no message today, and its answers say so", async () => {
  const world = setup();
  world.images.store("dead/photo/_", JSON.stringify({ code: "capped", until: NOW + SECOND }));
  expect(await detail(world)).toBe("capped");
  world.advance(2 * SECOND);
  expect(await detail(world)).toBe("enqueued");
});

describe("while edges shed", () => {
  it("no miss without a signature is sent, until the time is over", async () => {
    const file = { closed: [], reason: "r", shedUntil: NOW + 60_000, at: NOW };
    const world = setup({ keys: ["key"], config: { access: "open" } });
    world.images.store(GATE_KEY, JSON.stringify(file));
    world.know("known", {});
    const query = "w=300&h=210";
    const signed = `/images/known?${query}&s=${await sign("/images/known", query, "key", world.config)}`;
    const said = () =>
      Promise.all(
        ["/images/made-up?w=400", "/images/known?w=400&v=x", "/images/known?w=400", signed].map((path) =>
          detail(world, path),
        ),
      );
    // What an isolate has not read yet it goes on without.
    await detail(world, "/images/other?w=400");
    expect(await said()).toEqual(["capped", "capped", "capped", "enqueued"]);
    world.advance(61_000);
    world.images.store(GATE_KEY, JSON.stringify({ ...file, closed: [] }));
    // The next read of the file.
    await detail(world, "/images/another?w=400");
    expect(await said()).toEqual(["enqueued", "enqueued", "enqueued", "enqueued"]);
  });
});
