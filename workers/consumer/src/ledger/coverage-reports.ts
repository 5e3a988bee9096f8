import type { CoverageReport, ReportedCoverage } from "@prewarm/control-schema/coverage";
import { getDoc, putDoc } from "@prewarm/durable-queue";
import { audit } from "../console/tables/audit.ts";
import type { ImageTx } from "../images/image-tx.ts";

/*
 * The document `coverage`: the last report of each name, the newest first. The API takes 64 KiB of a report, so ten of them stay far below the
 * 2 MB that a row may have (developers.cloudflare.com/durable-objects/platform/limits, read 2026-11).
 */

const NAMES_MAX = 10;

/** The last report of each name, the newest first. */
export function listReports({ sql }: ImageTx): { reports: ReportedCoverage[] } {
  const body = getDoc(sql, "coverage");
  return { reports: body === null ? [] : (JSON.parse(body) as ReportedCoverage[]) };
}

/** Keeps a report under its name, and forgets the oldest one of too many names. When it was kept, in Unix ms. */
export function keepReport(tx: ImageTx, name: string, report: CoverageReport, who: string): number {
  const others = listReports(tx).reports.filter((other) => other.name !== name);
  const kept = [{ ...report, name, at: tx.now, who }, ...others].slice(0, NAMES_MAX);
  putDoc(tx.sql, "coverage", JSON.stringify(kept));
  const { site, share, pages, failed } = report;
  audit(tx, who, "coverage.report", name, { site, share, pages, failed });
  return tx.now;
}
