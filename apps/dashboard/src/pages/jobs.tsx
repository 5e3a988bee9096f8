import type { ActionFilter, JobPage } from "@prewarm/control-client/schema";
import { useMemo, useState } from "preact/hooks";
import { filterUrl, type JobFilter, readFilter, toActionFilter } from "../job-filter.ts";
import { navigate, place, placeState } from "../router.ts";
import { ask, isOperator } from "../session.ts";
import { BulkDialog } from "../ui/bulk-dialog.tsx";
import { JobTable } from "../ui/job-table.tsx";
import { createSelection } from "../ui/selection.ts";
import { Empty, View } from "../ui/view.tsx";
import { useResource } from "../use-resource.ts";
import { ExportButton } from "./export-button.tsx";
import { JobSearch } from "./job-search.tsx";
import { JobSidebar } from "./job-sidebar.tsx";
import { SelectionBar } from "./selection-bar.tsx";

const PAGE = 50;
const EVERY_MS = 3000;

/** All jobs, by state, lane and search; the URL is the filter. */
export function JobsPage() {
  const filter = readFilter(place.value.searchParams);
  const selection = useMemo(createSelection, []);
  const page = useResource(
    filterUrl(filter),
    (signal) => ask("GET /api/v1/jobs", { query: queryOf(filter), signal }),
    EVERY_MS,
  );
  const [bulk, setBulk] = useState<{ kind: "retry" | "cancel"; filter: ActionFilter } | null>(null);
  return (
    <div class="with-sidebar">
      <JobSidebar filter={filter} />
      <section class="results" aria-busy={page.busy.value}>
        <header class="page-head">
          <h1>Jobs</h1>
          <span class="grow" />
          <ExportButton filter={filter} />
          {isOperator.value && (
            <MatchingButtons filter={filter} open={(kind) => setBulk({ kind, filter: toActionFilter(filter) })} />
          )}
        </header>
        <JobSearch filter={filter} />
        <View resource={page} what="jobs">
          {(data) =>
            data.jobs.length === 0 ? (
              <NoJobs filter={filter} page={data} />
            ) : (
              <JobTable
                caption="Jobs, newest change first"
                jobs={data.jobs}
                selection={selection}
                changed={() => void page.refresh()}
              />
            )
          }
        </View>
        <Pager filter={filter} next={page.data.value?.nextCursor ?? null} />
      </section>
      <SelectionBar selection={selection} act={(kind, jobs) => setBulk({ kind, filter: { jobs } })} />
      {bulk && (
        <BulkDialog
          kind={bulk.kind}
          filter={bulk.filter}
          what={describe(bulk.filter)}
          onClose={() => {
            setBulk(null);
            selection.clear();
            void page.refresh();
          }}
        />
      )}
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

function MatchingButtons({ filter, open }: { filter: JobFilter; open(kind: "retry" | "cancel"): void }) {
  const ended = (["dead", "cancelled"] as const).some((state) => filter.states.includes(state));
  const waits = (["queued", "processing", "retrying"] as const).some((state) => filter.states.includes(state));
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

/** A filter in words, for the dialog that acts on it. */
export function describe(filter: ActionFilter): string {
  if (filter.jobs) return `The ${filter.jobs.length} selected. Those that cannot be acted on any more are left alone.`;
  const parts = [
    filter.state && `state ${[filter.state].flat().join(" or ")}`,
    filter.lane && `lane ${[filter.lane].flat().join(" or ")}`,
    filter.run && `run ${filter.run}`,
    filter.search && `search ${filter.search}`,
    filter.fingerprint && `cause ${filter.fingerprint}`,
  ].filter(Boolean);
  return parts.length > 0 ? `All jobs with ${parts.join(", ")}, on every page.` : "All jobs, on every page.";
}

function NoJobs({ filter, page }: { filter: JobFilter; page: JobPage }) {
  if (page.nextCursor)
    return (
      <Empty title="Nothing in this stretch yet">
        The search reads 10,000 jobs at a time; go on with Older, or narrow it by state, lane or{" "}
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

/** Keyset pages: forward by the server's cursor, back by what the history entry remembers. */
export function Pager({ filter, next }: { filter: JobFilter; next: string | null }) {
  const back = placeState().back ?? [];
  const go = (cursor: string | null, trail: string[]) => {
    navigate(filterUrl({ ...filter, cursor }), { state: { back: trail } });
    scrollTo(0, 0);
  };
  if (!next && !filter.cursor) return null;
  return (
    <nav class="pager" aria-label="Pages of jobs">
      <button type="button" disabled={!filter.cursor} onClick={() => go(null, [])}>
        Newest
      </button>
      <button type="button" disabled={!filter.cursor} onClick={() => go(back.at(-1) || null, back.slice(0, -1))}>
        Newer
      </button>
      <button type="button" disabled={!next} onClick={() => go(next, [...back, filter.cursor ?? ""])}>
        Older
      </button>
    </nav>
  );
}
