import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { defineConfig } from "@prewarm/shared/config";
import { publicConfig } from "@prewarm/shared/public-config";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { createSiteCopy, PAGE_MAX_BYTES, reasonOf, type SiteCopy } from "./site-copy.ts";
import { createSiteFetch, type SiteFetch } from "./site-fetch.ts";
import { createSiteNames, type SiteNames } from "./site-names.ts";
import { serveSite } from "./site-server.ts";
import { visitSite } from "./visit.ts";

/** A site on this machine that does what a stranger's may do, and what of it is asked, kept and shown. */

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const html =
  (text: string): Answer =>
  (_, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end(text);
const picture: Answer = (_, response) => response.writeHead(200, { "content-type": "image/jpeg" }).end("0123456789");
/** Sends for ever, as fast as it is read. */
const endless: Answer = (_, response) => {
  response.writeHead(200, { "content-type": "text/html" });
  const more = (): void => {
    while (!response.destroyed && response.write("<p>and so on</p>".repeat(1000)));
  };
  response.on("drain", more);
  more();
};

let answers: Record<string, Answer> = {};
let asked: IncomingMessage[] = [];
const site = createServer((request, response) => {
  asked.push(request);
  const answer = answers[request.url ?? ""];
  if (answer === undefined) response.writeHead(404).end();
  else answer(request, response);
});
let origin = "";
beforeAll(async () => {
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});
afterAll(() => {
  site.closeAllConnections();
  site.close();
});

let names: SiteNames;
let copy: SiteCopy;
let fetchSite: SiteFetch;
let shown: Awaited<ReturnType<typeof serveSite>>;
const stop = new AbortController();
beforeEach(async () => {
  [answers, asked] = [{}, []];
  names = createSiteNames(origin);
  copy = createSiteCopy(tempFolder("prewarm-try-"), names, () => {});
  fetchSite = createSiteFetch({ own: origin, allowsPrivate: false, timeoutMs: 20_000, stop: stop.signal });
  shown = await serveSite({
    names,
    copy,
    fetch: fetchSite,
    edgeUrl: () => null,
    saw: () => {},
    warming: { known: () => undefined },
    config: publicConfig(defineConfig({ sources: [] })),
    bar: () => ({ images: [], jobs: { total: 0, stored: 0, failed: 0 }, month: { usd: "", why: "" } }),
  });
});
afterEach(() => shown.close());

const paths = (): string[] => asked.map(({ url }) => url ?? "");
/** What the visit read, and for how long it waited between two requests, in ms. */
async function visit(limits: Partial<{ pages: number; requests: number; bytes: number; until: number }> = {}) {
  const paces: number[] = [];
  const visited = await visitSite(new URL(`${origin}/`), {
    names,
    copy,
    fetch: fetchSite,
    now: () => 0,
    stop: stop.signal,
    limits: { pages: 10, requests: 50, bytes: 1_000_000, until: 1, ...limits },
    pace: async (delayMs) => void paces.push(delayMs),
  });
  return { ...visited, paces };
}
const open = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${shown.url}${path}`, { headers, redirect: "manual" });

it("reads by itself what robots.txt allows, at its pace, and still passes on what the browser asks for", async () => {
  answers = {
    "/robots.txt": (_, response) =>
      response.end("user-agent: prewarm\ndisallow: /private\ndisallow: /p.jpg\ncrawl-delay: 3"),
    "/": html(`<a href="/private/a">a</a><a href="/b#x">b</a><a href="/b#y">b</a><img src="/p.jpg"><img src="/q.jpg">`),
    "/b": html("b"),
    "/private/a": html("secret"),
    "/p.jpg": picture,
    "/q.jpg": picture,
  };
  const { pages, unread, paces } = await visit();
  expect(pages).toBe(2);
  expect(paths()).toEqual(["/robots.txt", "/", "/q.jpg", "/b"]);
  expect(paces).toEqual([0, 3000, 3000, 3000]);
  expect(unread).toEqual([
    { place: `${origin}/p.jpg`, why: "robots.txt forbids it" },
    { place: `${origin}/private/a`, why: "robots.txt forbids it" },
  ]);
  expect((await open("/private/a")).status).toBe(200);
});

it("passes on a picture that no variant is made of, and says so", async () => {
  const sent =
    (type: string): Answer =>
    (_, response) => {
      response.setHeader("content-type", type);
      response.end("bytes");
    };
  answers = {
    "/": html(`<img src="/a.tiff"><img src="/summer/%C3%A9t%C3%A9%20a.jxl?v=2"><img src="/c.jpg">`),
    "/a.tiff": sent("image/tiff"),
    "/summer/%C3%A9t%C3%A9%20a.jxl?v=2": sent("image/jxl"),
    "/c.jpg": picture,
  };
  expect((await visit()).unread).toEqual([
    { place: `${origin}/a.tiff`, why: "passed on: no variant is made of image/tiff" },
    { place: `${origin}/summer/%C3%A9t%C3%A9%20a.jxl?v=2`, why: "passed on: no variant is made of image/jxl" },
  ]);
  expect(copy.all().map(({ path }) => path)).toEqual(["/c.jpg"]);
  const answer = await open("/a.tiff");
  expect([answer.headers.get("content-type"), await answer.text()]).toEqual(["image/tiff", "bytes"]);
});

it("ends at its limits of pages, requests, bytes and time, and names the one", async () => {
  const links = (n: number) => html(`<a href="/${n + 1}">next</a><img src="/${n}.jpg">`);
  for (let n = 0; n < 30; n += 1)
    Object.assign(answers, { [n === 0 ? "/" : `/${n}`]: links(n), [`/${n}.jpg`]: picture });
  expect(await visit({ pages: 3 })).toMatchObject({ pages: 3, limit: "3 pages" });
  expect(copy.all().map(({ path }) => path)).toEqual(["/0.jpg", "/1.jpg", "/2.jpg"]);
  expect(await visit({ requests: 7 })).toMatchObject({ limit: "7 requests" });
  expect(await visit({ bytes: 35 })).toMatchObject({ limit: "0.000035 MB" });
  expect(await visit({ until: -1 })).toMatchObject({ pages: 0, limit: "its time" });
});

it("gives up a page without an end and one that is too large, and says so", async () => {
  const large = html(`<!doctype html>${"x".repeat(10_000_000)}`);
  answers = { "/": html(`<a href="/endless">1</a><a href="/large">2</a>`), "/endless": endless, "/large": large };
  const why = `it is larger than ${PAGE_MAX_BYTES / 1_000_000} MB`;
  expect((await visit()).unread.map((one) => one.why)).toEqual([why, why]);
  const answer = await open("/large");
  expect([answer.status, await answer.text()]).toEqual([502, `This is not shown: ${why}.\n`]);
});

it("asks no private address, by name, by number, behind a redirect or behind DNS, unless it may", async () => {
  const resolve = async (name: string) => [
    {
      address: name === "rebound.example.com" ? "127.0.0.1" : "fd00::1",
      family: name === "rebound.example.com" ? 4 : 6,
    },
  ];
  const guarded = createSiteFetch({ own: null, allowsPrivate: false, timeoutMs: 20_000, stop: stop.signal, resolve });
  const request = { headers: {}, follows: () => true };
  const port = new URL(origin).port;
  for (const address of [
    origin,
    `http://localhost:${port}/`,
    `http://rebound.example.com:${port}/`,
    `http://six.example.com:${port}/`,
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:127.0.0.1]/",
    "http://10.0.0.1.nip.io/",
  ])
    await expect(guarded(new URL(address), request), address).rejects.toThrow("private address");
  await expect(guarded(new URL("http://user:word@example.com/"), request)).rejects.toThrow("credentials");
  answers["/away"] = (_, response) => response.writeHead(302, { location: "http://192.168.0.1/a.jpg" }).end();
  await expect(fetchSite(new URL(`${origin}/away`), request)).rejects.toThrow("192.168.0.1 is a private address");
  expect(paths()).toEqual(["/away"]);
  const may = createSiteFetch({ own: null, allowsPrivate: true, timeoutMs: 20_000, stop: stop.signal });
  answers["/"] = html("here");
  expect((await may(new URL(`${origin}/`), request)).status).toBe(200);
});

