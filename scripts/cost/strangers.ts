import type { Config } from "../../packages/shared/src/config.ts";
import { LIVE_OPEN_MAX, LOOKS_BURST_S, MISSES_PER_MINUTE, VAIN_MISSES } from "../../packages/shared/src/limits.ts";
import { listUsd, type Operations, PATHS, sum, times } from "./operations.ts";

/*
 * What clients without a signature can cause at most, from the configuration alone. Requests themselves are no part of it: like those to
 * any Worker they are limited by nothing here, and cost what `storeHit` in docs/scale.md says.
 */

const DAY_S = 86_400;
const DAYS = 30;
/** From the ledger's word that edges be quiet until the last of them has read it, s: the alarm, R2, and each isolate's ten seconds. */
const QUIET_TOLD_S = 20;
/** A variant's bytes. Assumed; the most is OUTPUT_MAX_BYTES. */
const VARIANT_BYTES = 30_000;
/** A marker's bytes, and those of a row with the longest id. */
const MARKER_BYTES = 100;
const ROW_BYTES = 2_500;

export interface Bill {
  /** Into `prewarm-live`. */
  messages: number;
  /** At originals of unknown ids; each is a marker in R2 for a day, or a refused row. */
  looks: number;
  /** Born in the ledger. */
  rows: number;
  /** Paid at Ittybit. */
  jobs: number;
  /** Kept in R2 and in the ledger at its end. */
  bytes: number;
  usd: number;
}

/** Rows, versions, jobs and bytes of one image on one day. */
export function imageDay({ limits, v }: Config): { rows: number; versions: number; jobs: number; bytes: number } {
  const rows = limits.liveRowsPerImageDay;
  const versions = { open: rows, limited: Math.min(rows, limits.versionsPerImageDay), signed: 0 }[v];
  return { rows, versions, jobs: rows * limits.maxAttempts, bytes: rows * VARIANT_BYTES };
}

/** The most that so many client networks cause on a day, each through one data centre. */
export function dayBill(config: Config, addresses: number): Bill {
  const messages = messagesOf(config, addresses);
  const looks = Math.min(addresses * MISSES_PER_MINUTE.unknown * 1_440, looksOf(config));
  // Without a budget there is no limit to be named: what limits then is how many pictures there are.
  const { day: jobs } = jobsOf(config);
  return billOf(config, { messages, looks, rows: Math.min(messages, jobs + LIVE_OPEN_MAX + looks), jobs }, 1);
}

/** The same of a month of 30 days; what is kept for a day is there once. */
export function monthBill(config: Config, addresses: number): Bill {
  const day = dayBill(config, addresses);
  const jobs = Math.min(DAYS * day.jobs, jobsOf(config).month);
  const rows = Math.min(DAYS * day.messages, jobs + DAYS * (LIVE_OPEN_MAX + day.looks));
  return billOf(config, { messages: DAYS * day.messages, looks: DAYS * day.looks, rows, jobs }, DAYS);
}

function jobsOf({ gate: { monthlyJobs, liveShare, liveDayShare } }: Config): { day: number; month: number } {
  if (monthlyJobs === null) return { day: Number.POSITIVE_INFINITY, month: Number.POSITIVE_INFINITY };
  const month = Math.floor(monthlyJobs * liveShare);
  return { day: Math.ceil(month * liveDayShare), month };
}

function looksOf({ limits }: Config): number {
  return Math.ceil(limits.unknownPerSecond * (DAY_S + LOOKS_BURST_S));
}

/** From the word that nothing more may be ordered of an image until the edge reads it: messages that were under way. */
const CAPPED_LATE = 20;

/**
 * The limiters' most; but misses of which nothing may be made quiet the edges for an hour. An attack goes on just below that rate, or is
 * heard until the edges have been told. What is ordered has its end with the budget's slice, and by image.
 */
