import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { defineConfig } from "@prewarm/shared/config";
import { publicConfig } from "@prewarm/shared/public-config";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { tempFolder } from "../../../../test/temp-folder.ts";
import { openLocal } from "../../test/testing/open-local.ts";
import { createOldAddresses } from "./old-addresses.ts";
import { createSiteCopy, PAGE_MAX_BYTES, reasonOf, type SiteCopy } from "./site-copy.ts";
import { createSiteFetch, type SiteAnswer, type SiteFetch } from "./site-fetch.ts";
import { createSiteNames, type SiteNames } from "./site-names.ts";
import { listenHere, serveSite } from "./site-server.ts";
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
let shown: ReturnType<typeof serveSite>;
let port = 0;
const stop = new AbortController();
beforeEach(async () => {
  [answers, asked] = [{}, []];
  await show(origin, createSiteFetch({ own: origin, allowsPrivate: false, timeoutMs: 20_000, stop: stop.signal }));
});
async function show(site: string, siteFetch: SiteFetch): Promise<void> {
  shown?.close();
  const here = await listenHere();
  port = here.port;
  names = createSiteNames(site, port);
  const config = defineConfig({ sources: [] });
  const folder = tempFolder("prewarm-try-");
  copy = createSiteCopy({ folder, names, readOld: createOldAddresses(config), kept: () => {} });
  fetchSite = siteFetch;
  shown = serveSite(here, {
    names,
    copy,
    fetch: fetchSite,
    nonce: "mark",
    edgeUrl: () => null,
    saw: () => {},
    warming: { known: () => undefined },
    config: publicConfig(config),
    bar: () => ({ images: [], jobs: { total: 0, stored: 0, failed: 0 }, isMade: true, month: { usd: "", why: "" } }),
  });
}
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
const open = (path: string, headers: Record<string, string> = {}, method?: string) =>
  openLocal(`${names.home}${path}`, headers, method);

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
  // A site that chooses formats shows this program the picture that a browser would load.
  expect(asked.find(({ url }) => url === "/q.jpg")?.headers.accept).toMatch(/^image\/avif,image\/webp,/);
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
  expect(copy.all().map(({ url }) => url.pathname)).toEqual(["/c.jpg"]);
  const answer = await open("/a.tiff");
  expect([answer.headers["content-type"], answer.text]).toEqual(["image/tiff", "bytes"]);
});

