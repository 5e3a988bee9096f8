import { backoff } from "@prewarm/shared/backoff";
import type { Config } from "../../packages/shared/src/config.ts";
import {
  EVENT_BYTES,
  LINE_BYTES,
  listUsd,
  logged,
  OBJECT_GB,
  type Operations,
  PATHS,
  sum,
  times,
} from "../../packages/shared/src/cost/operations.ts";
import {
  CHECKS_BURST_S,
  HOOK_JOBS_PER_DAY,
  MISSES_PER_MINUTE,
  OUTPUT_MAX_BYTES,
  READS_PER_REQUEST,
  SHED,
  TRACED_SHARE,
  uselessMost,
} from "../../packages/shared/src/limits.ts";
import { CHUNK_MAX_KEYS } from "../../workers/consumer/src/intake/cut-chunks.ts";
import { maxAttemptsOf } from "../../workers/consumer/src/queue-settings.ts";
import { EXAMPLE } from "./tables.ts";

/*
 * What clients without a signature can cause at most, from the configuration alone. The requests that messages come of are part of it. Beyond
 * them requests are limited by nothing here, like those to any Worker: a second table says what a million of each kind costs.
 */

const DAY_S = 86_400;
const DAYS = 30;
/**
 * From the ledger's word that edges be silent until the last of them has read it, in minutes of their limiters that are begun: the alarm,
 * R2 and each isolate's ten seconds may lie around the end of one.
 */
const TOLD_MINUTES = 2;
/** A marker's bytes; those of a refused row with the longest id, in tables that rows come to and leave; and of what is known of an image. */
export const MARKER_BYTES = 100;
export const ROW_BYTES = 1_250;
/** Of an image with the longest id that viewers ordered on the day: the row that counts their orders. */
export const VIEWED_BYTES = 850;
export const INFO_BYTES = 4_000;
/** Rows that only viewers caused are kept for a day, and until the next round of pruning: at most six hours later. */
const ROWS_DAYS = 1 + 6 / 24;
/** Markers are a day old when the bucket's rule takes them, and it takes up to a day for that. */
const MARKERS_DAYS = 2;

/** A miss by `f=auto` that a stand-in answers: the stand-in's object names a smaller format, which is read too. */
const SMALLER_MISS = sum(PATHS.miss.operations, { r2B: READS_PER_REQUEST.smaller });

export interface Bill {
  /** Into `prewarm-live`. */
  messages: number;
  /** Of R2, by the requests that these messages come of. */
  reads: number;
  /** At originals of unknown ids; each is a marker in R2 for a day, or a refused row. */
  checks: number;
  /** Born in the ledger. */
  rows: number;
  /** Paid at Ittybit. */
  jobs: number;
  /** Kept in R2 and in the ledger at its end, were each variant as large as one may be. */
  bytes: number;
  usd: number;
}

/** Rows, versions, jobs and bytes of one image on one day. */
export function imageDay(config: Config): { rows: number; versions: number; jobs: number; bytes: number } {
  const { limits, access } = config;
  const rows = limits.liveRowsPerImageDay;
  const versions = access === "open" ? Math.min(rows, limits.versionsPerImageDay) : 0;
  return {
    rows,
    versions,
    jobs: rows * maxAttemptsOf(config),
    bytes: rows * (OUTPUT_MAX_BYTES + ROW_BYTES) + INFO_BYTES,
  };
}

/** The most that so many client networks cause on a day, each through one data centre. */
export function dayBill(config: Config, addresses: number): Bill {
  return billOf(config, addresses, 1, jobsOf(config).day);
}

/** The same of a month of 30 days; what is kept for a day is there once. */
export function monthBill(config: Config, addresses: number): Bill {
  const { day, month } = jobsOf(config);
  return billOf(config, addresses, DAYS, Math.min(DAYS * day, month));
}

function jobsOf({ budget: { month: all, shares } }: Config): { day: number; month: number } {
  if (all === null) return { day: Number.POSITIVE_INFINITY, month: Number.POSITIVE_INFINITY };
  const month = Math.floor(all * shares.live);
  return { day: Math.ceil(month * shares.liveDay), month };
}

