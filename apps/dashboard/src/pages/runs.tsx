import type { Run } from "@prewarm/control-schema/runs";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count } from "../lib/format.ts";
import { navigate, place } from "../lib/router.ts";
import { DoneAt } from "../ui/done-at.tsx";
import { Pager } from "../ui/pager.tsx";
import { RunOutcome } from "../ui/run-outcome.tsx";
import { Segments } from "../ui/segments.tsx";
import { SortHeads, useSort } from "../ui/sort.tsx";
import { StateBar } from "../ui/state-bar.tsx";
import { Said, Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

const KINDS = [
  ["", "All"],
  ["open", "Open"],
  ["done", "Done"],
  ["cancelled", "Cancelled"],
] as const;

/** Runs, newest first. */
export function RunsPage() {
  const query = place.value.searchParams;
  const state = (["open", "done", "cancelled"] as const).find((one) => one === query.get("state"));
  const cursor = query.get("cursor");
  const load = (signal: AbortSignal) =>
    ask("GET /api/v1/runs", {
      query: { limit: 50, ...(state ? { state } : {}), ...(cursor ? { cursor } : {}) },
      signal,
    });
  const resource = useResource(`${state}|${cursor}`, load, 3000);
  const urlOf = (to: string | null) =>
    `/runs?${new URLSearchParams({ ...(state ? { state } : {}), ...(to ? { cursor: to } : {}) })}`;
  return (
    <>
      <header class="page-head">
        <h1>Runs</h1>
        <span class="grow" />
        <Segments
          label="Which runs"
          of={KINDS}
          chosen={state ?? ""}
          choose={(kind) => navigate(kind ? `/runs?state=${kind}` : "/runs")}
        />
        {may("warm") && (
          <a class="button primary" href="/runs/new">
            New run
          </a>
        )}
      </header>
      <View resource={resource} what="runs">
        {({ runs, nextCursor }) =>
          runs.length === 0 ? (
            <NoRuns filtered={state !== undefined} isMore={nextCursor !== null} />
          ) : (
            <RunTable runs={runs} />
          )
        }
      </View>
      <Pager what="runs" cursor={cursor} next={resource.data.value?.nextCursor ?? null} urlOf={urlOf} />
    </>
  );
}

/** `isMore`: a page ends after a bounded walk, and there are earlier runs. */
function NoRuns({ filtered, isMore }: { filtered: boolean; isMore: boolean }) {
  if (isMore) return <Empty title="None of these runs are of this kind">Look at the next page.</Empty>;
  if (filtered)
    return (
      <Empty title="No runs of this kind">
        Look at <a href="/runs">all runs</a>.
      </Empty>
    );
  return (
    <Empty title="No runs yet">
      A run is one bulk request: an upload hook's day, a <span class="mono">prewarm warm</span> on the command line, or
      a <a href="/runs/new">new run</a> from here.
    </Empty>
  );
}

const COLUMNS: Record<string, (run: Run) => string | number | null> = {
  run: ({ label, run }) => label ?? run,
  state: ({ state, outcome }) => `${state} ${outcome}`,
  share: ({ states, total }) => states.stored / Math.max(1, total),
  done: ({ total }) => total,
  left: ({ pace }) => pace.secondsLeft,
  started: ({ createdAt }) => createdAt,
};

const HEADS = { run: "Run", state: "State", share: "Progress", done: "Done", left: "Done at", started: "Started" };

function RunTable({ runs: all }: { runs: readonly Run[] }) {
  const [runs, sort] = useSort(all, COLUMNS);
  return (
    <div class="table-box">
      <table class="rows">
        <caption class="visually-hidden">Runs, newest first</caption>
        <thead>
          <tr>
            <SortHeads of={HEADS} right={["done", "left", "started"]} sort={sort} />
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.run} data-row={run.run}>
              <td class="what">
                <a href={`/runs/${encodeURIComponent(run.run)}`}>
                  <b class="clip">{run.label ?? run.run}</b>
                </a>{" "}
                <span class="muted small-text">
                  {run.lane} {run.who !== null && ` · ${run.who}`}
                  {run.pace.amountLeft !== null &&
                    run.pace.amountLeft > 0 &&
                    ` · ${run.pace.amountLeft.toFixed(2)} to pay`}
                </span>
                {run.waitingFor && (
                  <p class="muted small-text">
                    <Said>{run.waitingFor.text}</Said>
                  </p>
                )}
              </td>
              <td data-label="State">
                <RunOutcome run={run} />
              </td>
              <td class="wide">
                <StateBar states={run.states} total={run.total} />
              </td>
              <td data-label="Done" class="right num nowrap">
                {count(run.done)} of {count(run.total)}
              </td>
              <td data-label="Done at" class="right num nowrap">
                <DoneAt pace={run.pace} />
              </td>
              <td data-label="Started" class="right nowrap">
                <Time at={run.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
