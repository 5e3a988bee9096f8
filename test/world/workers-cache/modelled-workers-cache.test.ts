import { describe, expect, it } from "vitest";
import { VirtualClock } from "../virtual-clock.ts";
import { type CacheOptions, ModelledWorkersCache } from "./modelled-workers-cache.ts";
import { PurgeAccount } from "./purge-account.ts";

const ORIGIN = "https://images.example.com";
const HERE = "here";
const THERE = "there";
const SECOND = 1_000;

type Reply = (request: Request, run: number) => Response | Promise<Response>;

/** A cache of two data centres in front of a Worker that replies so. */
function setup(reply: Reply, more: Partial<CacheOptions> = {}) {
  const clock = new VirtualClock(1_800_000_000_000, () => 0.5);
  const account = new PurgeAccount(clock.now);
  const asked: Request[] = [];
  const cache = new ModelledWorkersCache({
    ...{ clock, account, centres: [HERE, THERE] },
    run: async (request) => {
      asked.push(request);
      return reply(request, asked.length);
    },
    ...more,
  });
  async function ask(path = "/a", { centre = HERE, ...init }: RequestInit & { centre?: string } = {}) {
    const response = await clock.until(cache.fetch(new Request(ORIGIN + path, init), centre));
    const { status, headers } = response;
    return { status, how: headers.get("Cf-Cache-Status"), headers, text: await response.text() };
  }
  return { cache, clock, account, asked, ask };
}

/** The nth run answers with its number, and is kept for a minute. */
const numbered: Reply = (_request, run) => kept(String(run));

function kept(body: string | null, more: Record<string, string> = {}, status = 200): Response {
  const headers = { "Cache-Control": "max-age=60", ETag: `"${body}"`, "Cache-Tag": "all, one", ...more };
  return new Response(body, { status, headers });
}

describe("a copy", () => {
  it("answers until its time is over, with its age, and no Worker runs meanwhile", async () => {
    const { ask, clock, asked } = setup(numbered);
    expect(await ask()).toMatchObject({ text: "1", how: "MISS" });
    await clock.run(59 * SECOND);
    const hit = await ask();
    expect([hit.text, hit.how, hit.headers.get("Age"), asked.length]).toEqual(["1", "HIT", "59", 1]);
    await clock.run(SECOND);
    expect(await ask()).toMatchObject({ text: "2", how: "EXPIRED" });
  });

  it("is of one path and query as they are written, whatever the host and the cookies", async () => {
    const { ask, cache, clock } = setup(numbered);
    expect((await ask("/a?x=1&y=2")).text).toBe("1");
    expect((await ask("/a?y=2&x=1")).text).toBe("2");
    expect((await ask("/a?x=1&y=2", { headers: { cookie: "a=b" } })).text).toBe("1");
    const other = await clock.until(cache.fetch(new Request("https://other.example/a?x=1&y=2"), HERE));
    expect(await other.text()).toBe("1");
  });

  it("is of one spelling of each header that it varies by", async () => {
    const { ask } = setup((request) => kept(request.headers.get("accept"), { Vary: "Accept" }));
    const accept = (value: string) => ask("/a", { headers: { accept: value } });
    expect((await accept("image/avif,image/webp")).how).toBe("MISS");
    expect(await accept("image/avif, image/webp")).toMatchObject({ how: "MISS", text: "image/avif, image/webp" });
    expect(await accept("image/avif,image/webp")).toMatchObject({ how: "HIT", text: "image/avif,image/webp" });
  });

  it("is of one version of the Worker, unless it crosses versions", async () => {
    for (const crossVersion of [false, true]) {
      let version = "1";
      const { ask } = setup(numbered, { crossVersion, version: () => version });
      await ask();
      version = "2";
      expect((await ask()).how).toBe(crossVersion ? "HIT" : "MISS");
    }
  });

  it("comes from the upper tier where this data centre has none, with the age that it has there", async () => {
    const { ask, clock, asked } = setup(numbered);
    await ask();
    await clock.run(50 * SECOND);
    const hit = await ask("/a", { centre: THERE });
    expect([hit.how, hit.headers.get("Age"), asked.length]).toEqual(["HIT", "50", 1]);
    await clock.run(10 * SECOND);
    expect((await ask("/a", { centre: THERE })).how).toBe("EXPIRED");
  });

  it("may be gone at any time", async () => {
    const { ask, cache } = setup(numbered);
    await ask();
    cache.evict(() => true);
    expect((await ask()).text).toBe("2");
  });

  it("tells nobody of its tags and of the platform's own field", async () => {
    const field = "Cloudflare-CDN-Cache-Control";
    const { ask } = setup(() => kept("a", { [field]: "max-age=9" }));
    for (let n = 0; n < 2; n += 1) {
      const { headers } = await ask();
      expect([headers.get("Cache-Tag"), headers.get(field)]).toEqual([null, null]);
    }
  });
});

