import { readFile, stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import { AGENT, fetchPage } from "@prewarm/site-pages/fetch-page";
import type { Page } from "@prewarm/site-pages/page-addresses";
import { pageText } from "@prewarm/site-pages/page-text";
import {
  type ImageUse,
  type PageFault,
  type PageRecord,
  readPage,
  resolveAddress,
  usesOf,
} from "@prewarm/site-pages/read-page";
import { ROBOTS_MAX_BYTES, type Robots, readRobots } from "@prewarm/site-pages/robots";
import type { Namer } from "../input/item.ts";
import { openUrl } from "../input/open-bytes.ts";
import { filesOf, PAGE_BYTES_MAX } from "../input/read-pages.ts";
import { walkSitemap } from "../input/read-sitemap.ts";
import type { Context } from "../platform/context.ts";
import { CliError } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";
import { createPace } from "../send/pace.ts";
import type { OpenedPage, PageBrowser } from "./browser.ts";
import type { RecordStore } from "./page-record.ts";
import { serveFolder } from "./serve-folder.ts";
import { merge, withAsked } from "./shown-page.ts";

/** What is read, and how. */
export interface SiteSpec {
  /** A folder or file of built pages, the address of a page, or that of a sitemap. */
  site: string;
  isSitemap: boolean;
  /** Of a folder: where it will be served. Null: whole addresses only. */
  base: string | null;
  /** Follow links, also where there is a sitemap. */
  crawl: boolean;
  maxPages: number;
  browser: boolean;
}

export interface Reading {
  context: Context;
  namer: Namer;
  /** What image URLs begin with: `https://images.example.com/images/`. */
  imagesUrl: string;
  store: RecordStore;
  /** Pages a second. */
  rate: number;
  /** Longest that one page may take, in ms. */
  timeoutMs: number;
  /** Shows what only scripts ask for. Null: scripts do not run. */
  browser: PageBrowser | null;
  note(text: string): void;
  update(read: number, total: number | null, failed: number): void;
}

/** Pages that are read at the same time. */
const LANES = 4;
/** Longest that a sitemap of up to 50 MB may take, in ms. */
const SITEMAP_MS = 120_000;

export function isWeb(site: string): boolean {
  return /^https?:\/\//i.test(site);
}

/**
 * Reads every page of a site into the store; a page that cannot be read is in it too, with the reason. True: the site has more pages than
 * `maxPages`. Throws 130 when interrupted.
 */
export async function readSite(spec: SiteSpec, reading: Reading): Promise<boolean> {
  if (isWeb(spec.site)) return readWeb(spec, reading);
  await readFolder(spec, reading);
  return false;
}

async function readFolder(spec: SiteSpec, reading: Reading): Promise<void> {
  const folder = resolve(reading.context.cwd, spec.site);
  const isFolder = (await stat(folder).catch(() => null))?.isDirectory() ?? false;
  const server = reading.browser === null || !isFolder ? null : await serveFolder(folder);
  try {
    await readFiles(spec, server?.url ?? null, reading);
  } finally {
    server?.close();
  }
}

/** `home`: where the folder is served for the browser; null: nowhere. */
async function readFiles({ site, base }: SiteSpec, home: string | null, reading: Reading): Promise<void> {
  const { context, store, browser, update } = reading;
  const done = new Set<string>();
  for await (const { page } of store.read()) done.add(page);
  const files = await filesOf(site, context);
  for (const [at, file] of files.entries()) {
    if (context.interrupts.stop.aborted) throw interrupted();
    const path = resolve(context.cwd, file);
    const page = relative(resolve(context.cwd, site), path) || file;
    if (done.has(page)) continue;
    const isSheet = /\.css$/i.test(file);
    const isLarge = (await stat(path)).size > PAGE_BYTES_MAX;
    const fault: PageFault = { kind: "failed", why: `it is larger than ${PAGE_BYTES_MAX / 1024 / 1024} MiB` };
    const read = isLarge ? null : readPage(file, pageText(await readFile(path), null));
    const images = read === null ? [] : usesIn(read, base, reading);
    const address = `${home}/${page.split("/").map(encodeURIComponent).join("/")}`;
    const shown = home === null || isSheet || read === null ? null : await openPage(address, browser);
    const later = shown === null || "kind" in shown ? [] : usesIn(withAsked(shown), base, reading);
    const failed = shown !== null && "kind" in shown ? shown : null;
    store.append({ page, isSheet, fault: read === null ? fault : failed, images: merge(later, images), found: [] });
    update(at + 1, files.length, 0);
  }
}

function usesIn(page: Page, at: string | null, { namer, imagesUrl }: Pick<Reading, "namer" | "imagesUrl">): ImageUse[] {
  return usesOf(page, at, (url) => (namer.isImageUrl(url) ? url.slice(imagesUrl.length) : null));
}

/** The pages that wait, and all that were ever named. */
interface Frontier {
  waiting: string[];
  seen: Set<string>;
  /** Pages, without style sheets. */
  count: number;
  /** Whether there are more than `maxPages` of them. */
  isCut: boolean;
}

async function readWeb(spec: SiteSpec, reading: Reading): Promise<boolean> {
  const { context, store } = reading;
  const robots = await robotsOf(spec.site, context);
  const start = await startOf(spec, robots, reading);
  const frontier: Frontier = { waiting: [], seen: new Set(), count: 0, isCut: false };
  const add = (url: string): boolean => {
    if (frontier.seen.has(url)) return false;
    const isSheet = /\.css$/i.test(new URL(url).pathname);
    if (!isSheet && frontier.count >= spec.maxPages) {
      frontier.isCut = true;
      return false;
    }
    frontier.seen.add(url);
    frontier.count += isSheet ? 0 : 1;
    frontier.waiting.push(url);
    return true;
  };
  for await (const url of start.pages) {
    add(url);
    if (frontier.isCut) break;
  }
  const done = new Set<string>();
  for await (const { page, found } of store.read()) {
    done.add(page);
    found.forEach(add);
  }
  frontier.waiting = frontier.waiting.filter((url) => !done.has(url));
  await readAll(frontier, { ...reading, robots, follows: start.follows, site: spec.site, add, done: done.size });
  if (frontier.isCut)
    reading.note(`The site has more pages than --max-pages (${spec.maxPages}); the rest is not read.`);
  return frontier.isCut;
}

interface Crawl extends Reading {
  robots: Robots;
  /** Whether links of pages are followed. */
  follows: boolean;
  site: string;
  add(url: string): boolean;
  /** Pages that were read before an interruption. */
  done: number;
}

async function readAll(frontier: Frontier, crawl: Crawl): Promise<void> {
  const { context, store, update, robots } = crawl;
  const perSecond = robots.delayMs === null ? crawl.rate : Math.min(crawl.rate, 1000 / robots.delayMs);
  const pace = createPace(perSecond, context);
  const active = new Set<Promise<void>>();
  let read = crawl.done;
  let failed = 0;
  for (let at = 0; at < frontier.waiting.length || active.size > 0; ) {
    if (context.interrupts.stop.aborted) break;
    const url = frontier.waiting[at];
    if (url === undefined || active.size >= LANES) {
      await Promise.race(active);
      continue;
    }
    await pace(1);
    at += 1;
    const work = readWebPage(url, crawl).then((record) => {
      store.append(record);
      read += 1;
      failed += record.fault?.kind === "failed" ? 1 : 0;
      update(read, frontier.seen.size, failed);
      active.delete(work);
    });
    active.add(work);
  }
  await Promise.all(active);
  if (context.interrupts.stop.aborted) throw interrupted();
}

async function readWebPage(url: string, crawl: Crawl): Promise<PageRecord> {
  const record = { page: url, isSheet: /\.css$/i.test(new URL(url).pathname), images: [], found: [] };
  const refused = refusalOf(crawl)(new URL(url));
  if (refused !== null) return { ...record, fault: refused };
  const { context, timeoutMs } = crawl;
  const { clock, fetch, sleep, interrupts } = context;
  const answer = await fetchPage(url, {
    clock,
    fetch,
    sleep,
    timeoutMs,
    stop: interrupts.now,
    bytesMax: PAGE_BYTES_MAX,
    refusal: refusalOf(crawl),
  });
  if ("kind" in answer) return { ...record, fault: answer };
  const page = readPage(answer.isSheet ? ".css" : ".html", answer.text);
  const images = usesIn(page, answer.url, crawl);
  const seen = answer.isSheet ? null : await openPage(answer.url, crawl.browser);
  if (seen !== null && "kind" in seen) return { ...record, fault: seen };
  const later = seen === null ? [] : usesIn(withAsked(seen), answer.url, crawl);
  return {
    ...record,
    isSheet: answer.isSheet,
    fault: null,
    images: merge(later, images),
    found: foundIn(page, answer.url, crawl),
  };
}

async function openPage(url: string, browser: PageBrowser | null): Promise<OpenedPage | PageFault | null> {
  if (browser === null) return null;
  try {
    return await browser.open(url);
  } catch (error) {
    return { kind: "failed", why: error instanceof Error ? error.message : String(error) } satisfies PageFault;
  }
}

/** The site's pages and style sheets that this page names first. */
function foundIn({ links, sheets, base }: Page, url: string, { follows, site, add }: Crawl): string[] {
  return [...(follows ? links : []), ...sheets].flatMap((address) => {
    const full = resolveAddress(address, base, url);
    if (full === null || !isOfSite(new URL(full), site)) return [];
    const plain = full.split("#")[0] ?? "";
    return add(plain) ? [plain] : [];
  });
}

function isOfSite(url: URL, site: string): boolean {
  return /^https?:$/.test(url.protocol) && url.host === new URL(site).host;
}

function refusalOf({ site, robots }: Pick<Crawl, "site" | "robots">): (url: URL) => PageFault | null {
  return (url) => {
    if (!isOfSite(url, site)) return { kind: "away", why: `it is at ${url.host}` };
    return robots.allows(url.pathname + url.search) ? null : { kind: "robots", why: "robots.txt forbids it" };
  };
}

/** A site without robots.txt, or with one that cannot be read, forbids nothing. */
async function robotsOf(site: string, context: Context): Promise<Robots> {
  const timeoutMs = 10_000;
  const signal = AbortSignal.any([context.interrupts.now, AbortSignal.timeout(timeoutMs)]);
  try {
    const answer = await context.fetch(new URL("/robots.txt", site).href, { headers: { "user-agent": AGENT }, signal });
    return readRobots(answer.ok ? await readBoundedText(answer, ROBOTS_MAX_BYTES) : "", AGENT);
  } catch {
    return readRobots("", AGENT);
  }
}

/** Where reading starts: the sitemap that was named, the site's own sitemaps, or the page itself, whose links are then followed. */
async function startOf({ site, isSitemap, crawl }: SiteSpec, robots: Robots, { context, note }: Reading) {
  const fetch = ((url: string, { signal, ...init }: RequestInit = {}) => {
    const limit = AbortSignal.timeout(SITEMAP_MS);
    return context.fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit });
  }) as typeof context.fetch;
  const open = (place: string) => openUrl(place, { ...context, fetch });
  if (isSitemap) return { follows: false, pages: pagesOf([site], open) };
  const named = robots.sitemaps.filter((place) => URL.canParse(place, site)).map((place) => new URL(place, site).href);
  const places = named.length > 0 ? named : [new URL("/sitemap.xml", site).href];
  if (!crawl && (await firstOf(pagesOf(places, open))) !== null) {
    note(`The pages are those of ${places.join(", ")}; --crawl follows links.`);
    return { follows: false, pages: pagesOf(places, open) };
  }
  return { follows: true, pages: [new URL(site).href] };
}

async function firstOf(pages: AsyncGenerator<string>): Promise<string | null> {
  try {
    const first = await pages.next();
    await pages.return(undefined);
    return first.done ? null : first.value;
  } catch (error) {
    // No sitemap, or one that cannot be read: the links are followed.
    if (error instanceof CliError) return null;
    throw error;
  }
}

async function* pagesOf(places: readonly string[], open: (place: string) => AsyncIterable<Uint8Array>) {
  const seen = new Set<string>();
  for (const place of places)
    for await (const { of, url } of walkSitemap(place, open, seen))
      if (of === "page" && URL.canParse(url)) yield new URL(url).href;
}
