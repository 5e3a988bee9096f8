import type { SiteResult, VisitReason } from "@prewarm/control-schema/sites";
import { audit } from "@prewarm/durable-queue/schema/audit";
import { getDoc, putDoc } from "@prewarm/durable-queue/schema/docs";
import type { SiteConfig } from "@prewarm/shared/config";
import type { KeptVisit, SiteView, TakenVisit, Visit } from "./contract.ts";
import { tellNow } from "./events.ts";
import type { LedgerTx } from "./ledger-tx.ts";

/*
 * Visits of sites: which one is due, who makes it, and how far it has come. What a visit has read lies in R2; the ledger holds its place only,
 * so that a handler that dies loses one step.
 */

/** A handler that does not call for so long has died, ms. A step takes half of it. */
const LEASE_MS = 120_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Visits that the history keeps: three months of nights. */
const HISTORY_MAX = 90;
const DEFAULT_HOUR = 3;
const PAGES_PER_DAY = 10_000;

/** One document a site. Times are Unix ms. */
interface SiteDoc {
  /** Visits that were begun. */
  visits: number;
  begunAt: number;
  wanted: { reason: VisitReason; who: string } | null;
  visit: Visit | null;
  lease: { owner: string; until: number } | null;
  /** Pages that were read on a day (UTC). */
  day: { date: number; pages: number };
}

const NEW_SITE: SiteDoc = {
  ...{ visits: 0, begunAt: 0, wanted: null, visit: null, lease: null, day: { date: 0, pages: 0 } },
};

function siteDoc(tx: LedgerTx, site: string): SiteDoc {
  const body = getDoc(tx.sql, `site:${site}`);
  return body === null ? NEW_SITE : (JSON.parse(body) as SiteDoc);
}

function putSite(tx: LedgerTx, site: string, doc: SiteDoc): void {
  putDoc(tx.sql, `site:${site}`, JSON.stringify(doc));
}

function past(tx: LedgerTx, site: string): Pick<SiteView, "last" | "history"> {
  const body = getDoc(tx.sql, `site-history:${site}`);
  return body === null ? { last: null, history: [] } : JSON.parse(body);
}

/** Asks for visits. Several wishes before a visit begins are one visit, because it sees what the last of them changed. */
export function askVisits(tx: LedgerTx, sites: readonly string[], reason: VisitReason, who: string): number {
  const known = sites.filter((name) => Object.hasOwn(tx.config.sites, name));
  for (const site of known) {
    putSite(tx, site, { ...siteDoc(tx, site), wanted: { reason, who } });
    audit(tx, who, "site.visit", site, { reason });
  }
  return known.length;
}

/** A step of a visit for this owner: of the one that it makes, of one without an owner, or of one that is due. Null: there is none. */
export function takeVisit(tx: LedgerTx, owner: string): TakenVisit | null {
  for (const [site, config] of Object.entries(tx.config.sites)) {
    const doc = siteDoc(tx, site);
    if (doc.lease !== null && doc.lease.owner !== owner && doc.lease.until > tx.now) continue;
    const pagesLeft = (config.pagesPerDay ?? PAGES_PER_DAY) - pagesToday(doc, tx.now);
    const begun = doc.visit === null ? begin(doc, config, pagesLeft, tx.now) : doc;
    if (begun?.visit == null) continue;
    putSite(tx, site, { ...begun, lease: { owner, until: tx.now + LEASE_MS } });
    return { site, visit: begun.visit, pagesLeft };
  }
  return null;
}

function pagesToday({ day }: SiteDoc, now: number): number {
  return day.date === Math.floor(now / DAY_MS) ? day.pages : 0;
}

function begin(doc: SiteDoc, { hour = DEFAULT_HOUR }: SiteConfig, pagesLeft: number, now: number): SiteDoc | null {
  const night = hour === null ? null : Math.floor((now - hour * HOUR_MS) / DAY_MS) * DAY_MS + hour * HOUR_MS;
  const reason = doc.wanted?.reason ?? (night !== null && doc.begunAt < night ? "night" : null);
  if (reason === null || pagesLeft <= 0) return null;
  const visit: Visit = {
    ...{ visit: doc.visits + 1, reason, who: doc.wanted?.who ?? "night", startedAt: now, step: "list" },
    ...{ pages: 0, read: 0, leftOut: 0, uses: 0, chunks: 0, sheets: [] },
    ...{ round: 1, part: 0, from: 0, tally: 0, run: null, ordered: 0 },
  };
  return { ...doc, visits: visit.visit, begunAt: now, wanted: null, visit };
}

/** Keeps how far a visit has come, or what came of it. False: another handler makes it by now. */
export function keepVisit(tx: LedgerTx, { site, owner, visit, result, leavesMs }: KeptVisit): boolean {
  const doc = siteDoc(tx, site);
  const { last, history } = past(tx, site);
  if (last?.visit === visit.visit) return true;
  if (doc.lease?.owner !== owner || doc.visit?.visit !== visit.visit) return false;
  const date = Math.floor(tx.now / DAY_MS);
  const pages = pagesToday(doc, tx.now) + Math.max(0, visit.read - doc.visit.read);
  const lease = leavesMs === null ? { owner, until: tx.now + LEASE_MS } : { owner: "", until: tx.now + leavesMs };
  putSite(tx, site, {
    ...doc,
    visit: result === null ? visit : null,
    lease: result === null ? lease : null,
    day: { date, pages },
  });
  if (result === null) return true;
  const { reason, endedAt, failed, share, isWarm, counts } = result;
  const point = { visit: visit.visit, reason, endedAt, pages: result.pages, failed, share, isWarm, counts };
  const ended = { last: result, history: [point, ...history].slice(0, HISTORY_MAX) };
  putDoc(tx.sql, `site-history:${site}`, JSON.stringify(ended));
  tellSite(tx, site, result, last);
  return true;
}

/** A deploy and a hand are always answered. A night is told when it changed what is known. */
function tellSite(tx: LedgerTx, site: string, result: SiteResult, before: SiteResult | null): void {
  if (result.reason === "night" && before?.isWarm === result.isWarm) return;
  const { visit, reason, startedAt, fault, pages, failed, leftOut, share, counts, run, worst, lines } = result;
  const data = { site, visit, reason, startedAt, fault, pages, failed, leftOut, share, counts, run, worst, lines };
  tellNow(tx, result.isWarm ? "site.warm" : "site.cold", data);
}

/** The sites of the configuration, as far as they were visited. */
export function listSites(tx: LedgerTx): SiteView[] {
  return Object.keys(tx.config.sites).map((name) => {
    const { visit, wanted } = siteDoc(tx, name);
    return { name, visit, wanted: wanted?.reason ?? null, ...past(tx, name) };
  });
}