describe("what is not kept", () => {
  it("runs the Worker each time, and is marked as a bypass", async () => {
    const { ask, asked } = setup(() => new Response("a", { headers: { "Cache-Control": "private, no-store" } }));
    await ask();
    expect([(await ask()).how, asked.length]).toEqual(["BYPASS", 2]);
  });

  it("is any method but GET and HEAD, and such a request neither finds nor leaves a copy", async () => {
    const { ask, asked } = setup(numbered);
    await ask("/a", { method: "POST" });
    await ask();
    await ask("/a", { method: "POST" });
    expect(asked.map(({ method }) => method)).toEqual(["POST", "GET", "POST"]);
  });

  it("is nothing that says nothing: such an answer is kept by its status", async () => {
    const { ask, clock } = setup((_request, run) => new Response(String(run), { status: 404 }));
    await ask();
    await clock.run(179 * SECOND);
    expect((await ask()).text).toBe("1");
    await clock.run(SECOND);
    expect((await ask()).text).toBe("2");
  });
});

describe("a request", () => {
  it("by HEAD of what is cold arrives as GET, and fills the cache", async () => {
    const { ask, asked } = setup(numbered);
    expect(await ask("/a", { method: "HEAD" })).toMatchObject({ text: "", how: "MISS" });
    expect(asked.map(({ method }) => method)).toEqual(["GET"]);
    expect(await ask()).toMatchObject({ text: "1", how: "HIT" });
  });

  it("for a part arrives as one for the whole, and the cache cuts the part out", async () => {
    const { ask, asked } = setup(() => kept("0123456789"));
    const part = (range: string) => ask("/a", { headers: { range } });
    const first = await part("bytes=2-4");
    expect([first.status, first.text, first.headers.get("Content-Range")]).toEqual([206, "234", "bytes 2-4/10"]);
    expect([(await part("bytes=-3")).text, (await part("bytes=8-")).text]).toEqual(["789", "89"]);
    expect((await part("bytes=10-")).status).toBe(416);
    expect((await ask("/a", { headers: { range: "bytes=0-1", "if-range": '"old"' } })).status).toBe(200);
    expect(asked.map(({ headers }) => headers.get("range"))).toEqual([null]);
  });

  it("with the copy's tag is answered 304 by the cache", async () => {
    const { ask, asked } = setup(numbered);
    for (let n = 0; n < 2; n += 1)
      expect((await ask("/a", { headers: { "if-none-match": 'W/"1"' } })).status).toBe(304);
    expect(asked.map(({ headers }) => headers.get("if-none-match"))).toEqual([null]);
  });

  it("waits while another of its key is asked, and shares its answer", async () => {
    const { cache, clock, asked } = setup(async () => {
      await clock.sleep(SECOND);
      return kept("a");
    });
    const crowd = Array.from({ length: 9 }, (_, n) => cache.fetch(new Request(`${ORIGIN}/a`), n % 2 ? HERE : THERE));
    const answers = await clock.until(Promise.all(crowd));
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(Array(9).fill("a"));
    expect(asked.length).toBe(1);
  });

  it("shares nothing that is not kept: each then asks for itself", async () => {
    const { cache, clock, asked } = setup(async () => {
      await clock.sleep(SECOND);
      return new Response(null, { status: 302, headers: { "Cache-Control": "private, no-store" } });
    });
    const crowd = Array.from({ length: 9 }, () => cache.fetch(new Request(`${ORIGIN}/a`), HERE));
    await clock.until(Promise.all(crowd));
    expect(asked.length).toBe(9);
  });
});

describe("a stale copy", () => {
  it("is asked for again by its tag; a 304 makes it fresh, with the fields of the 304", async () => {
    const { ask, clock, asked } = setup(({ headers }, run) =>
      headers.has("if-none-match")
        ? kept(null, { ETag: '"1"', "Cache-Control": "max-age=600" }, 304)
        : kept(String(run)),
    );
    await ask();
    await clock.run(60 * SECOND);
    expect(await ask()).toMatchObject({ text: "1", how: "REVALIDATED" });
    expect(asked[1]?.headers.get("if-none-match")).toBe('"1"');
    await clock.run(599 * SECOND);
    expect((await ask()).how).toBe("HIT");
  });

  it("stands in for an error without end, unless the answer limits it", async () => {
    for (const [limit, status] of [
      ["", 200],
      [", stale-if-error=0", 500],
      [", stale-if-error=9", 200],
    ] as const)
      for (const fault of [() => Promise.reject(new Error("bug")), () => new Response(null, { status: 503 })]) {
        const { ask, clock } = setup((_request, run) =>
          run === 1 ? kept("1", { "Cache-Control": `max-age=60${limit}` }) : fault(),
        );
        await ask();
        await clock.run(68 * SECOND);
        expect(Math.min((await ask()).status, 500)).toBe(status);
        if (limit.endsWith("=9")) await clock.run(2 * SECOND);
        if (limit.endsWith("=9")) expect((await ask()).status).toBeGreaterThanOrEqual(500);
      }
  });

  it("is served while it is asked for again only where the answer allows it", async () => {
    const { ask, clock } = setup((_request, run) =>
      kept(String(run), { "Cache-Control": "max-age=60, stale-while-revalidate=10" }),
    );
    await ask();
    await clock.run(65 * SECOND);
    expect(await ask()).toMatchObject({ text: "1", how: "UPDATING" });
    await clock.run(SECOND);
    expect(await ask()).toMatchObject({ text: "2", how: "HIT" });
    await clock.run(71 * SECOND);
    expect(await ask()).toMatchObject({ text: "3", how: "EXPIRED" });
  });
});

