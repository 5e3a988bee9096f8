import type { Stats } from "@prewarm/control-schema/stats";
import type { JobState } from "@prewarm/control-schema/words";
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
          <label key={state} class="row facet" data-state={state}>
            <input
              type="checkbox"
              checked={filter.states.includes(state)}
              onChange={() => go({ states: toggled(filter.states, state) })}
            />
            <span class="dot" aria-hidden="true" />
            <span class="grow">{state}</span>
            <Count value={stats ? stateCount(stats, filter, state) : null} />
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend class="muted small-text strong">Lane</legend>
        {LANES.map((lane) => (
          <label key={lane} class="row facet">
            <input
              type="checkbox"
              checked={filter.lanes.includes(lane)}
              onChange={() => go({ lanes: toggled(filter.lanes, lane) })}
            />
            <span class="grow">{lane}</span>
            <Count value={stats ? laneCount(stats, filter, lane) : null} />
          </label>
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

function Count({ value }: { value: number | null }) {
  return value === null ? null : (
    <span class="num muted" title={count(value)}>
      {compact(value)}
    </span>
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
