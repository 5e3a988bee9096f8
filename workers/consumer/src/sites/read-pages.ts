import type { SiteConfig } from "@prewarm/shared/config";
import { fetchPage } from "@prewarm/site-pages/fetch-page";
import type { Page } from "@prewarm/site-pages/page-addresses";
import { type PageRecord, readPage, resolveAddress, usesOf } from "@prewarm/site-pages/read-page";
import type { Visit } from "../ledger/contract.ts";
import type { SiteDeps } from "./site-deps.ts";
import { guardOf, robotsOf } from "./site-guard.ts";
import type { VisitStore } from "./visit-store.ts";

/** Pages of one step, and when the step begins no more of them, ms. */
const STEP_PAGES = 50;
const STEP_MS = 8_000;
/** The step's end, ms: a page that still hangs is a failed one. */
const STOP_MS = 30_000;
/** Pages that are read at the same time: a Worker has six connections. */
const LANES = 4;
const PAGE_MS = 10_000;
/** Bytes of a page: some 90 MB of memory are needed to read 4 MiB of the worst HTML (decision 070), and a Worker has 128. */
const PAGE_BYTES_MAX = 2 * 1024 * 1024;
const PER_SECOND = 5;
/** Style sheets of a site that are read. */
const SHEETS_MAX = 200;

/** Reads the next pages, politely. Answers the visit as it stands then. */
export async function readPages(visit: Visit, site: SiteConfig, store: VisitStore, deps: SiteDeps): Promise<Visit> {
  const { pages, robots: texts } = await store.list();
  const robots = robotsOf(texts);
  const delays = [...robots.values()].map(({ delayMs }) => delayMs ?? 0);
  const pauseMs = Math.max(1000 / (site.pagesPerSecond ?? PER_SECOND), ...delays);
  const addresses = [...pages, ...visit.sheets].slice(visit.read, visit.read + STEP_PAGES);
  const reading = { refusal: guardOf(site, robots, deps), stop: AbortSignal.timeout(STOP_MS), deps };
  const { clock, sleep } = deps;
  const until = clock.now() + STEP_MS;
  const records: Promise<PageRecord>[] = [];
  const active = new Set<Promise<unknown>>();
  for (const address of addresses) {
    if (records.length > 0 && clock.now() > until) break;
    const record = readOne(address, reading);
    records.push(record);
    const work = record.finally(() => active.delete(work));
    active.add(work);
    await sleep(pauseMs);
    if (active.size >= LANES) await Promise.race(active);
  }
  return noted(visit, await Promise.all(records), pages.length, store);
}

async function noted(visit: Visit, records: PageRecord[], pages: number, store: VisitStore): Promise<Visit> {
  if (records.length > 0) await store.putRecords(visit.chunks, records);
  const found = records.flatMap((record) => record.found);
  const sheets = [...new Set([...visit.sheets, ...found])].slice(0, SHEETS_MAX);
  const read = visit.read + records.length;
  return {
    ...visit,
    ...{ sheets, read, pages: pages + sheets.length },
    chunks: visit.chunks + (records.length > 0 ? 1 : 0),
    uses: visit.uses + records.reduce((sum, { images }) => sum + images.length, 0),
    step: read < pages + sheets.length ? "read" : "judge",
  };
}

interface Reading {
  refusal: ReturnType<typeof guardOf>;
  stop: AbortSignal;
  deps: SiteDeps;
}

async function readOne(address: string, { refusal, stop, deps }: Reading): Promise<PageRecord> {
  const record = { page: address, isSheet: false, images: [], found: [] };
  const refused = refusal(new URL(address));
  if (refused !== null) return { ...record, fault: refused };
  const { fetch, clock, sleep } = deps;
  const limits = { stop, timeoutMs: PAGE_MS, bytesMax: PAGE_BYTES_MAX };
  const answer = await fetchPage(address, { fetch, clock, sleep, refusal, ...limits });
  if ("kind" in answer) return { ...record, fault: answer };
  const page = readPage(answer.isSheet ? ".css" : ".html", answer.text);
  const images = usesOf(page, answer.url, (url) => pathOf(url, deps.imagesUrls));
  return { page: address, isSheet: answer.isSheet, fault: null, images, found: sheetsOf(page, answer.url, refusal) };
}

function pathOf(url: string, imagesUrls: readonly string[]): string | null {
  const start = imagesUrls.find((one) => url.startsWith(one));
  return start === undefined ? null : url.slice(start.length);
}

/** The style sheets of the site that a page loads. */
function sheetsOf({ sheets, base }: Page, at: string, refusal: Reading["refusal"]): string[] {
  return sheets.flatMap((sheet) => {
    const full = resolveAddress(sheet, base, at)?.split("#")[0];
    return full === undefined || refusal(new URL(full)) !== null ? [] : [full];
  });
}
