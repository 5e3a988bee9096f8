import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable, Transform } from "node:stream";
import { createGzip } from "node:zlib";
import { createHtml, type HtmlOptions } from "@prewarm/client/html";
import { formatId } from "@prewarm/shared/image-id";
import { rewritePage } from "../pages/rewrite-page.ts";
import { BAR_SCRIPT, type BarState } from "./bar.ts";
import { type LocalPage, withLocalAddresses } from "./local-page.ts";
import { type KeptImage, PAGE_MAX_BYTES, reasonOf, type SiteCopy } from "./site-copy.ts";
import { Refused, readAll, type SiteAnswer, type SiteFetch } from "./site-fetch.ts";
import { OWN_PATH, type SiteNames } from "./site-names.ts";
import type { Warming } from "./warming.ts";

export interface Shown {
  names: SiteNames;
  copy: SiteCopy;
  fetch: SiteFetch;
  warming: Pick<Warming, "known">;
  /** What pages may know of the configuration. */
  config: Omit<HtmlOptions, "baseUrl" | "from">;
  /** Where the local stack serves images; null: it does not run yet. */
  edgeUrl(): string | null;
  bar(): BarState;
  /** Told the CSS width of a page's widest image. */
  saw(width: number): void;
}

/** Bytes of any other answer that is passed on: a film has no end. */
const PASSED_MAX_BYTES = 100_000_000;
const BAR_TAG = `<script src="${OWN_PATH}bar.js" defer></script>`;
const HTML = "text/html; charset=utf-8";
/** Under another name a page of another site would read what is shown here (DNS rebinding). */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Shows a site on this machine, on a free port: its pages with the bar, its images from the local stack, all else as it is. */
export async function serveSite(shown: Shown): Promise<{ url: string; close(): void }> {
  let url = "";
  const server = createServer((request, response) => {
    answer(request, response, shown, url).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 502, `This is not shown: ${reasonOf(error)}.`);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, shown: Shown, home: string): Promise<void> {
  const path = request.url ?? "/";
  if (!LOOPBACK.test(request.headers.host ?? "")) return refuse(response, 421, "This is shown at localhost only.");
  if (request.method !== "GET" && request.method !== "HEAD")
    return refuse(response, 405, "Forms are not sent: this only shows the site.");
  // It would stay in the browser, and answer for other programs of this port.
  if (request.headers["service-worker"] !== undefined) return refuse(response, 404, "No service worker is installed.");
  const own = path.startsWith(OWN_PATH)
    ? await answerOwn(path.slice(OWN_PATH.length), request, response, shown)
    : false;
  if (own) return;
  const url = shown.names.urlOf(path);
  if (url === null) return refuse(response, 404, "This is no address of the site.");
  const kept = shown.copy.byPath(path);
  if (kept !== undefined) return sendImage(kept, request, response, shown);
  // A page is not followed to another host: its addresses would not lead here.
  const isPage = /^(document|iframe|frame|)$/.test(destinationOf(request));
  const answered = await shown.fetch(url, {
    headers: headersOf(request),
    follows: (next) => !isPage && next.origin !== shown.names.origin,
  });
  await sendAnswer(answered, { path, request, response, shown, home });
}

/** True: it was one of this program's own paths. */
async function answerOwn(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  shown: Shown,
): Promise<boolean> {
  const [name = "", query = ""] = path.split("?");
  if (name === "bar.js") sendText(BAR_SCRIPT, response, 200, "text/javascript; charset=utf-8", request);
  else if (name === "bar.json") {
    shown.saw(Number(new URLSearchParams(query).get("wide")) || 0);
    sendText(JSON.stringify(shown.bar()), response, 200, "application/json", request);
  } else if (name.startsWith("images/")) {
    await sendVariant(path, request, response, shown);
  } else if (name.startsWith("originals/")) {
    const image = shown.copy.byId(name.slice("originals/".length).split("/").map(decodeURIComponent).join("/"));
    if (image === undefined) refuse(response, 404, "No page has shown this image.");
    else sendOriginal(image, request, response);
  } else return false;
  return true;
}

/** What a site is told of a browser. Cookies of this machine's other programs are no business of the site. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const names = ["accept", "accept-language", "user-agent"] as const;
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}

interface Showing {
  path: string;
  request: IncomingMessage;
  response: ServerResponse;
  shown: Shown;
  home: string;
}

async function sendAnswer(answered: SiteAnswer, showing: Showing): Promise<void> {
  const { path, request, response, shown } = showing;
  const { type, status, location, body } = answered;
  if (location !== null) {
    body.destroy();
    const next = shown.names.pathOf(location);
    if (next === null) throw new Refused(`it redirects to ${location.host}`);
    return void response.writeHead(302, { location: next, "cache-control": "no-store" }).end();
  }
  const image = await shown.copy.keep(path, answered);
  if (image !== null) return sendImage(image, request, response, shown);
  const page = await shown.copy.page(answered);
  if (page !== null) return sendText(await shownPage(page, showing), response, 200, HTML, request);
  if (/^text\/css\b/i.test(type)) {
    const text = (await readAll(body, PAGE_MAX_BYTES)).toString("utf8");
    return sendText(withLocalAddresses(text, shown.names), response, status, type, request);
  }
  pass(body, response, status, type, request);
}

/** The page as the rewriter makes it, with the bar. */
async function shownPage(page: LocalPage, { request, shown, home }: Showing): Promise<string> {
  const { names, warming, config } = shown;
  const html = createHtml({
    ...config,
    baseUrl: `${home}${OWN_PATH.slice(0, -1)}`,
    // Every address may be an image's; `source` says which is.
    from: "",
    source(src) {
      const local = URL.parse(src, home + (names.pathOf(page.base) ?? "/"));
      const url = local?.origin === home ? names.urlOf(local.pathname + local.search) : null;
      return url === null ? null : names.idOf(url);
    },
  });
  const infoOf = async (ids: readonly string[]) => new Map(ids.map((id) => [id, warming.known(id) ?? null]));
  const { page: text } = await rewritePage(page.text, html, infoOf);
  // A frame within a page needs no bar of its own.
  return /^(document|)$/.test(destinationOf(request)) ? `${text}${BAR_TAG}` : text;
}

/** What the browser wants the answer for; "": it does not say. */
function destinationOf({ headers }: IncomingMessage): string {
  return headers["sec-fetch-dest"]?.toString() ?? "";
}

/** Of what the page asks for as it is, the stored width that is as wide as the original; else the original. */
async function sendImage(image: KeptImage, request: IncomingMessage, response: ServerResponse, shown: Shown) {
  const known = shown.warming.known(image.id);
  const widths = known?.widths ?? [];
  const width = widths.find((px) => px >= (known?.width ?? 0)) ?? widths.at(-1);
  if (width === undefined || shown.edgeUrl() === null) return sendOriginal(image, request, response);
  await sendVariant(`images/${formatId(image.id)}?w=${width}&f=auto`, request, response, shown);
}

async function sendVariant(path: string, request: IncomingMessage, response: ServerResponse, { edgeUrl }: Shown) {
  const edge = edgeUrl();
  if (edge === null) return refuse(response, 503, "The local stack does not run yet.");
  const accept = request.headers.accept ?? "image/avif,image/webp,*/*";
  const answered = await fetch(`${edge}/${path}`, { headers: { accept } });
  const body = answered.body === null ? Readable.from([]) : Readable.fromWeb(answered.body as never);
  pass(body, response, answered.status, answered.headers.get("content-type") ?? "", request);
}

function sendOriginal(image: KeptImage, { method }: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": image.type,
    "content-length": image.bytes,
    etag: `"${image.bytes}"`,
    "cache-control": "no-store",
  });
  if (method === "HEAD") response.end();
  else pipeline(image.read(), response, () => {});
}

/** Passes a body on. Text is compressed, as the site's own server does. */
function pass(body: Readable, response: ServerResponse, status: number, type: string, request: IncomingMessage): void {
  let bytes = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > PASSED_MAX_BYTES ? new Refused("it is too large") : null, chunk);
    },
  });
  const isText = /^(text\/|application\/(json|javascript|xml|manifest)|image\/svg)/i.test(type);
  const isPacked = isText && /\bgzip\b/.test(request.headers["accept-encoding"]?.toString() ?? "");
  response.writeHead(status, {
    ...(type === "" ? {} : { "content-type": type }),
    ...(isPacked ? { "content-encoding": "gzip" } : {}),
    "cache-control": "no-store",
  });
  // An error of the body ends the connection: what was sent is not whole.
  if (isPacked) pipeline(body, bounded, createGzip(), response, () => {});
  else pipeline(body, bounded, response, () => {});
}

function sendText(text: string, response: ServerResponse, status: number, type: string, request: IncomingMessage) {
  pass(Readable.from([Buffer.from(text)]), response, status, type, request);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(`${why}\n`);
}
