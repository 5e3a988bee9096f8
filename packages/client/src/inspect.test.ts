import { afterEach, describe, expect, it, vi } from "vitest";

// The module's types are a browser's, so it is imported by a name that the compiler does not follow; the e2e test has a real one.
const file = new URL("./inspect.ts", import.meta.url).pathname;
const { factsLine, inspect, inspectImage } = (await import(file)) as {
  inspect(options: object): () => void;
  inspectImage(image: object, options: object): Promise<Record<string, unknown> | null>;
  factsLine(facts: object): string;
};

const BASE = "https://images.example.com";
const URL_640 = `${BASE}/images/photo.jpg?w=640&f=auto`;
const INFO = { id: "photo.jpg", width: 2400, height: 1600, bytes: 900_000, widths: [640], version: null };

afterEach(() => vi.unstubAllGlobals());

/** What a browser notes of a picture of another origin: neither its size nor its status. */
function timed(...names: string[]) {
  return { initiatorType: "img", serverTiming: names.map((name) => ({ name })), transferSize: 9_000 };
}

/** A page with one image: what the edge answers to HEAD, and what the browser has noted. */
function page({
  head = new Response(null, { headers: { "cache-status": "edge; hit", "content-length": "8400" } }) as object | null,
  noted = timed("cache"),
  info = Response.json(INFO),
  image = {},
} = {}) {
  vi.stubGlobal("document", { baseURI: "https://www.example.com/" });
  vi.stubGlobal("devicePixelRatio", 2);
  // Behind it, a question of the module's own.
  const question = { ...timed("cache", "r2", "info"), initiatorType: "fetch" };
  vi.stubGlobal("performance", { getEntriesByName: () => [noted, question] });
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string, { method = "GET" } = {}) => {
    asked.push(`${method} ${url}`);
    if (url.includes("/info/")) return info.clone();
    if (head === null) throw new TypeError("offline");
    return head;
  });
  const attributes = ["width", "height"];
  const element = {
    currentSrc: URL_640,
    hasAttribute: (name: string) => attributes.includes(name),
    getBoundingClientRect: () => ({ width: 320 }),
    ...image,
  };
  return { asked, facts: (options = {}) => inspectImage(element, { baseUrl: BASE, ...options }) };
}

describe("the shown picture, and the answer of the edge now", () => {
  it("of a variant: its width for what the screen needs, its bytes against the original's; asked by HEAD", async () => {
    const { asked, facts } = page();
    expect(await facts()).toEqual({
      url: URL_640,
      shown: "cache",
      now: "warm",
      width: 640,
      needed: 640,
      bytes: 8_400,
      originalBytes: 900_000,
      advice: [],
    });
    expect(asked).toEqual([`HEAD ${URL_640}`, `GET ${BASE}/info/photo.jpg`]);
    expect(factsLine((await facts()) ?? {})).toBe("edge cache · warm · 640 for 640 px · 9 kB, 99 % less");
    expect(await facts({ density: 1 })).toMatchObject({ needed: 320 });
  });

  it.each([
    [timed("cache", "r2"), "r2"],
    [timed("cache", "r2", "info", "r2"), "stand-in"],
    [{ ...timed("cache", "r2"), transferSize: 0 }, "browser"],
    // A redirect to a host that does not tell: nothing can be read.
    [{ ...timed(), transferSize: 0 }, "original"],
  ])("%j is %s", async (noted, shown) => {
    expect(await page({ noted }).facts()).toMatchObject({ shown });
  });

  it.each([
    [{ type: "opaqueredirect", status: 0, headers: new Headers() }, "cold"],
    [
      new Response(null, { headers: { "cache-status": "edge; fwd=uri-miss, store; fwd=uri-miss; detail=head" } }),
      "cold",
    ],
    [new Response(null, { headers: { "cache-status": "edge; fwd=uri-miss, store; hit" } }), "warm"],
    [new Response(null, { status: 403 }), "refused"],
    [new Response(null, { status: 503 }), "unreachable"],
    [null, "unreachable"],
  ])("an answer, number %#, means %s", async (head, now) => {
    expect(await page({ head }).facts()).toMatchObject({ now });
  });

  it("passes the extensions of the configuration through", async () => {
    const image = { currentSrc: `${BASE}/images/logo.svg` };
    expect(await page({ image }).facts()).toMatchObject({ now: "passed through" });
  });

  it("is null for an image of another host", async () => {
    expect(await page({ image: { currentSrc: "https://other.example/images/a.jpg" } }).facts()).toBeNull();
  });
});

it.each([
  [{ hasAttribute: () => false }, /no width and height/],
  [{ getBoundingClientRect: () => ({ width: 100 }) }, /far wider than its box/],
  [{ loading: "lazy", fetchPriority: "high" }, /lazy and has high priority/],
])("advises, number %#", async (image, text) => {
  expect((await page({ image }).facts())?.advice).toEqual([expect.stringMatching(text)]);
});

it("does not call an original too wide, which has its own width whatever sizes says", async () => {
  const image = { getBoundingClientRect: () => ({ width: 100 }) };
  const facts = await page({ image, noted: { ...timed(), transferSize: 0 } }).facts();
  expect(facts).toMatchObject({ shown: "original", advice: [] });
});

it("does nothing on a server", () => {
  expect(inspect({ baseUrl: BASE })()).toBeUndefined();
});
