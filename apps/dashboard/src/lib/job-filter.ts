import type { ActionFilter } from "@prewarm/control-schema/actions";
import type { JobState, Lane } from "@prewarm/control-schema/words";

/** The states in the order a job passes them. */
export const STATES = [
  "queued",
  "processing",
  "retrying",
  "stored",
  "dead",
  "refused",
  "cancelled",
] as const satisfies readonly JobState[];
/** States in which a job can be cancelled. */
export const OPEN = ["queued", "processing", "retrying"] as const satisfies readonly JobState[];
/** States in which it can be tried again. */
export const RETRYABLE = ["dead", "refused", "cancelled"] as const satisfies readonly JobState[];
export const LANES = ["live", "upload", "bulk"] as const satisfies readonly Lane[];

/** What the jobs page shows; it lives in the URL, and nowhere else. */
export interface JobFilter {
  states: JobState[];
  lanes: Lane[];
  run: string | null;
  search: string;
  cursor: string | null;
}

/** Reads a URL's query. Unknown values are ignored, so that an old link still opens. */
export function readFilter(query: URLSearchParams): JobFilter {
  return {
    states: STATES.filter((state) => query.getAll("state").includes(state)),
    lanes: LANES.filter((lane) => query.getAll("lane").includes(lane)),
    run: query.get("run") || null,
    search: query.get("search") ?? "",
    cursor: query.get("cursor") || null,
  };
}

/** The inverse of `readFilter`: `/jobs?…`. One filter has one URL, in whatever order it was ticked. */
export function filterUrl(filter: Partial<JobFilter>): string {
  const query = new URLSearchParams();
  for (const state of STATES.filter((one) => filter.states?.includes(one))) query.append("state", state);
  for (const lane of LANES.filter((one) => filter.lanes?.includes(one))) query.append("lane", lane);
  if (filter.run) query.set("run", filter.run);
  if (filter.search) query.set("search", filter.search);
  if (filter.cursor) query.set("cursor", filter.cursor);
  const text = query.toString();
  return text ? `/jobs?${text}` : "/jobs";
}

/** The same filter as an action takes it, without the page. */
export function toActionFilter(filter: JobFilter): ActionFilter {
  return {
    ...(filter.states.length > 0 ? { state: filter.states } : {}),
    ...(filter.lanes.length > 0 ? { lane: filter.lanes } : {}),
    ...(filter.run ? { run: filter.run } : {}),
    ...(filter.search ? { search: filter.search } : {}),
  };
}

/** The list with `value` in or out of it. */
export function toggled<T>(list: readonly T[], value: T): T[] {
  return list.includes(value) ? list.filter((one) => one !== value) : [...list, value];
}

/** A filter in words, for the dialog that acts on it. */
export function describeFilter(filter: ActionFilter): string {
  if (filter.jobs) return `The ${filter.jobs.length} selected. Those that cannot be acted on any more are left alone.`;
  const parts = [
    filter.state && `state ${[filter.state].flat().join(" or ")}`,
    filter.lane && `lane ${[filter.lane].flat().join(" or ")}`,
    filter.run && `run ${filter.run}`,
    filter.search && `search ${filter.search}`,
  ].filter(Boolean);
  return parts.length > 0 ? `All jobs with ${parts.join(", ")}, on every page.` : "All jobs, on every page.";
}
