import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { RULE } from "@prewarm/client/html-page";
import { defineConfig } from "@prewarm/shared/config";
import { expect, it, vi } from "vitest";
import astro from "../test/fixtures/pages/astro.html?raw";
import eleventy from "../test/fixtures/pages/eleventy.html?raw";
import hexo from "../test/fixtures/pages/hexo.html?raw";
import next from "../test/fixtures/pages/next.html?raw";
import vitepress from "../test/fixtures/pages/vitepress.html?raw";
import type { Env, RewriterOptions } from "./config.ts";
import { createRewriter } from "./create-rewriter.ts";

const SITE = defineConfig({
  sources: [{ prefix: "", url: "https://o.example/{id}" }],
  pages: { formats: ["webp"], widths: [320, 640, 1080] },
});
const EDGE = "https://images.example.com";
const PAGE = "https://www.example.com/page";
const HTML = { "content-type": "text/html; charset=utf-8" };
/** Nothing here is timed: a page waits until its images are known. */
const PATIENT = { from: "/uploads/", readMs: 60_000, lookupMs: 60_000 };

const infoOf = (id: string) => ({ id, width: 2400, height: 1600, widths: [16, 320, 640], version: null });

/** A site with one page, and the consumer. `salt` keeps the tests' lookups apart, which the platform's cache would join. */
function worldOf(page: (request: Request) => Response | Promise<Response>, more: Partial<Env> = {}) {
  const asked: { ids: string[] }[] = [];
  const requests: Request[] = [];
  const consumer = {
    answer: async (ids: string[]): Promise<Response> =>
      Response.json({ images: ids.filter((id) => !id.startsWith("cold")).map(infoOf), unknown: [] }),
  };
  const env: Env = {
    EDGE_URL: EDGE,
    VIEWER_TOKEN: "viewer",
    CONSUMER: {
      fetch: async (request) => {
        expect(request.headers.get("authorization")).toBe("Bearer viewer");
        expect([request.method, new URL(request.url).pathname]).toEqual(["POST", "/api/v1/info"]);
        const body: { ids: string[] } = await request.json();
        asked.push(body);
        return consumer.answer(body.ids);
      },
    },
    SITE: {
      fetch: async (request) => {
        requests.push(request);
        return page(request);
      },
    },
    ...more,
  };
  const get = async (init: RequestInit = {}, options: RewriterOptions = PATIENT, url = PAGE) => {
    const context = createExecutionContext();
    const response = await createRewriter(SITE, options).fetch(new Request(url, init) as never, env, context);
    return Object.assign(response, { ended: () => waitOnExecutionContext(context) });
  };
  const text = async (...args: Parameters<typeof get>) => (await get(...args)).text();
  return { asked, requests, consumer, get, text };
}
const pageOf = (html: string, headers: HeadersInit = HTML) => worldOf(() => new Response(html, { headers }));

let last = 0;
/** An id that no other test looks up. */
function fresh(): string {
  last += 1;
  return `fresh-${last}.jpg`;
}
const image = (id: string, more = "") => `<img src="/uploads/${id}"${more}>`;
const url = (id: string, width: number) => `${EDGE}/images/${id}?w=${width}&amp;f=webp`;
const SRCSET = (id: string) => `${url(id, 320)} 320w, ${url(id, 640)} 640w`;

/** Every `<img>` that shows an upload, or that was made of one. */
const UPLOAD = new RegExp(`<img\\b[^>]*?\\bsrc="(?:${EDGE}|/uploads/)[^>]*>`, "g");
const rewrittenIn = (html: string) => html.match(UPLOAD)?.filter((tag) => tag.includes(`src="${EDGE}`)) ?? [];

it.each(Object.entries({ eleventy, hexo, vitepress, astro, next }))(
  "%s: every eligible image is rewritten, the rest stays byte by byte, and twice is once",
  async (name, html) => {
    const world = pageOf(html);
    const once = await world.text();
    const tags = rewrittenIn(once);
    expect(tags).toHaveLength(6);
    for (const tag of tags) expect(tag).toMatch(/ srcset=/);
    expect(tags.map((tag) => tag.includes('fetchpriority="high"'))).toEqual([true, ...Array(5).fill(false)]);
    expect(tags.map((tag) => tag.includes('loading="lazy"')).slice(0, 2)).toEqual([false, false]);
    // Astro's page has neither a title nor a body tag: there is no place for the rule.
    expect(once.split(RULE)).toHaveLength(name === "astro" ? 1 : 2);
    expect(once.replace(RULE, "").replaceAll(UPLOAD, "<img>")).toBe(html.replaceAll(UPLOAD, "<img>"));
    expect((await pageOf(once).text()).replace(RULE, "")).toBe(once);
    expect(world.asked.length).toBeLessThanOrEqual(1);
  },
);