it("shows nothing of a redirect to another host, and keeps one within the site here", async () => {
  answers["/away"] = (_, response) => response.writeHead(302, { location: "http://192.168.0.1/" }).end();
  answers["/moved"] = (_, response) => response.writeHead(301, { location: `${origin}/new?a=1` }).end();
  answers["/loop"] = (_, response) => response.writeHead(302, { location: "/loop" }).end();
  const away = await open("/away");
  expect([away.status, await away.text()]).toEqual([502, "This is not shown: it redirects to 192.168.0.1.\n"]);
  expect((await open("/moved")).headers.get("location")).toBe("/new?a=1");
  const loop = fetchSite(new URL(`${origin}/loop`), { headers: {}, follows: () => true });
  expect(await loop.catch(reasonOf)).toBe("it redirects more than 5 times");
});

it("sends no cookie and no secret, keeps none, and leaves the site's policy out", async () => {
  answers["/"] = (_, response) =>
    response
      .writeHead(200, {
        "content-type": "text/html",
        "set-cookie": "a=b",
        "content-security-policy": "default-src 'none'",
        "strict-transport-security": "max-age=1",
      })
      .end(`<!doctype html><meta http-equiv="Content-Security-Policy" content="img-src 'none'"><p>text`);
  const headers = { cookie: "session=1", authorization: "Bearer t", referer: shown.url, "accept-language": "de" };
  const answer = await open("/", headers);
  const text = await answer.text();
  expect(text).toMatch(/^<!doctype html><p>text<script src="\/\.prewarm\/bar\.js" defer><\/script>$/);
  expect([...answer.headers.keys()]).not.toContain("set-cookie");
  expect([...answer.headers.keys()].filter((name) => /security/.test(name))).toEqual([]);
  const sent = asked[0]?.headers ?? {};
  expect(Object.keys(sent).filter((name) => ["cookie", "authorization", "referer"].includes(name))).toEqual([]);
  expect(sent["accept-language"]).toBe("de");
});

