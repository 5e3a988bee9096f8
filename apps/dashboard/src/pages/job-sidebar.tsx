import type { Stats } from "@prewarm/control-schema/stats";
import type { JobState } from "@prewarm/control-schema/words";
import type { VNode } from "preact";
import { useStats } from "../api/stats.tsx";
import { compact, count } from "../lib/format.ts";
import { filterUrl, type JobFilter, LANES, STATES, toggled } from "../lib/job-filter.ts";
import { isNarrow } from "../lib/narrow.ts";
import { navigate } from "../lib/router.ts";
import { SavedViews } from "./saved-views.tsx";

/** States and lanes with their counts; ticking them is the filter. Several of each may be on. */
export function JobSidebar({ filter }: { filter: JobFilter }) {
  const known = useStats().data.value;
  // Counts of everything beside a search would be of something else than the list.
  const stats = filter.search === "" && filter.run === null ? known : null;
  const go = (change: Partial<JobFilter>) => navigate(filterUrl({ ...filter, ...change, cursor: null }));
  const facets = (
    <>
      <fieldset>
        <legend class="muted small-text strong">State</legend>
        {STATES.map((state) => (
          <Facet
            key={state}
            name={state}
            chosen={filter.states}
            choose={(states) => go({ states })}
            count={stats && stateCount(stats, filter, state)}
            dot={<span class="dot" aria-hidden="true" />}
          />
        ))}
      </fieldset>
      <fieldset>
        <legend class="muted small-text strong">Lane</legend>
        {LANES.map((lane) => (
          <Facet
            key={lane}
            name={lane}
            chosen={filter.lanes}
            choose={(lanes) => go({ lanes })}
            count={stats && laneCount(stats, filter, lane)}
          />
        ))}
      </fieldset>
      <SavedViews here={filterUrl({ ...filter, cursor: null })} />
    </>
  );
  return (
    <search class="stack" aria-label="Filter by state and lane">
      {isNarrow.value ? (
        <details class="fold">
          <summary>{ticked(filter)}</summary>
          {facets}
        </details>
      ) : (
        facets
      )}
    </search>
  );
}

/** What is ticked, where the boxes are folded away. */
function ticked({ states, lanes }: JobFilter): string {
  const chosen = [...states, ...lanes];
  return chosen.length === 0 ? "Filter: all states and lanes" : `Filter: ${chosen.join(", ")}`;
}

interface FacetProps<T extends string> {
  name: T;
  chosen: readonly T[];
  choose(all: T[]): void;
  /** Jobs; null: not known. */
  count: number | null;
  dot?: VNode;
}

function Facet<T extends string>({ name, chosen, choose, count: jobs, dot }: FacetProps<T>) {
  return (
    <label class="row facet" data-state={name}>
      <input type="checkbox" checked={chosen.includes(name)} onChange={() => choose(toggled(chosen, name))} />
      {dot}
      <span class="grow">{name}</span>
      {jobs !== null && (
        <span class="num muted" title={count(jobs)}>
          {compact(jobs)}
        </span>
      )}
    </label>
  );
}

function stateCount(stats: Stats, filter: JobFilter, state: (typeof STATES)[number]): number {
  if (filter.lanes.length === 0) return stats.states[state];
  return filter.lanes.reduce((sum, lane) => sum + stats.lanes[lane][state], 0);
}

function laneCount(stats: Stats, filter: JobFilter, lane: (typeof LANES)[number]): number {
  const states: readonly JobState[] = filter.states.length > 0 ? filter.states : STATES;
  return states.reduce((sum, state) => sum + stats.lanes[lane][state], 0);
}