it("writes what the rules say, in one pass and with one call, for 200 images", async () => {
  const ids = Array.from({ length: 200 }, fresh);
  const world = pageOf(ids.map((id) => `<p>${image(id)}</p>`).join("\n"));
  const [first = "", second = "", third = ""] = (await world.text()).split("\n");
  const written = (id: string, more: string) =>
    `<p><img src="${url(id, 640)}" srcset="${SRCSET(id)}" sizes="(min-width: 2400px) 2400px, 100vw"${more} style="--prewarm:2400/1600;"></p>`;
  expect([first, second, third]).toEqual([
    written(ids[0]!, ' fetchpriority="high"'),
    written(ids[1]!, ""),
    written(ids[2]!, ' loading="lazy"'),
  ]);
  expect(rewrittenIn(await world.text())).toHaveLength(200);
  // The second time the answer is remembered.
  expect(world.asked).toEqual([{ ids }]);
});

it("reads what the page says as a browser does, and leaves what it cannot read", async () => {
  const id = fresh();
  const html = `<img src='/uploads/${id}?ver=1&amp;v=' alt='it&#39;s &eacute;'><img src="https://www.example.com/uploads/&#x61;.jpg"><IMG SRC=/uploads/b.jpg\nALT=x><img src="/uploads/caf&eacute;.jpg"><img src="/uploads/cold-1.jpg">`;
  const world = pageOf(html);
  const text = await world.text();
  expect(rewrittenIn(text)).toHaveLength(2);
  expect(text).toContain(`<IMG SRC="${url("b.jpg", 640)}" ALT=x`);
  expect(text).toContain(`alt='it&#39;s &eacute;'`);
  expect(text).toContain('<img src="/uploads/caf&eacute;.jpg"><img src="/uploads/cold-1.jpg">');
  expect(world.asked).toEqual([{ ids: [id, "a.jpg", "b.jpg", "cold-1.jpg"] }]);
});

it.each([
  ["another host", '<base href="https://other.example/">', 1],
  ["another host by its name alone", "<base href=//other.example>", 1],
  ["another port", '<base href="https://www.example.com:8443/">', 1],
  ["the page's own", '<base target=x><base href="https://www.example.com/a/"><base href="https://other.example/">', 2],
  ["a template's", '<template><base href="https://other.example/"></template>', 2],
])("takes a path for the site's own as <base> says: %s", async (_, base, count) => {
  const [path, whole] = [fresh(), fresh()];
  const text = await pageOf(`${base}${image(path)}<img src="https://www.example.com/uploads/${whole}">`).text();
  expect(rewrittenIn(text)).toHaveLength(count);
  expect(text.includes(image(path))).toBe(count === 1);
});

