import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable, Transform } from "node:stream";
import { createGzip } from "node:zlib";
import { formatId } from "@prewarm/shared/image-id";
import { BAR_SCRIPT, type BarState } from "./bar.ts";
import { type LocalPage, withLocalAddresses, withPolicies } from "./local-page.ts";
import { localPolicy } from "./page-policy.ts";
import { type Rewriting, rewriteShown } from "./shown-page.ts";
import { type KeptImage, PAGE_MAX_BYTES, reasonOf, type SiteCopy } from "./site-copy.ts";
import { Refused, readAll, type SiteAnswer, type SiteFetch } from "./site-fetch.ts";
import { OWN_PATH } from "./site-names.ts";
import { keepOriginal } from "./visit.ts";

export interface Shown extends Rewriting {
  copy: SiteCopy;
  fetch: SiteFetch;
  /** Marks the bar's script where a page's policy asks for a mark. */
  nonce: string;
  /** Where the local stack serves images; null: it does not run yet. */
  edgeUrl(): string | null;
  bar(): BarState;
  /** Told the CSS width of a page's widest image. */
  saw(width: number): void;
}

/** A server without answers yet, whose port is known. */
export interface Listening {
  server: Server;
  port: number;
}

/** Bytes of any other answer that is passed on: a film has no end. */
const PASSED_MAX_BYTES = 100_000_000;
const HTML = "text/html; charset=utf-8";
/** What a page needs of another host. What a script asks for by `fetch` is not among it. */
const OF_OTHER_HOSTS = /^(?:image|style|font|script|audio|video|track)$/;
/** The same, for a browser that does not say what it wants the answer for. */
const TYPES_OF_OTHER_HOSTS = /^(?:image|font|text\/css)\b/i;

/** Listens on a free port of this machine. */
export async function listenHere(): Promise<Listening> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Shows a site on this machine: its pages with the bar, and all else as it is. */
export function serveSite({ server, port }: Listening, shown: Shown): { close(): void } {
  let accept = "image/avif,image/webp,*/*";
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (destinationOf(request) === "image") accept = request.headers.accept ?? accept;
    answer({ request, response, shown, accept }, port).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 502, `This is not shown: ${reasonOf(error)}.`);
    });
  });
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Showing {
  request: IncomingMessage;
  response: ServerResponse;
  shown: Shown;
  /** With which the browser asks for images. */
  accept: string;
}

async function answer(showing: Showing, port: number): Promise<void> {
  const { request, response, shown } = showing;
  const [host, path] = [request.headers.host ?? "", request.url ?? "/"];
  // The local stack reads originals there; no host of a site is below it.
  if (host === `localhost:${port}` && path.startsWith(`${OWN_PATH}originals/`)) return answerOriginal(path, showing);
  // Under another name a page of another site would read what is shown here (DNS rebinding).
  const url = shown.names.urlOf(host, path);
  if (url === null) return refuse(response, 421, "No site is shown under this host name.");
  if (request.method !== "GET" && request.method !== "HEAD")
    return refuse(response, 405, "Forms are not sent: this only shows the site.");
  // It would stay in the browser, and answer for the next site of this name.
  if (request.headers["service-worker"] !== undefined) return refuse(response, 404, "No service worker is installed.");
  const isSite = url.origin === shown.names.origin;
  if (isSite && path.startsWith(OWN_PATH)) return answerOwn(path.slice(OWN_PATH.length), showing);
  const wanted = destinationOf(request);
  if (!isSite && wanted !== "" && !OF_OTHER_HOSTS.test(wanted))
    return refuse(response, 403, "Of this host only what pages show is passed on.");
  const kept = shown.copy.byUrl(url);
  if (kept !== undefined) return sendImage(kept, showing);
  // Only an image may come from a host that no page has named: a script cannot read it.
  const follows = (next: URL): boolean => wanted === "image" && shown.names.localOf(next) === null;
  const answered = await shown.fetch(url, { headers: headersOf(request), follows });
  const isElsewhere = answered.url.origin !== shown.names.origin;
  const isImage = /^image\//i.test(answered.type);
  const mayPass = wanted === "image" ? isImage : wanted !== "" || TYPES_OF_OTHER_HOSTS.test(answered.type);
  if (isElsewhere && answered.location === null && answered.status < 400 && !mayPass) {
    answered.body.destroy();
    throw new Refused(`it is ${answered.type || "of no type"}, from another host`);
  }
  await sendAnswer(url, answered, showing);
}

async function answerOwn(path: string, showing: Showing): Promise<void> {
  const { request, response, shown, accept } = showing;
  const [name = "", query = ""] = path.split("?");
  if (name === "bar.js") return sendText(BAR_SCRIPT, showing, { type: "text/javascript; charset=utf-8" });
  if (name === "bar.json") {
    shown.saw(Number(new URLSearchParams(query).get("wide")) || 0);
    return sendText(JSON.stringify({ ...shown.bar(), accept }), showing, { type: "application/json" });
  }
  if (name.startsWith("images/")) return sendVariant(path, request.headers.accept ?? accept, showing);
  refuse(response, 404, "This is no address of the site.");
}

function answerOriginal(path: string, showing: Showing): void {
  const id = path.slice(`${OWN_PATH}originals/`.length).split("/").map(decodeURIComponent).join("/");
  const image = showing.shown.copy.byId(id);
  if (image === undefined) refuse(showing.response, 404, "No page has shown this image.");
  else sendBytes(image, showing);
}

