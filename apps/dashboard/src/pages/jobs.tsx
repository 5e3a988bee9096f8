import type { JobPage } from "@prewarm/control-client/schema";
import { ask, isOperator } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { filterUrl, type JobFilter, OPEN, RETRYABLE, readFilter, toActionFilter } from "../lib/job-filter.ts";
import { place } from "../lib/router.ts";
import { JobTable } from "../ui/job-table.tsx";
import { Pager } from "../ui/pager.tsx";
import { Empty, View } from "../ui/view.tsx";
import { type Bulk, useBulk } from "./bulk.tsx";
import { ExportButton } from "./export-button.tsx";
import { JobSearch } from "./job-search.tsx";
import { JobSidebar } from "./job-sidebar.tsx";

const PAGE = 50;
const EVERY_MS = 3000;

/** All jobs, by state, lane and search; the URL is the filter. */
export function JobsPage() {
  const filter = readFilter(place.value.searchParams);
  const page = useResource(
    filterUrl(filter),
    (signal) => ask("GET /api/v1/jobs", { query: queryOf(filter), signal }),
    EVERY_MS,
  );
  const { selection, open, controls } = useBulk(() => void page.refresh());
  return (
    <div class="with-sidebar">
      <JobSidebar filter={filter} />
      <section class="results" aria-busy={page.busy.value}>
        <header class="page-head">
          <h1>Jobs</h1>
          <span class="grow" />
          <ExportButton filter={filter} />
          {isOperator.value && (
            <MatchingButtons filter={filter} open={(kind) => open({ kind, filter: toActionFilter(filter) })} />
          )}
        </header>
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
    limit: PAGE,
    ...(filter.run ? { run: filter.run } : {}),
    ...(filter.search ? { search: filter.search } : {}),
    ...(filter.cursor ? { cursor: filter.cursor } : {}),
  };
}

function MatchingButtons({ filter, open }: { filter: JobFilter; open(kind: Bulk["kind"]): void }) {
  const ended = RETRYABLE.some((state) => filter.states.includes(state));
  const waits = OPEN.some((state) => filter.states.includes(state));
  return (
    <>
      {(ended || filter.states.length === 0) && (
        <button type="button" onClick={() => open("retry")}>
          Retry all matching…
        </button>
      )}
      {(waits || filter.states.length === 0) && (
        <button type="button" onClick={() => open("cancel")}>
          Cancel all matching…
        </button>
      )}
    </>
  );
}

function NoJobs({ filter, page }: { filter: JobFilter; page: JobPage }) {
  if (page.nextCursor)
    return (
      <Empty title="Nothing in this stretch yet">
        A page looks at a thousand jobs; go on with Older, or narrow the search by state or by{" "}
        <span class="mono">id:</span>.
      </Empty>
    );
  const filtered = filter.states.length + filter.lanes.length > 0 || filter.search !== "" || filter.run !== null;
  if (filtered || filter.cursor)
    return (
      <Empty title="No job matches">
        Take a state or a word out of the filter, or <a href="/jobs">show all jobs</a>.
      </Empty>
    );
  return (
    <Empty title="No jobs yet">
      They come from viewers' misses, upload hooks and <a href="/runs/new">new runs</a>.
    </Empty>
  );
}