it("reads pages of junk, and lets only the hosts of their images lead here", async () => {
  answers["/"] = html(
    `<base href="/"><img srcset=", ,x.jpg 1w,,%%% 2x, https://cdn.example.com/a.jpg 3w, data:,x, (, javascript:1" src="">
     <img src="http://[bad"><img src="//cdn.example.com/%E0%A4%A"><img data-src="https://cdn.example.com/b.jpg?w=1">
     <a href="${origin}/b">b</a><a href="https://other.example.com/c">c</a><a href="mailto:a@b.c"><img src="q.jpg`,
  );
  const text = await (await open("/")).text();
  expect(names.hosts()).toEqual(["cdn.example.com"]);
  expect(text).toContain('data-src="/.prewarm/at/cdn.example.com/b.jpg?w=1"');
  expect(text).toContain('<a href="/b">b</a><a href="https://other.example.com/c">');
  // A picture whose address no id can say, paths outside the site, and hosts that no page has shown.
  expect(names.idOf(new URL("https://cdn.example.com/%E0%A4%A"))).toBeNull();
  for (const path of ["/.prewarm/at/other.example.com/c", "/.prewarm/at/127.0.0.1/c", "/.prewarm/originals/q.jpg"])
    expect((await open(path)).status, path).toBe(404);
  expect(names.urlOf("//evil.example.com/a")?.origin).toBe(origin);
  expect(names.urlOf("http://evil.example.com/a")).toBeNull();
  expect(names.urlOf("@evil.example.com/a")).toBeNull();
});

it("answers under this machine's names only, sends no form, and installs no service worker", async () => {
  const { hostname, port } = new URL(shown.url);
  const foreign = await new Promise<number | undefined>((resolve) => {
    void import("node:http").then(({ get }) =>
      get({ hostname, port, path: "/", headers: { host: "evil.example.com" } }, ({ statusCode }) =>
        resolve(statusCode),
      ),
    );
  });
  expect(foreign).toBe(421);
  expect((await fetch(shown.url, { method: "POST" })).status).toBe(405);
  answers["/sw.js"] = (_, response) => response.writeHead(200, { "content-type": "text/javascript" }).end("1");
  expect((await open("/sw.js", { "service-worker": "script" })).status).toBe(404);
  expect((await open("/sw.js")).status).toBe(200);
});

it("keeps a picture once, and serves its bytes as the original", async () => {
  answers["/p.jpg"] = picture;
  for (const _ of [1, 2]) expect(await (await open("/p.jpg")).text()).toBe("0123456789");
  expect(await (await open("/.prewarm/originals/p.jpg")).text()).toBe("0123456789");
  expect(paths()).toEqual(["/p.jpg"]);
});