/** What a site is told of a browser. Cookies of this machine's other programs are no business of the site. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const names = ["accept", "accept-language", "user-agent"] as const;
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}

async function sendAnswer(url: URL, answered: SiteAnswer, showing: Showing): Promise<void> {
  const { response, shown } = showing;
  const { type, status, location, body, sharedWith } = answered;
  if (location !== null) {
    body.destroy();
    const next = shown.names.localOf(location);
    if (next === null) throw new Refused(`it redirects to ${location.host}`);
    return void response.writeHead(302, { location: next, "cache-control": "no-store" }).end();
  }
  const image = await shown.copy.keep(url, answered);
  if (image !== null) {
    void keepOriginal(image, shown);
    return sendImage(image, showing);
  }
  const headers = sharing({ url, type, sharedWith }, shown);
  const page = url.origin === shown.names.origin ? await shown.copy.page(answered) : null;
  if (page !== null) return sendPage(page, showing);
  if (/^text\/css\b/i.test(type)) {
    const text = (await readAll(body, PAGE_MAX_BYTES)).toString("utf8");
    return sendText(withLocalAddresses(text, shown.names), showing, { type, status, headers });
  }
  pass(body, showing, { type, status, headers });
}

/** What another host allows the site to read, it allows it here. Of a picture, a style or a font the bar reads how large it was. */
function sharing({ url, type, sharedWith }: Pick<KeptImage, "url" | "type" | "sharedWith">, { names }: Shown) {
  if (url.origin === names.origin) return {};
  const isAllowed = sharedWith === "*" || sharedWith === names.origin;
  return {
    "x-content-type-options": "nosniff",
    ...(TYPES_OF_OTHER_HOSTS.test(type) ? { "timing-allow-origin": names.home } : {}),
    ...(isAllowed ? { "access-control-allow-origin": names.home } : {}),
  };
}

/** The page as the rewriter makes it, with the bar. */
async function sendPage(page: LocalPage, showing: Showing): Promise<void> {
  const { names, nonce } = showing.shown;
  const { text, waiting } = await rewriteShown(page, showing.shown);
  const here = (policy: string): string => localPolicy(policy, page.url, names, nonce);
  const local = withLocalAddresses(withPolicies(text, here), names);
  const ids = waiting.map(formatId).join(" ");
  const bar = `<script src="${names.home}${OWN_PATH}bar.js" nonce="${nonce}" data-waiting="${ids}" defer></script>`;
  // A frame within a page needs no bar of its own.
  const hasBar = /^(document|)$/.test(destinationOf(showing.request));
  const headers = page.policy === null ? {} : { "content-security-policy": here(page.policy) };
  sendText(hasBar ? `${local}${bar}` : local, showing, { type: HTML, headers });
}

/** What the browser wants the answer for; "": it does not say. */
function destinationOf({ headers }: IncomingMessage): string {
  return headers["sec-fetch-dest"]?.toString() ?? "";
}

/** An old address as the edge answers it by `legacy`; any other as the site does. */
async function sendImage(image: KeptImage, showing: Showing): Promise<void> {
  const { warming, edgeUrl } = showing.shown;
  const isMade = warming.known(image.id) !== undefined && edgeUrl() !== null;
  if (image.old === null || !isMade) return sendBytes(image, showing);
  const { accept } = showing.request.headers;
  await sendVariant(`images/${formatId(image.id)}?${image.old.query}`, accept ?? showing.accept, showing);
}

async function sendVariant(path: string, accept: string, showing: Showing): Promise<void> {
  const { request, response, shown } = showing;
  const edge = shown.edgeUrl();
  if (edge === null) return refuse(response, 503, "The local stack does not run yet.");
  const answered = await fetch(`${edge}/${path}`, { method: request.method ?? "GET", headers: { accept } });
  const body = answered.body === null ? Readable.from([]) : Readable.fromWeb(answered.body as never);
  const length = answered.headers.get("content-length");
  // The bar asks how large it would be.
  const headers = request.method === "HEAD" && length !== null ? { "content-length": length } : {};
  pass(body, showing, { type: answered.headers.get("content-type") ?? "", status: answered.status, headers });
}

/** What the site answers. */
function sendBytes(image: KeptImage, { request, response, shown }: Showing): void {
  response.writeHead(200, {
    ...sharing(image, shown),
    "content-type": image.type,
    "content-length": image.bytes,
    etag: `"${image.bytes}"`,
    "cache-control": "no-store",
  });
  if (request.method === "HEAD") response.end();
  else pipeline(image.read(), response, () => {});
}

interface Head {
  type: string;
  status?: number;
  headers?: Readonly<Record<string, string>>;
}

/** Passes a body on. Text is compressed, as the site's own server does. */
function pass(body: Readable, { request, response }: Showing, { type, status = 200, headers = {} }: Head): void {
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
    ...headers,
    ...(type === "" ? {} : { "content-type": type }),
    ...(isPacked ? { "content-encoding": "gzip" } : {}),
    "cache-control": "no-store",
  });
  // An error of the body ends the connection: what was sent is not whole.
  if (isPacked) pipeline(body, bounded, createGzip(), response, () => {});
  else pipeline(body, bounded, response, () => {});
}

function sendText(text: string, showing: Showing, head: Head): void {
  pass(Readable.from([Buffer.from(text)]), showing, head);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(`${why}\n`);
}