/** Looks, messages of which nothing comes, and rows, in so many days. */
function countsOf(
  config: Config,
  addresses: number,
  days: number,
  jobs: number,
): Omit<Bill, "reads" | "jobs" | "bytes" | "usd"> {
  const { known, unknown } = MISSES_PER_MINUTE;
  const { unknownPerSecond } = config.limits;
  const minutes = days * 1_440;
  const limiters = addresses * (known + unknown) * minutes;
  const checks = Math.min(addresses * unknown * minutes, Math.ceil(unknownPerSecond * (days * DAY_S + CHECKS_BURST_S)));
  const useless = uselessCount(uselessMost(unknownPerSecond), addresses * (known + unknown), days * DAY_S);
  // Without a budget there is no limit to be named: what limits then is how many pictures there are.
  const messages = Math.ceil(Math.min(limiters, checks + jobs + useless));
  return { messages, checks, rows: Math.min(messages, jobs + checks) };
}

/**
 * Edges are told to be silent once a bucket is empty, and each time for longer. Either an attack stays below that, or it is heard by all
 * until they have been told, and begins anew when the silence is over: the most that some of the one and of the other come to.
 */
function uselessCount(bucket: { most: number; perSecond: number }, perMinute: number, seconds: number): number {
  let most = 0;
  let [silent, filled] = [0, bucket.most];
  for (let times = 0; silent <= seconds; times += 1) {
    // The last silence may reach beyond the end.
    const heard = (times + 1) * TOLD_MINUTES * perMinute;
    most = Math.max(most, filled + bucket.perSecond * (seconds - silent) + heard);
    const silence = backoff(times + 1, { first: SHED.firstMs, longest: SHED.longestMs }) / 1_000;
    silent += silence;
    filled += Math.min(bucket.most, bucket.perSecond * silence);
  }
  return most;
}

/** A message: written, read and deleted; a batch of its own at worst, with two calls of the ledger, a line in the log, and four spans if traced. */
export const MESSAGE: Operations = {
  queueOperation: 3,
  request: 1,
  cpuMs: 2,
  objectRequest: 2,
  ...logged(LINE_BYTES + 4 * TRACED_SHARE * EVENT_BYTES),
};
/** An existence check: the marker is read and written. */
export const CHECK: Operations = { r2A: 1, r2B: 1 };
/** A refused row: with its index entry born and pruned, and a call that tells of it. */
export const ROW: Operations = { rowWritten: 5, objectRequest: 1 };
/** The ledger's object never sleeps while messages come. */
export const DAY: Operations = { objectGbS: OBJECT_GB * DAY_S };

function billOf(config: Config, addresses: number, days: number, jobs: number): Bill {
  const counts = countsOf(config, addresses, days, jobs);
  const { messages, checks, rows } = counts;
  const bytes = jobs * (OUTPUT_MAX_BYTES + INFO_BYTES) + passingBytes(config, addresses);
  const reads = messages * (READS_PER_REQUEST.miss + READS_PER_REQUEST.smaller);
  return { ...counts, reads, jobs, bytes, usd: usdOf(config, { messages, checks, rows, jobs, bytes }, days) };
}

/** What is kept at any one time of that which passes: rows in the ledger, and markers in R2, one for each row and for each check without one. */
export function passingBytes(config: Config, addresses: number): number {
  const { day } = jobsOf(config);
  // A span touches one day's slice more than it is long.
  const rows = (days: number) => countsOf(config, addresses, days, (Math.floor(days) + 1) * day).rows;
  return rows(ROWS_DAYS) * ROW_BYTES + rows(1) * VIEWED_BYTES + rows(MARKERS_DAYS) * MARKER_BYTES;
}

/** At list price, with a month of what is kept and all that is logged; of requests as much as is kept of their lines. */
export function usdOf(
  { budget }: Config,
  { messages, checks, rows, jobs, bytes }: Omit<Bill, "reads" | "usd">,
  days: number,
): number {
  const operations = sum(
    times(MESSAGE, messages),
    times(CHECK, checks),
    times(ROW, rows),
    times(DAY, days),
    times(PATHS.live.operations, jobs),
    { r2GbMonth: bytes / 1e9 },
  );
  const requests = messages * listUsd(SMALLER_MISS, EXAMPLE.logs);
  return requests + listUsd(operations, 1) + ((budget.per1000Jobs ?? 0) * jobs) / 1_000;
}

