import { type IttybitJob, readJob } from "./dialects.ts";
import { type Fields, fieldsOf, first, textOf } from "./fields.ts";

export interface JobPage {
  jobs: IttybitJob[];
  /** The query of the next page, or null at the end. */
  next: string | null;
  /** True when it shows that the server pages by number, or took no notice of the cursor or the order asked for: then `after` is of no use. */
  ignoresCursors: boolean;
}

/** Where a list stands that is no bare array. `tasks` is a field of a job too, so a job's own body is never looked into. */
const LISTS = ["data", "jobs", "tasks", "items", "results"];
/** Where a list says whether there is more of it, beside its own top. */
const ABOUT = ["meta", "pagination", "links"];
const HAS_MORE = ["has_more", "hasMore"];
const NEXT = ["next", "next_url"];
/** Lists within envelopes, such as `{data: {jobs: […]}}`. */
const DEPTH = 2;

/** What says where a page begins: the documented ones, and those that other services use. */
const POSITIONS = ["after", "before", "page", "cursor", "offset", "starting_after", "page_token"];
const PAGE_PARAMETERS = [...POSITIONS, "limit", "order", "kind", "status", "input"];

function listIn(body: unknown, depth = 0): unknown[] | null {
  if (Array.isArray(body)) return body;
  const fields = fieldsOf(body);
  if (fields === null || depth > DEPTH || (textOf(fields.id) !== null && textOf(fields.status) !== null)) return null;
  return first(fields, LISTS, (inner) => listIn(inner, depth + 1));
}

/** Only the query of a next link is used, and only parameters we know: the key goes to no other address. */
function queryOf(link: string | null): [string, string][] {
  const query = link === null ? "" : (link.split("#")[0]?.split("?")[1] ?? "");
  return [...new URLSearchParams(query)].filter(([name]) => PAGE_PARAMETERS.includes(name));
}

/** The link's position with whatever else was asked for: a link may leave out the order. Null when it says no position. */
function linkedQuery(link: string | null, asked: URLSearchParams): string | null {
  const given = queryOf(link);
  if (!given.some(([name]) => POSITIONS.includes(name))) return null;
  const next = new URLSearchParams(asked);
  for (const position of POSITIONS) next.delete(position);
  for (const [name, value] of given) next.set(name, value);
  return next.toString();
}

/** Of a Link header, in characters. */
const LINK_MAX = 8192;

function nextLink(header: string | null): string | null {
  for (const link of (header ?? "").slice(0, LINK_MAX).split("<")) {
    const [address = "", parameters] = link.split(">", 2);
    if (parameters !== undefined && /^\s*;/.test(parameters) && /\brel="?next"?/i.test(parameters.split(",")[0] ?? ""))
      return address;
  }
  return null;
}

/** What a list says about itself, in its body or in the headers. */
interface Said {
  link: string | null;
  /** Null when it does not say. */
  hasMore: boolean | null;
  /** The page's number, in dialects that number them. */
  page: number | null;
  /** The jobs on a full page, where the server takes fewer than were asked for. */
  limit: number;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : null;
}

function flagOf(value: unknown): boolean | null {
  if (value === true || value === "true") return true;
  return value === false || value === "false" ? false : null;
}

function saidBy(body: unknown, headers: Headers, asked: URLSearchParams): Said {
  const top = fieldsOf(body) ?? {};
  const places = [top, ...ABOUT.map((name) => fieldsOf(top[name]) ?? {})];
  const find = <T>(read: (place: Fields) => T | null): T | null => places.map(read).find((one) => one !== null) ?? null;
  const link = linkedQuery(nextLink(headers.get("link")) ?? find((place) => first(place, NEXT, textOf)), asked);
  const page = find((place) => numberOf(place.page));
  const pages = find((place) => numberOf(place.pages));
  const ends = fieldsOf(top.links) !== null && link === null ? false : null;
  const numbered = page !== null && pages !== null ? page < pages : null;
  const flagged = flagOf(headers.get("has-more")?.toLowerCase()) ?? find((place) => first(place, HAS_MORE, flagOf));
  const limit = numberOf(Number(headers.get("limit") ?? Number.NaN)) ?? find((place) => numberOf(place.limit));
  return {
    link,
    hasMore: flagged ?? numbered ?? ends,
    page,
    limit: Math.min(limit ?? Number.POSITIVE_INFINITY, Number(asked.get("limit") ?? Number.POSITIVE_INFINITY)),
  };
}

/** Whether the jobs stand in the other order than was asked for. */
function isReversed(jobs: readonly IttybitJob[], order: string | null): boolean {
  if (order === null) return false;
  const [newest, oldest] = order === "asc" ? [jobs.at(-1), jobs[0]] : [jobs[0], jobs.at(-1)];
  return (newest?.createdAt ?? 0) < (oldest?.createdAt ?? 0);
}

function withoutRepeats(jobs: readonly IttybitJob[]): IttybitJob[] {
  return [...new Map(jobs.map((job) => [job.id, job])).values()];
}

/**
 * A list of any dialect: a bare array with `Link` and `Has-More` headers, or an object that holds one. Unreadable items are left out.
 *
 * @param asked the query of this page
 * @returns null when there is no list in it
 */
export function readPage(body: unknown, headers: Headers, asked: URLSearchParams): JobPage | null {
  const items = listIn(body);
  if (items === null) return null;
  const jobs = withoutRepeats(items.map(readJob).filter((job) => job !== null));
  const said = saidBy(body, headers, asked);
  const after = asked.get("after");
  const ignoresCursors =
    said.page !== null ||
    (said.link !== null && new URLSearchParams(said.link).has("page")) ||
    asked.has("page") ||
    jobs.some(({ id }) => id === after) ||
    isReversed(jobs, asked.get("order"));
  if (said.link !== null) return { jobs, next: said.link, ignoresCursors };
  const last = jobs.at(-1);
  if (last === undefined || !(said.hasMore ?? items.length >= said.limit)) return { jobs, next: null, ignoresCursors };
  return { jobs, next: nextQuery(asked, ignoresCursors ? null : last.id, said.page), ignoresCursors };
}

/** By cursor; without one by number. */
function nextQuery(asked: URLSearchParams, after: string | null, page: number | null): string {
  const next = new URLSearchParams(asked);
  for (const position of POSITIONS) next.delete(position);
  if (after === null) next.set("page", String((page ?? Number(asked.get("page") ?? 1)) + 1));
  else next.set("after", after);
  return next.toString();
}