describe("a purge", () => {
  it("ends the copies of its tags in every tier within a second, and no others", async () => {
    const { ask, cache, clock } = setup((request, run) =>
      kept(String(run), { "Cache-Tag": `ALL, ${new URL(request.url).pathname.slice(1)}` }),
    );
    for (const path of ["/a", "/b"]) for (const centre of [HERE, THERE]) await ask(path, { centre });
    expect(await cache.context.purge({ tags: ["A"] })).toEqual({ success: true, errors: [] });
    await clock.run(999);
    expect((await ask("/a")).how).toBe("HIT");
    await clock.run(1);
    expect((await ask("/a", { centre: THERE })).how).toBe("MISS");
    expect((await ask("/b", { centre: THERE })).how).toBe("HIT");
    await cache.context.purge({ tags: ["all"] });
    await clock.run(SECOND);
    expect((await ask("/b")).how).toBe("MISS");
  });

  it("names paths by their beginning, or everything", async () => {
    const { ask, cache, clock } = setup(numbered);
    for (const options of [{ pathPrefixes: ["/a"] }, { purgeEverything: true }]) {
      await ask("/abc");
      await cache.context.purge(options);
      await clock.run(SECOND);
      expect((await ask("/abc")).how).toBe("MISS");
    }
  });

  it("that invalidates keeps the copies: each is asked for again by its tag, and is served no more meanwhile", async () => {
    const { ask, cache, clock, asked } = setup(({ headers }, run) =>
      headers.get("if-none-match") === '"1"' && run === 2 ? kept(null, { ETag: '"1"' }, 304) : kept(String(run)),
    );
    await ask();
    await cache.context.invalidate({ tags: ["one"] });
    await clock.run(SECOND);
    expect(await ask()).toMatchObject({ text: "1", how: "REVALIDATED" });
    await cache.context.invalidate({ tags: ["one"] });
    await clock.run(SECOND);
    expect(await ask()).toMatchObject({ text: "3", how: "EXPIRED" });
    expect(asked.map(({ headers }) => headers.get("if-none-match"))).toEqual([null, '"1"', '"1"']);
  });

  it("is of one entrypoint: the same tags of another stay", async () => {
    const one = setup(numbered);
    const other = new ModelledWorkersCache({
      ...{ clock: one.clock, account: one.account, centres: [HERE] },
      run: async () => kept("other"),
    });
    await one.ask();
    await other.context.purge({ tags: ["one"] });
    await one.clock.run(SECOND);
    expect((await one.ask()).how).toBe("HIT");
    expect(one.account.tokens).toBeCloseTo(24.08, 1);
  });

  it("acts on nothing that lands later, though the Worker was asked before", async () => {
    let landMs = 30 * SECOND;
    const { ask, cache, clock } = setup(numbered, { landMs: () => landMs });
    await ask();
    await cache.context.purge({ tags: ["one"] });
    await clock.run(31 * SECOND);
    expect(await ask()).toMatchObject({ text: "1", how: "HIT" });
    landMs = 0;
    await cache.context.purge({ tags: ["one"] });
    await clock.run(SECOND);
    expect((await ask()).text).toBe("2");
  });

  it("that is here already keeps a tier from taking the copy of one where it is not yet", async () => {
    for (const takesPurged of [false, true]) {
      const times = [3 * SECOND, 100, 100];
      const { ask, cache, clock } = setup(numbered, { purgeMs: () => times.shift() ?? 0, takesPurged });
      await ask();
      await cache.context.purge({ tags: ["one"] });
      await clock.run(SECOND);
      expect((await ask()).text).toBe(takesPurged ? "1" : "2");
    }
  });

  it("is refused beyond 25 at once and 5 a minute of all Workers of the account, and beyond 100 tags", async () => {
    const { cache, clock, account } = setup(numbered);
    const purge = async (tags = ["one"]) => (await cache.context.purge({ tags })).success;
    expect(await purge(Array.from({ length: 101 }, String))).toBe(false);
    const burst = await Promise.all(Array.from({ length: 26 }, () => purge()));
    expect(burst.filter(Boolean).length).toBe(25);
    await clock.run(60 * SECOND);
    expect(account.tokens).toBe(5);
    const minute = await Promise.all(Array.from({ length: 6 }, () => purge()));
    expect(minute.filter(Boolean).length).toBe(5);
    await clock.run(3_600 * SECOND);
    expect(account.tokens).toBe(25);
  });

  it("that is refused changes nothing", async () => {
    const { ask, cache, clock } = setup(numbered);
    for (let n = 0; n < 25; n += 1) await cache.context.purge({ tags: ["none"] });
    await ask();
    expect((await cache.context.purge({ tags: ["one"] })).errors).toHaveLength(1);
    await clock.run(2 * SECOND);
    expect((await ask()).how).toBe("HIT");
  });
});