it.each([
  ["<meta charset=ISO-8859-1>", "text/html", false],
  ['<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "text/html", false],
  ["<meta charset=UTF-8>", "text/html", true],
  // The header wins.
  ["<meta charset=ISO-8859-1>", "text/html; charset=utf-8", true],
])("leaves a page of other letters byte by byte: %s, %s", async (meta, type, isWritten) => {
  const html = `${meta}${image(fresh(), ' style="font-family:Caf\u00e9"')}`;
  const latin = Uint8Array.from(html, (letter) => letter.charCodeAt(0));
  const world = worldOf(() => new Response(latin, { headers: { "content-type": type } }));
  const bytes = new Uint8Array(await (await world.get()).arrayBuffer());
  expect(new TextDecoder().decode(bytes).includes(EDGE)).toBe(isWritten);
  if (!isWritten) expect(bytes).toEqual(latin);
});

it("leaves what a browser asks for otherwise: a & that is escaped twice, and a page in UTF-16", async () => {
  const twice = image(`${fresh()}?ver=1&amp;amp;v=2`);
  expect(await pageOf(twice).text()).toBe(twice);
  const wide = new Uint8Array(new Uint16Array([..."\ufeff", ...image(fresh())].map((one) => one.charCodeAt(0))).buffer);
  const world = worldOf(() => new Response(wide, { headers: { "content-type": "text/html" } }));
  expect(new Uint8Array(await (await world.get()).arrayBuffer())).toEqual(wide);
});

it("puts the tiny picture behind images only where it is asked for and the page has no policy", async () => {
  const id = fresh();
  const options = { ...PATIENT, placeholder: true };
  const lqip = "data:image/webp;base64,AAAA";
  const shown = async (headers: HeadersInit) => {
    const world = pageOf(image(id), headers);
    world.consumer.answer = async (ids) => Response.json({ images: ids.map((one) => ({ ...infoOf(one), lqip })) });
    return (await world.text({}, options)).includes("background:url(data:");
  };
  expect(await shown(HTML)).toBe(true);
  expect(await shown({ ...HTML, "content-security-policy": "img-src *" })).toBe(false);
});

it.each([
  ["fails", async () => new Response("no", { status: 503 })],
  ["throws", async () => Promise.reject(new Error("gone"))],
  ["is no JSON", async () => new Response("<html>")],
  ["has no list", async () => Response.json({})],
  ["has other things in it", async () => Response.json({ images: [{ id: "a.jpg", widths: ["x"] }] })],
  ["tells a version that is none", async (id: string) => Response.json({ images: [{ ...infoOf(id), version: 5 }] })],
])("leaves the page byte by byte where the lookup %s", async (_, broken) => {
  const id = fresh();
  const html = `<p>caf\u00e9 ${image(id, " ALT = 'x'")}\r\n</P>`;
  const world = pageOf(html);
  world.consumer.answer = ([one = ""]) => broken(one);
  expect(await world.text()).toBe(html);
  // A broken consumer is not asked by every view.
  expect(await world.text()).toBe(html);
  expect(world.asked).toHaveLength(1);
});

it("does not wait for a slow lookup, and has its answer at the next view", async () => {
  const id = fresh();
  const world = pageOf(image(id));
  const gate = Promise.withResolvers<void>();
  const { answer } = world.consumer;
  world.consumer.answer = async (ids) => {
    await gate.promise;
    return answer(ids);
  };
  const first = await world.get({}, { ...PATIENT, lookupMs: 1 });
  expect(await first.text()).toBe(image(id));
  gate.resolve();
  await first.ended();
  expect(rewrittenIn(await world.text({}, { ...PATIENT, lookupMs: 60_000 }))).toHaveLength(1);
  expect(world.asked).toHaveLength(1);
});

it("streams: what stands before the first image is sent at once, and a page that is still being made holds nothing up", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const [id, later] = [fresh(), fresh()];
  const world = worldOf(() => new Response(readable, { headers: HTML }));
  const writer = writable.getWriter();
  const write = (text: string) => writer.write(new TextEncoder().encode(text));
  const response = await world.get({}, { ...PATIENT, readMs: 1 });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const until = async (part: string) => {
    for (let seen = ""; ; ) {
      if (seen.includes(part)) return seen;
      const { value, done } = await reader.read();
      if (done) throw new Error(`${part} is not in ${seen}`);
      seen += value;
    }
  };
  void write("<html><head><title>x</title></head><body><p>before</p>");
  await until("before");
  expect(world.asked).toEqual([]);
  void write(`${image(id)}<p>between</p>`);
  expect(await until("between")).toContain(`src="${EDGE}`);
  expect(world.asked).toEqual([{ ids: [id] }]);
  void write(image(later)).then(() => writer.close());
  // It came after the lookup: unknown, so as it was.
  expect(await until(later)).toContain(image(later));
});

it("takes a page's length, digests and Last-Modified away, marks its ETag, and keeps the rest", async () => {
  const headers = {
    ...HTML,
    etag: '"abc"',
    "content-length": "9999",
    "last-modified": "Sun, 01 Nov 2026 00:00:00 GMT",
    "accept-ranges": "bytes",
    "repr-digest": "sha-256=:AAAA:",
    "set-cookie": "a=1",
    "cache-control": "max-age=60",
    vary: "Cookie",
  };
  const html = image(fresh());
  const world = worldOf(({ method }) => new Response(method === "HEAD" ? null : html, { headers }));
  for (const method of ["GET", "HEAD"]) {
    const response = await world.get({ method });
    await response.text();
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": HTML["content-type"],
      "cache-control": "max-age=60",
      "set-cookie": "a=1",
      vary: "Cookie",
      etag: expect.stringMatching(/^W\/"abc\.prewarm-[\da-z]+"$/),
      "prewarm-rewriter": "on",
    });
  }
  expect(world.asked).toHaveLength(1);
});