function messagesOf(config: Config, addresses: number): number {
  const perMinute = MISSES_PER_MINUTE.known + MISSES_PER_MINUTE.unknown;
  const { liveRowsPerImageDay, unknownPerSecond } = config.limits;
  const vainPerSecond = VAIN_MISSES.aLook * unknownPerSecond;
  const cycles = (DAY_S * 1_000) / VAIN_MISSES.quietMs;
  const heard = (vainPerSecond * VAIN_MISSES.windowMs) / 1_000 + (addresses * perMinute * QUIET_TOLD_S) / 60;
  const ordered = jobsOf(config).day + LIVE_OPEN_MAX;
  const capped = (ordered / liveRowsPerImageDay) * CAPPED_LATE;
  const most = looksOf(config) + ordered + capped + Math.max(vainPerSecond * DAY_S, cycles * heard);
  return Math.ceil(Math.min(addresses * perMinute * 1_440, most));
}

/** A message: written, read and deleted; a batch of its own at worst, with two calls of the ledger. */
const MESSAGE: Operations = { queueOperation: 3, request: 1, cpuMs: 2, objectRequest: 2 };
/** A look: the marker is read and written. */
const LOOK: Operations = { r2A: 1, r2B: 1 };
/** A refused row: with its index entry born and pruned. */
const ROW: Operations = { rowWritten: 5 };

function billOf(config: Config, counts: Pick<Bill, "messages" | "looks" | "rows" | "jobs">, days: number): Bill {
  const { messages, looks, rows, jobs } = counts;
  const kept = (looks * MARKER_BYTES + Math.min(rows, LIVE_OPEN_MAX + looks) * ROW_BYTES) / days;
  const bytes = jobs * VARIANT_BYTES + kept;
  const operations = sum(
    times(MESSAGE, messages),
    times(LOOK, looks),
    times(ROW, rows),
    times(PATHS.live.operations, jobs),
  );
  const ittybit = ((config.prices.ittybitPer1000Jobs ?? 0) * jobs) / 1_000;
  return { ...counts, bytes, usd: listUsd(operations, 0) + ittybit + storageUsd(bytes) };
}

/** A month of what is kept. */
function storageUsd(bytes: number): number {
  return listUsd({ r2GbMonth: bytes / 1e9 }, 0);
}

/* ── As text ── */

const count = (n: number): string => (Number.isFinite(n) ? Math.ceil(n).toLocaleString("en") : "no limit");
const size = (bytes: number): string => (Number.isFinite(bytes) ? `${count(bytes / 1e6)} MB` : "no limit");
const dollars = (usd: number): string =>
  Number.isFinite(usd) ? `$${usd < 10 ? usd.toFixed(2) : count(usd)}` : "no limit";

/** What strangers cost: by image, by day and by month, from one address and from a thousand. */
export function strangersTable(config: Config): string {
  const image = imageDay(config);
  const cells = (bill: Bill) =>
    [
      count(bill.messages),
      count(bill.looks),
      count(bill.rows),
      count(bill.jobs),
      size(bill.bytes),
      dollars(bill.usd),
    ].join(" | ");
  return [
    "| | messages | looks | rows | jobs | kept | at list price |",
    "|---|--:|--:|--:|--:|--:|--:|",
    `| one image, a day | – | – | ${count(image.rows)} | ${count(image.jobs)} | ${size(image.bytes)} | – |`,
    `| 1 address, a day | ${cells(dayBill(config, 1))} |`,
    `| 1 address, a month | ${cells(monthBill(config, 1))} |`,
    `| 1,000 addresses, a day | ${cells(dayBill(config, 1_000))} |`,
    `| 1,000 addresses, a month | ${cells(monthBill(config, 1_000))} |`,
  ].join("\n");
}

/** The same in two lines, for the start. */
export function strangersLines(config: Config): string[] {
  const [one, many] = [dayBill(config, 1), dayBill(config, 1_000)];
  const month = monthBill(config, 1_000);
  return [
    `unsigned clients cost at most ${count(one.jobs)} jobs and ${dollars(one.usd)} a day from one address,`,
    `${count(many.jobs)} and ${dollars(many.usd)} from a thousand, ${count(month.jobs)} jobs a month (docs/security.md)`,
  ];
}
