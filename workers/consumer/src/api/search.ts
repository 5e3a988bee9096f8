import { ApiError } from "@prewarm/shared/api-errors";
import { FORMATS } from "@prewarm/shared/config";
import type { AppError } from "@prewarm/shared/errors";
import { JOB_STATES, type JobState, LANES, type Lane } from "@prewarm/shared/job";
import {
  type NumberRange,
  parseComparison,
  parseSearch,
  parseSpan,
  QUALIFIERS,
  type Qualifier,
  unknownQualifiers,
} from "@prewarm/shared/job-search";
import { ANY_JOB, type JobFilter } from "../console/calls.ts";

/** Terms in one search. */
const TERMS_MAX = 20;

/** Adds what a search box says at a time (Unix ms) to a filter. Throws `parameter_invalid` for a qualifier's impossible value. */
export function applySearch(filter: JobFilter, search: string, now: number): JobFilter {
  // The database takes no half of a surrogate pair.
  if (!search.isWellFormed()) throw invalid("it holds half of a surrogate pair, which is no text");
  const terms = parseSearch(search);
  if (terms.length > TERMS_MAX) throw invalid(`at most ${TERMS_MAX} terms`);
  const [unknown] = unknownQualifiers(search);
  if (unknown !== undefined)
    throw invalid(
      `${unknown}: is no qualifier. Put quotes around text with a colon, such as "${unknown}:x"`,
      QUALIFIERS,
    );
  let so = { ...filter, text: [...filter.text] };
  for (const { qualifier, value } of terms) {
    if (qualifier === null) so.text.push(value);
    else so = { ...so, ...qualified(so, qualifier, value, now) };
  }
  return so;
}

function qualified(filter: JobFilter, qualifier: Qualifier, value: string, now: number): Partial<JobFilter> {
  switch (qualifier) {
    case "id":
      return { id: value };
    case "run":
      return { run: value };
    case "error":
      return { error: value };
    case "cause":
      return { fingerprint: value };
    case "format":
      return { format: oneOf("format", FORMATS, value) };
    case "lane":
      return { lanes: [...filter.lanes, oneOf("lane", LANES, value)] };
    case "state":
      return { states: [...filter.states, oneOf("state", JOB_STATES, value)] };
    case "age": {
      // A time and no age: an action acts on what matched when it was ordered, however long it takes.
      const { from, to } = compared("age", value, "> or < and a time, such as >5m, >1h or <2d");
      return { ordered: both(filter.ordered, { from: now - to, to: now - from }) };
    }
    case "at": {
      const span = parseSpan(value);
      if (span === null) throw invalid("at: takes two moments, such as 2026-11-24T14:05Z..2026-11-24T14:10Z");
      return { changed: both(filter.changed, span) };
    }
    case "attempts":
      return {
        attempts: both(filter.attempts, compared("attempts", value, "a number, or > or < and one, such as >3")),
      };
    default:
      return qualifier satisfies never;
  }
}

function compared(qualifier: "age" | "attempts", value: string, takes: string): NumberRange {
  const found = parseComparison(qualifier, value);
  if (found === null) throw invalid(`${qualifier}: takes ${takes}`);
  return found;
}

/** What lies in both ranges. */
function both(one: NumberRange | undefined, other: NumberRange): NumberRange {
  return { from: Math.max(one?.from ?? other.from, other.from), to: Math.min(one?.to ?? other.to, other.to) };
}

function oneOf<T extends string>(name: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw invalid(`${name}: takes ${allowed.join(", ")}`, allowed);
  return found;
}

function invalid(detail: string, allowed?: readonly string[]): AppError {
  return new ApiError("parameter_invalid", {
    detail: `search: ${detail}`,
    parameter: "search",
    ...(allowed ? { allowed } : {}),
  });
}

/** A list request's query as a filter. */
export function queryFilter(
  query: { state: JobState[]; lane: Lane[]; run?: string | undefined; search?: string | undefined },
  now: number,
): JobFilter {
  const filter = { ...ANY_JOB, states: query.state, lanes: query.lane, run: query.run ?? null };
  return applySearch(filter, query.search ?? "", now);
}
