import { JOBS_CURSOR } from "@prewarm/control-schema/jobs";
import { isOpen, type Row, rangeOfGroup } from "@prewarm/durable-queue";
import { type JobState, OPEN_STATES } from "@prewarm/shared/job";
import type { JobFilter } from "../../console/calls.ts";
import { LAST_ID, named, READ_MAX, WALK_MAX, walkRows } from "../../console/find-rows.ts";
import { type Match, matches, matchesStored, prepare } from "../../console/match-row.ts";
import { retryingIds } from "../../console/tables/find-jobs.ts";
import { readRecent, readRecentSpan } from "../../console/tables/recent.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import type { NamedJob } from "../calls.ts";
import { isValid, jobView, storedView } from "./jobs.ts";

/*
 * Lists of jobs. Ids are hashes, so a list consists of windows of bounded length, each with its newest job first: first
 * the jobs with a row, then recently stored jobs. A page ends with a long window even when the page is not full.
 */

/** Rows that ended without bytes in a stretch: there are fewer of them, so more are put in order at once. */
const ENDED_MAX = 2_000;
/** Rows of `recent` in a stretch: 1,000 jobs. */
const RECENT_ROWS = 2;
/** Rows that may have been added to a stretch since its first page; what is in them is newer than that page. */
const RECENT_ROWS_MAX = 40;

/** By what a list is ordered: Unix ms, and a number that tells two of one time apart. */
interface Moment {
  at: number;
  n: number;
}

/** Where a stretch begins; `to`: where its first page found it to end, null on that page. */
interface Bounds {
  from: number;
  to: number | null;
}

interface Stretch {
  items: (Moment & { view(): NamedJob })[];
  to: number;
  /** Another stretch begins at `to`. */
  more: boolean;
}

/** One kind of jobs in a list, stretch after stretch. */
type Part = (bounds: Bounds) => Stretch;

interface Place extends Bounds {
  part: number;
  /** The last job shown; null: begin with the first. */
  after: Moment | null;
}

/** A page of the jobs that match. */
export function listJobs(
  tx: ImageTx,
  filter: JobFilter,
  { cursor, limit }: { cursor: string | null; limit: number },
): { jobs: NamedJob[]; next: string | null } {
  const match = prepare(tx, filter);
  const parts = match === null ? [] : partsOf(tx, match);
  const jobs: NamedJob[] = [];
  let place = read(cursor);
  for (let part = parts[place.part]; part !== undefined; part = parts[place.part]) {
    const { items, to, more } = part(place);
    const { after } = place;
    const left = items.sort(newestFirst).filter((item) => after === null || newestFirst(after, item) < 0);
    const page = left.slice(0, limit - jobs.length);
    jobs.push(...page.map(({ view }) => view()));
    if (left.length > page.length) return { jobs, next: print({ ...place, to, after: page.at(-1) ?? after }) };
    place = { part: more ? place.part : place.part + 1, from: more ? to : 0, to: null, after: null };
    if (more) return { jobs, next: print(place) };
  }
  return { jobs, next: null };
}

function newestFirst(a: Moment, b: Moment): number {
  return b.at - a.at || b.n - a.n;
}

function partsOf(tx: ImageTx, match: Match): Part[] {
  const { states, filter } = match;
  const only = (...wanted: JobState[]) => states !== null && [...states].every((state) => wanted.includes(state));
  if (filter.jobs !== null) return [() => ofRows(tx, named(tx, match))];
  const parts: Part[] = [];
  if (only("processing", "retrying")) parts.push((bounds) => busy(tx, match, bounds));
  else if (!only("stored")) {
    if (filter.id !== null) parts.push(() => ofImage(tx, match));
    parts.push((bounds) => walked(tx, match, bounds));
  }
  const isOfFailures = filter.error !== null || filter.fingerprint !== null;
  if ((states === null || states.has("stored")) && !isOfFailures) parts.push((bounds) => stored(tx, match, bounds));
  return parts;
}