it("ends at its limits of pages, requests, bytes and time, and names the one", async () => {
  const links = (n: number) => html(`<a href="/${n + 1}">next</a><img src="/${n}.jpg">`);
  for (let n = 0; n < 30; n += 1)
    Object.assign(answers, { [n === 0 ? "/" : `/${n}`]: links(n), [`/${n}.jpg`]: picture });
  expect(await visit({ pages: 3 })).toMatchObject({ pages: 3, limit: "3 pages" });
  expect(copy.all().map(({ url }) => url.pathname)).toEqual(["/0.jpg", "/1.jpg", "/2.jpg"]);
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
  expect([answer.status, answer.text]).toEqual([502, `This is not shown: ${why}.\n`]);
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
  for (const address of [
    origin,
    `http://localhost:${new URL(origin).port}/`,
    `http://rebound.example.com:${new URL(origin).port}/`,
    `http://six.example.com:${new URL(origin).port}/`,
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
  expect([away.status, away.text]).toEqual([502, "This is not shown: it redirects to 192.168.0.1.\n"]);
  expect((await open("/moved")).headers.location).toBe(`${names.home}/new?a=1`);
  const loop = fetchSite(new URL(`${origin}/loop`), { headers: {}, follows: () => true });
  expect(await loop.catch(reasonOf)).toBe("it redirects more than 5 times");
});

it("sends no cookie and no secret, and keeps none", async () => {
  answers["/"] = (_, response) =>
    response
      .writeHead(200, { "content-type": "text/html", "set-cookie": "a=b", "strict-transport-security": "max-age=1" })
      .end("<!doctype html><p>text");
  const headers = { cookie: "session=1", authorization: "Bearer t", referer: names.home, "accept-language": "de" };
  const answer = await open("/", headers);
  const bar = `<script src="${names.home}/.prewarm/bar.js" nonce="mark" data-waiting="" defer></script>`;
  expect(answer.text).toBe(`<!doctype html><p>text${bar}`);
  expect(Object.keys(answer.headers)).not.toContain("set-cookie");
  expect(Object.keys(answer.headers)).not.toContain("strict-transport-security");
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
  const { text } = await open("/");
  const cdn = names.localOf(new URL("https://cdn.example.com/b.jpg?w=1"));
  expect(cdn).toMatch(/^http:\/\/[\da-f]{10}\.localhost:\d+\/b\.jpg\?w=1$/);
  expect(names.hosts()).toEqual(["cdn.example.com"]);
  expect(text).toContain(`data-src="${cdn}"`);
  expect(text).toContain(`<a href="${names.home}/b">b</a><a href="https://other.example.com/c">`);
  // A picture whose address no id can say, paths outside the site, and hosts that no page has shown.
  expect(names.idOf(new URL("https://cdn.example.com/%E0%A4%A"))).toBeNull();
  for (const path of ["/.prewarm/at/cdn.example.com/c", "/.prewarm/originals/q.jpg"])
    expect((await open(path)).status, path).toBe(404);
  const host = new URL(names.home).host;
  expect(names.urlOf(host, "//evil.example.com/a")?.origin).toBe(origin);
  expect(names.urlOf(host, "http://evil.example.com/a")).toBeNull();
  expect(names.urlOf(host, "@evil.example.com/a")).toBeNull();
});

it("answers under this machine's names only, sends no form, and installs no service worker", async () => {
  for (const host of ["evil.example.com", `localhost:${port}`, `127.0.0.1:${port}`, `0123456789.localhost:${port}`])
    expect((await open("/", { host })).status, host).toBe(421);
  expect((await open("/", {}, "POST")).status).toBe(405);
  answers["/sw.js"] = (_, response) => response.writeHead(200, { "content-type": "text/javascript" }).end("1");
  expect((await open("/sw.js", { "service-worker": "script" })).status).toBe(404);
  expect((await open("/sw.js")).status).toBe(200);
});

it("keeps a picture once, and serves its bytes as the original", async () => {
  answers["/p.jpg"] = picture;
  for (const _ of [1, 2]) expect((await open("/p.jpg")).text).toBe("0123456789");
  expect((await openLocal(`http://localhost:${port}/.prewarm/originals/p.jpg`)).text).toBe("0123456789");
  expect(paths()).toEqual(["/p.jpg"]);
});

/** Answers of the web by address, whatever of them is asked. */
const web =
  (found: Record<string, Partial<SiteAnswer>>, log: string[] = []): SiteFetch =>
  async (url, { follows }) => {
    log.push(url.href);
    const answer = { status: 200, type: "", location: null, policy: null, sharedWith: null, ...found[url.href] };
    const next = answer.location;
    if (next !== null && follows(next)) return web(found, log)(next, { headers: {}, follows });
    return { url, body: Readable.from([Buffer.from("0123456789")]), ...answer };
  };

it("passes on of another host what pages need of it, and nothing that a script reads", async () => {
  const asked: string[] = [];
  const cdn = "https://cdn.example.com";
  const [image, css, json] = [{ type: "image/jpeg" }, { type: "text/css" }, { type: "application/json" }];
  const away = { location: new URL("https://vpn.example.com/secret") };
  const found = { [`${cdn}/a.jpg`]: image, [`${cdn}/a.css`]: { ...css, sharedWith: "*" }, [`${cdn}/a.json`]: json };
  const site = "https://www.example.com";
  await show(site, web({ ...found, [`${site}/away`]: away, "https://vpn.example.com/secret": json }, asked));
  const foreign = names.urlOf("x", "/");
  expect(foreign).toBeNull();
  names.addHost("cdn.example.com");
  const at = (path: string, wanted?: string) =>
    openLocal(names.localOf(new URL(cdn + path)) ?? "", wanted === undefined ? {} : { "sec-fetch-dest": wanted });
  expect(new URL(names.localOf(new URL(cdn)) ?? "").hostname).not.toBe(new URL(names.home).hostname);
  for (const wanted of ["empty", "document", "iframe", "object", "worker"])
    expect((await at("/a.json", wanted)).status, wanted).toBe(403);
  expect(asked).toEqual([]);
  // A browser that does not say, an image that is none, and a way round by the site's own redirect.
  for (const wanted of [undefined, "image"]) expect((await at("/a.json", wanted)).status, wanted).toBe(502);
  for (const wanted of ["image", "empty"])
    expect((await open("/away", { "sec-fetch-dest": wanted })).status, wanted).toBe(502);
  expect(asked.filter((url) => url.includes("vpn"))).toEqual(["https://vpn.example.com/secret"]);
  const picture = await at("/a.jpg", "image");
  expect([picture.status, picture.headers["access-control-allow-origin"]]).toEqual([200, undefined]);
  const sheet = await at("/a.css", "style");
  expect([sheet.status, sheet.headers["access-control-allow-origin"]]).toEqual([200, names.home]);
});

it("keeps the page's policy, with the site's hosts under their names here and room for the bar", async () => {
  const policy =
    "default-src 'none'; script-src 'self' 'strict-dynamic'; img-src https: data:; font-src cdn.example.com; connect-src 'none'; " +
    "style-src https://other.example.com; report-uri /csp; upgrade-insecure-requests";
  const page = `<!doctype html><meta http-equiv="Content-Security-Policy" content="img-src 'self'"><img src="https://cdn.example.com/a.jpg">`;
  answers["/"] = html(page);
  await show("https://www.example.com", async (url) => ({
    url,
    status: 200,
    type: "text/html",
    location: null,
    sharedWith: null,
    policy,
    body: Readable.from([Buffer.from(page)]),
  }));
  const { headers, text } = await open("/");
  const cdn = names.localOf(new URL("https://cdn.example.com"))?.slice(0, -1);
  const own = `${names.home}/.prewarm/`;
  expect(headers["content-security-policy"]?.toString().split("; ")).toEqual([
    "default-src 'none'",
    `script-src 'self' 'strict-dynamic' ${names.home} 'nonce-mark'`,
    `img-src https: data: ${names.home} ${cdn} ${own}images/`,
    `font-src cdn.example.com ${cdn}`,
    `connect-src ${own}bar.json ${own}images/`,
    "style-src https://other.example.com",
  ]);
  expect(text).toContain(`content="img-src 'self' ${names.home} ${own}images/"`);
});

it("reads the original behind an old address once, and takes the address itself where there is none", async () => {
  const uploads = "/wp-content/uploads";
  const shownAt = [`${uploads}/a-300x200.jpg`, `${uploads}/a-1024x683.jpg`, `${uploads}/flyer-300x200.jpg`];
  const next = "/_next/image?url=%2Fp.jpg&w=640&q=75";
  answers = { [next]: picture, "/p.jpg": picture, [`${uploads}/a.jpg`]: picture };
  for (const path of shownAt) answers[path] = picture;
  answers["/"] = html([...shownAt, next].map((path) => `<img src="${path.replaceAll("&", "&amp;")}">`).join(""));
  expect((await visit()).unread).toEqual([{ place: `${origin}${uploads}/flyer.jpg`, why: "it answers 404" }]);
  expect(paths().filter((path) => path === `${uploads}/a.jpg`)).toHaveLength(1);
  const idAt = (path: string) => copy.byUrl(new URL(path, origin))?.id;
  expect([...shownAt, next].map(idAt)).toEqual([
    "wp-content/uploads/a.jpg",
    "wp-content/uploads/a.jpg",
    "wp-content/uploads/flyer-300x200.jpg",
    "p.jpg",
  ]);
  const originals = ["wp-content/uploads/a.jpg", "wp-content/uploads/flyer-300x200.jpg", "p.jpg"];
  for (const id of originals) expect(copy.byId(id)?.bytes, id).toBe(10);
});
