import { isOperator, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { type Walked, walkJobs } from "../api/walk.ts";
import { isDense, toggleDensity } from "../lib/density.ts";
import { count } from "../lib/format.ts";
import { filterUrl, type JobFilter, OPEN, RETRYABLE, readFilter, toActionFilter } from "../lib/job-filter.ts";
import { isNarrow } from "../lib/narrow.ts";
import { place } from "../lib/router.ts";
import { JobTable } from "../ui/job-table.tsx";
import { Pager } from "../ui/pager.tsx";
import { PartsHead } from "../ui/parts-head.tsx";
import { Empty, View } from "../ui/view.tsx";
import { type Bulk, useBulk } from "./bulk.tsx";
import { ExportLinks } from "./export-button.tsx";
import { JobSearch } from "./job-search.tsx";
import { JobSidebar } from "./job-sidebar.tsx";

/** Jobs on a page; on a phone as many as four screens hold. */
const PAGE = 50;
const PAGE_OF_PHONE = 20;
const EVERY_MS = 3000;

/** All jobs, by state, lane and search; the URL is the filter. */
export function JobsPage() {
  const filter = readFilter(place.value.searchParams);
  const page = useResource(
    `${filterUrl(filter)}|${isNarrow.value}`,
    (signal) => walkJobs(queryOf(filter), signal),
    EVERY_MS,
  );
  const { selection, open, controls } = useBulk(() => void page.refresh());
  return (
    <div class="with-sidebar">
      <JobSidebar filter={filter} />
      <section class="results" aria-busy={page.busy.value}>
        <PartsHead title="Jobs">
          <button type="button" aria-pressed={isDense.value} title="Dense rows (d)" onClick={toggleDensity}>
            Dense
          </button>
          <ExportLinks filter={filter} />
          {isOperator.value && <MatchingButtons filter={filter} open={open} />}
        </PartsHead>
        <JobSearch filter={filter} />
        <View resource={page} what="jobs">
          {(data) =>
            data.jobs.length === 0 ? (
              <NoJobs filter={filter} page={data} />
            ) : (
              <JobTable
                caption="Jobs: those with a row first, then stored ones"
                jobs={data.jobs}
                selection={selection}
                changed={() => void page.refresh()}
              />
            )
          }
        </View>
        <Pager
          what="jobs"
          cursor={filter.cursor}
          next={page.data.value?.nextCursor ?? null}
          toNewest
          urlOf={(cursor) => filterUrl({ ...filter, cursor })}
        />
      </section>
      {controls}
    </div>
  );
}

function queryOf(filter: JobFilter) {
  return {
    state: filter.states,
    lane: filter.lanes,
    limit: isNarrow.value ? PAGE_OF_PHONE : PAGE,
    ...(filter.run ? { run: filter.run } : {}),
    ...(filter.search ? { search: filter.search } : {}),
    ...(filter.cursor ? { cursor: filter.cursor } : {}),
  };
}

/** A button for each thing that can be done, with the states it is done to. */
function MatchingButtons({ filter, open }: { filter: JobFilter; open(bulk: Bulk): void }) {
  const of = (states: readonly JobFilter["states"][number][]) =>
    filter.states.length === 0 ? [...states] : filter.states.filter((state) => states.includes(state));
  const retry = filter.states.length === 0 ? (["dead"] as const) : of(RETRYABLE);
  const cancel = of(OPEN);
  const act = (kind: Bulk["kind"], states: readonly JobFilter["states"][number][]) =>
    open({ kind, filter: { ...toActionFilter(filter), state: [...states] } });
  return (
    <>
      {may("retry") && retry.length > 0 && (
        <button type="button" onClick={() => act("retry", retry)}>
          Retry all {retry.join(" and ")}…
        </button>
      )}
      {may("cancel") && cancel.length > 0 && (
        <button type="button" class="danger-outline" onClick={() => act("cancel", cancel)}>
          Cancel all {cancel.length === OPEN.length ? "open" : cancel.join(" and ")}…
        </button>
      )}
    </>
  );
}

function NoJobs({ filter, page }: { filter: JobFilter; page: Walked }) {
  if (page.nextCursor)
    return (
      <Empty title={`No match in the first ${count(page.walked)} jobs`}>
        <a href={filterUrl({ ...filter, cursor: page.nextCursor })}>Continue the search</a>, or narrow the search by
        state or by <span class="mono">id:</span>.
      </Empty>
    );
  const filtered = filter.states.length + filter.lanes.length > 0 || filter.search !== "" || filter.run !== null;
  if (filtered || filter.cursor)
    return (
      <Empty title="No job matches">
        Remove a state or a word from the filter, or <a href="/jobs">show all jobs</a>.
      </Empty>
    );
  return (
    <Empty title="No jobs yet">
      They come from viewers' misses, upload hooks and <a href="/runs/new">new runs</a>.
    </Empty>
  );
}
