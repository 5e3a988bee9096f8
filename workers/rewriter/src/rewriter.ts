import { createHtml, type HtmlOptions, type KnownImage } from "@prewarm/client/html";
import { forbidsImages } from "@prewarm/shared/content-policy";
import { type Known, type LookupDeps, lookUp } from "./lookup.ts";
import { forImages, type PageImage, type PageRules, writeAttributes } from "./page-images.ts";
import { type ReadAheadLimits, readAhead } from "./read-ahead.ts";
import { markedTag, markOf, unmarked } from "./validators.ts";

/** What a site's pages are rewritten with. */
export interface Rewriter {
  html: HtmlOptions;
  /** Why no page can be rewritten, in one word; null: they can. */
  fault: string | null;
  /** A short hash of everything that an image's attributes depend on besides the page and what is stored. */
  configuration: string;
  limits: ReadAheadLimits & { lookupMs: number };
  now(): number;
  /** Asks the site for the page. */
  fetchPage(request: Request): Promise<Response>;
  lookup: LookupDeps;
}

/** Says what became of a page: `on`, or `off` and why. */
const SAID = "Prewarm-Rewriter";
/** Of a body that is no longer the one they speak of. `Last-Modified` would let a page be confirmed that was rewritten otherwise. */
const OUT_OF_DATE = [
  "content-length",
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
  "accept-ranges",
  "last-modified",
];

/** The site's answer, with its images rewritten if it is a page. */
export async function answer(asked: Request, rewriter: Rewriter): Promise<Response> {
  const mark = markOf(rewriter.configuration, rewriter.now());
  const { request, isMarked } = unmarked(asked, mark);
  const page = await rewriter.fetchPage(request);
  if (page.status === 304 && isMarked) return withHeaders(page, null, (headers) => markTag(headers, mark));
  if (!isPage(asked, page)) return page;
  const why = rewriter.fault ?? (forbids(page, asked.url, rewriter) ? "csp" : null);
  if (why !== null) {
    rewriter.lookup.log("rewriter.off", { why, url: new URL(asked.url).origin });
    return withHeaders(page, page.body, (headers) => headers.set(SAID, `off; reason=${why}`));
  }
  return withHeaders(page, asked.method === "HEAD" ? null : rewritten(page, asked.url, rewriter), (headers) => {
    for (const name of OUT_OF_DATE) headers.delete(name);
    markTag(headers, mark);
    headers.set(SAID, "on");
  });
}

function withHeaders(page: Response, body: ReadableStream | null, change: (headers: Headers) => void): Response {
  const changed = new Response(body, page);
  change(changed.headers);
  return changed;
}

function markTag(headers: Headers, mark: string): void {
  const etag = headers.get("etag");
  if (etag?.endsWith('"')) headers.set("etag", markedTag(etag, mark));
}

/** A whole page in HTML whose bytes can be read, and may be changed. */
function isPage({ method }: Request, { status, headers }: Response): boolean {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  const charset = parameters.find((text) => text.trim().startsWith("charset="));
  return (
    ["GET", "HEAD"].includes(method) &&
    status === 200 &&
    type.trim() === "text/html" &&
    /^[^=]*="?utf-?8"?$/.test(charset?.trim() ?? "charset=utf-8") &&
    // The platform decodes these two and encodes the answer again.
    ["", "gzip", "br"].includes((headers.get("content-encoding") ?? "").toLowerCase()) &&
    !/\bno-transform\b/i.test(headers.get("cache-control") ?? "") &&
    !/^\s*attachment/i.test(headers.get("content-disposition") ?? "")
  );
}

function forbids({ headers }: Response, url: string, { html }: Rewriter): boolean {
  const policy = headers.get("content-security-policy");
  return policy !== null && forbidsImages(policy, new URL(html.baseUrl), new URL(url));
}

function rewritten(page: Response, url: string, rewriter: Rewriter): ReadableStream | null {
  if (page.body === null) return null;
  const rules = rulesFor(url, rewriter, page.headers);
  const { limits, lookup } = rewriter;
  const { ids, sent } = readAhead(page.body, rules, limits);
  const known = ids.then((all) => lookUp(all, limits.lookupMs, lookup)).catch((): Known => new Map());
  let nth = 0;
  const writer = forImages(rules, async (image) => {
    const attributes = attributesOf(image, nth, (await known).get(image.image.ref.id));
    if (attributes === null) return;
    nth += 1;
    writeAttributes(image, attributes);
  });
  return writer.transform(new Response(sent)).body;
}

/** Never throws: an error would cut the page off at this image. */
function attributesOf({ rules, image, attribute }: PageImage, nth: number, known: KnownImage | undefined) {
  try {
    return rules.attributesOf(image, attribute, nth, known);
  } catch {
    return null;
  }
}

/** Pages name their images by path, or with the site's own origin. */
function rulesFor(url: string, { html }: Rewriter, headers: Headers): PageRules {
  const page = new URL(url);
  const edge = new URL(html.baseUrl);
  const froms = html.from.startsWith("/") ? [html.from, `${page.origin}${html.from}`] : [html.from];
  return {
    rules: froms.map((from) => createHtml({ ...html, from })),
    start: {
      url,
      policy: headers.get("content-security-policy"),
      charset: /charset/i.test(headers.get("content-type") ?? "") ? "utf-8" : null,
      forbids: (policy) => forbidsImages(policy, edge, page),
    },
  };
}