/**
 * The most that a copied secret of a hook orders on a day: the jobs of the hook that may order most, and the rest of the part of a
 * delivery that passes them. Each may be paid, and each variant may be as large as one may be.
 */
export function hookDay({ hooks, budget }: Config): Pick<Bill, "rows" | "jobs" | "bytes" | "usd"> {
  const limits = Object.values(hooks).map(({ jobsPerDay = HOOK_JOBS_PER_DAY }) => jobsPerDay);
  const jobs = Math.max(...(limits.length > 0 ? limits : [HOOK_JOBS_PER_DAY])) + CHUNK_MAX_KEYS - 1;
  const bytes = jobs * (OUTPUT_MAX_BYTES + INFO_BYTES);
  const operations = sum(times(PATHS.upload.operations, jobs), { r2GbMonth: bytes / 1e9 });
  return { rows: jobs, jobs, bytes, usd: listUsd(operations, 1) + ((budget.per1000Jobs ?? 0) * jobs) / 1_000 };
}

/* ── As text ── */

const count = (n: number): string => (Number.isFinite(n) ? Math.ceil(n).toLocaleString("en") : "no limit");
const size = (bytes: number): string =>
  Number.isFinite(bytes) ? `${Number((bytes / 1e9).toPrecision(3)).toLocaleString("en")} GB` : "no limit";
const dollars = (usd: number): string =>
  Number.isFinite(usd) ? `$${usd < 10 ? usd.toFixed(2) : count(usd)}` : "no limit";

/** What strangers cost, by image, by day and by month, from one address and from a thousand: the head, and a row for each. */
function strangersCells(config: Config): string[][] {
  const [image, hook] = [imageDay(config), hookDay(config)];
  const cells = ({ messages, reads, checks, rows, jobs, bytes, usd }: Bill) => [
    ...[count(messages), count(reads), count(checks), count(rows), count(jobs)],
    ...[size(bytes), dollars(usd)],
  ];
  return [
    ["", "messages", "R2 reads", "checks", "rows", "jobs", "kept", "at list price"],
    ["one image, a day", "–", "–", "–", count(image.rows), count(image.jobs), size(image.bytes), "–"],
    ["a hook's secret, a day", "–", "–", "–", count(hook.rows), count(hook.jobs), size(hook.bytes), dollars(hook.usd)],
    ["1 address, a day", ...cells(dayBill(config, 1))],
    ["1 address, a month", ...cells(monthBill(config, 1))],
    ["1,000 addresses, a day", ...cells(dayBill(config, 1_000))],
    ["1,000 addresses, a month", ...cells(monthBill(config, 1_000))],
  ];
}

/** What requests cost, of which anybody may send as many as they like: the head, and a row for each kind. */
function requestsCells(): string[][] {
  const kinds = [
    ["a hit in the data centre's cache", PATHS.hit.operations],
    ["a hit in R2", PATHS.storeHit.operations],
    ["a hit in R2 by f=auto", PATHS.smallerHit.operations],
    ["a HEAD of a miss", PATHS.missedHead.operations],
    ["a miss", PATHS.miss.operations],
    ["a miss by f=auto", SMALLER_MISS],
  ] as const;
  return [
    ["a million requests, each", "R2 reads of one, at most", "at list price"],
    ...kinds.map(([kind, operations]) => [
      kind,
      count(operations.r2B ?? 0),
      dollars(1e6 * listUsd(operations, EXAMPLE.logs)),
    ]),
  ];
}

function page(cells: string[][]): string {
  const [head, ...rows] = cells.map((row) => `| ${row.join(" | ")} |`);
  const columns = cells[0]?.slice(1).map(() => "--:|") ?? [];
  return [head, `|---|${columns.join("")}`, ...rows].join("\n");
}

function lines(cells: string[][]): string[] {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join("  "),
  );
}

/** For a page. */
export function strangersTable(config: Config): string {
  return page(strangersCells(config));
}

export function requestsTable(): string {
  return page(requestsCells());
}

/** Both for a terminal. */
export function strangersLines(config: Config): string[] {
  return [...lines(strangersCells(config)), "", ...lines(requestsCells())];
}