/** Rows of an image whose id is the one that is searched for, not only its beginning. */
function ofImage(tx: ImageTx, match: Match): Stretch {
  const { from, to } = rangeOfGroup(match.filter.id ?? "", tx.queueId);
  const { rows } = walkRows(tx, match, { above: from - 1, to: to - 1 }, WALK_MAX);
  return ofRows(tx, { rows: rows.filter((row) => isOfImage(row, match)), to: LAST_ID, more: false });
}

function isOfImage({ group }: Row, { filter: { id } }: Match): boolean {
  return group === id;
}

/** All rows, or those that ended without bytes. */
function walked(tx: ImageTx, match: Match, { from, to }: Bounds): Stretch {
  const isOpenToo = match.states === null || OPEN_STATES.some((open) => match.states?.has(open));
  const found = walkRows(tx, match, { above: from, to }, isOpenToo ? WALK_MAX : ENDED_MAX);
  return ofRows(tx, { ...found, rows: found.rows.filter((row) => !isOfImage(row, match)) });
}

/** Claimed jobs, and jobs that wait after a failed attempt: read whole, unless more of them have failed than a page reads. */
function busy(tx: ImageTx, match: Match, bounds: Bounds): Stretch {
  const retrying = match.states?.has("retrying") ? retryingIds(tx.sql, READ_MAX) : [];
  if (retrying === null) return walked(tx, match, bounds);
  const held = tx.memory.claims.held().map(({ id }) => id);
  const rows = tx.rows.loadIds([...new Set([...held, ...retrying])]).filter((row) => matches(tx, row, match));
  return ofRows(tx, { rows, to: LAST_ID, more: false });
}

function ofRows(tx: ImageTx, { rows, to, more }: { rows: Row[]; to: number; more: boolean }): Stretch {
  // By the order of what is open, which a try does not change: a job does not leap over the page that is being read.
  const at = (row: Row) => (isOpen(row) ? row.created : row.updated || row.created);
  return { items: rows.map((row) => ({ at: at(row), n: row.id, view: () => jobView(tx, row) })), to, more };
}

/** What was stored of late, and is neither outdated nor ordered again. */
function stored(tx: ImageTx, match: Match, { from, to }: Bounds): Stretch {
  const chunks = to === null ? readRecent(tx.sql, from || LAST_ID, RECENT_ROWS) : [];
  const end = to ?? (chunks.length < RECENT_ROWS ? 1 : (chunks.at(-1)?.n ?? 1));
  const span = { from: end, to: from === 0 ? LAST_ID : from - 1 };
  const rows = to === null ? chunks : readRecentSpan(tx.sql, span, RECENT_ROWS_MAX);
  const all = rows.flatMap((row) => row.stored).sort((a, b) => a.gen - b.gen);
  const last = new Map(all.map((one) => [one.id, one]));
  const found = [...last.values()].filter((one) => matchesStored(one, match));
  tx.loadGroups(found.map(({ group }) => group));
  tx.rows.loadIds(found.map(({ id }) => id));
  const shown = found.filter((one) => isValid(tx, one) && tx.rows.get(one) === null);
  return {
    items: shown.map((one) => ({ at: one.at, n: one.gen, view: () => storedView(tx, one) })),
    to: end,
    more: end > 1,
  };
}

/** Null: the beginning of the first page. */
function read(cursor: string | null): Place {
  const [, part, from, to = "", at = "", n = ""] = JOBS_CURSOR.exec(cursor ?? "") ?? [];
  const after = at === "" ? null : { at: Number(at), n: Number(n) };
  return { part: Number(part ?? 0), from: Number(from ?? 0), to: to === "" ? null : Number(to), after };
}

function print({ part, from, to, after }: Place): string {
  return [part, from, to ?? "", after?.at ?? "", after?.n ?? ""].join("-");
}