it("hands its mark to no site: a copy with it is confirmed as the site says, one of another mark or hour is sent anew", async () => {
  const html = image(fresh());
  const world = worldOf(({ headers }) =>
    headers.get("if-none-match")?.includes('W/"abc"') || headers.has("if-modified-since")
      ? new Response(null, { status: 304, headers: { etag: '"abc"' } })
      : new Response(html, { headers: { ...HTML, etag: '"abc"' } }),
  );
  const first = await world.get();
  const etag = first.headers.get("etag")!;
  await first.text();
  const again = await world.get({ headers: { "if-none-match": `"x", ${etag}`, "if-modified-since": "x" } });
  expect([again.status, again.headers.get("etag"), again.body]).toEqual([304, etag, null]);
  expect(world.requests.at(-1)?.headers.get("if-none-match")).toBe('"x", W/"abc"');
  const other = await world.get({ headers: { "if-none-match": 'W/"abc.prewarm-old"', "if-modified-since": "x" } });
  expect([other.status, rewrittenIn(await other.text()).length]).toEqual([200, 1]);
});

const PICTURE = image("a.jpg");
it.each<[string, ResponseInit & { body?: BodyInit | null }, RequestInit?]>([
  ["an error page", { status: 404, headers: HTML }],
  ["a redirect", { status: 302, headers: { ...HTML, location: "/x" } }],
  [
    "a range",
    { status: 206, headers: { ...HTML, "content-range": "bytes 0-9/100" } },
    { headers: { range: "bytes=0-9" } },
  ],
  ["an answer to a POST", { headers: HTML }, { method: "POST", body: "x" }],
  ["JSON", { headers: { "content-type": "application/json" } }],
  ["XHTML", { headers: { "content-type": "application/xhtml+xml" } }],
  ["another encoding of letters", { headers: { "content-type": "text/html; charset=iso-8859-1" } }],
  ["an encoding that the platform does not read", { headers: { ...HTML, "content-encoding": "zstd" } }],
  ["a page that says no-transform", { headers: { ...HTML, "cache-control": "public, no-transform" } }],
  ["a download", { headers: { ...HTML, "content-disposition": "attachment" } }],
])("passes %s through as it is", async (_, { body = PICTURE, ...init }, request) => {
  const headers = { etag: '"abc"', "content-length": String(PICTURE.length), ...init.headers };
  const world = worldOf(() => new Response(body, { ...init, headers }));
  const response = await world.get(request);
  expect([response.status, response.headers.get("prewarm-rewriter"), response.headers.get("etag")]).toEqual([
    init.status ?? 200,
    null,
    '"abc"',
  ]);
  expect(await response.text()).toBe(PICTURE);
  expect(world.asked).toEqual([]);
});

it("leaves a page alone whose policy forbids the edge's images, and says so", async () => {
  const headers = { ...HTML, etag: '"abc"', "content-security-policy": "default-src 'self'" };
  const world = pageOf(PICTURE, headers);
  const response = await world.get();
  expect(Object.fromEntries(response.headers)).toEqual({ ...headers, "prewarm-rewriter": "off; reason=csp" });
  expect(await response.text()).toBe(PICTURE);
  const meta = `<meta http-equiv="Content-Security-Policy" content="img-src &#39;self&#39;">${PICTURE}`;
  const other = pageOf(meta);
  expect(await other.text()).toBe(meta);
  expect([world.asked, other.asked]).toEqual([[], []]);
});

it.each([
  ["no-edge-url", { EDGE_URL: "" }],
  ["no-viewer-token", { VIEWER_TOKEN: "" }],
])("says %s where the Worker lacks it, and answers with the site's page", async (reason, env) => {
  const response = await worldOf(() => new Response(PICTURE, { headers: HTML }), env).get();
  expect([response.headers.get("prewarm-rewriter"), await response.text()]).toEqual([`off; reason=${reason}`, PICTURE]);
});

it("lets the platform show the site's page where the Worker itself fails", async () => {
  const context = createExecutionContext();
  const passThrough = vi.spyOn(context, "passThroughOnException");
  const env = { SITE: { fetch: () => Promise.reject(new Error("the rewriter fails")) } } as unknown as Env;
  await expect(createRewriter(SITE, PATIENT).fetch(new Request(PAGE) as never, env, context)).rejects.toThrow();
  expect(passThrough).toHaveBeenCalledOnce();
});

it("rewrites nothing under access: private, for the edge would refuse the URLs", async () => {
  const site = { ...SITE, access: "private" as const };
  const env: Env = {
    EDGE_URL: EDGE,
    VIEWER_TOKEN: "viewer",
    CONSUMER: { fetch: () => Promise.reject(new Error("asked")) },
    SITE: { fetch: async () => new Response(PICTURE, { headers: HTML }) },
  };
  const response = await createRewriter(site, PATIENT).fetch(new Request(PAGE) as never, env, createExecutionContext());
  expect([response.headers.get("prewarm-rewriter"), await response.text()]).toEqual(["off; reason=private", PICTURE]);
});
