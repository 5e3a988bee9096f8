import type { Run } from "@prewarm/control-client/schema";
import { useState } from "preact/hooks";
import { ask, isOperator } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, duration, percent, rate } from "../lib/format.ts";
import { filterUrl, STATES } from "../lib/job-filter.ts";
import { navigate, place } from "../lib/router.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Pager } from "../ui/pager.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { StateBar } from "../ui/state-bar.tsx";
import { Time } from "../ui/time.tsx";
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
        <fieldset class="segments" aria-label="Which runs">
          {KINDS.map(([kind, words]) => (
            <button
              key={kind}
              type="button"
              aria-pressed={(state ?? "") === kind}
              onClick={() => navigate(kind ? `/runs?state=${kind}` : "/runs")}
            >
              {words}
            </button>
          ))}
        </fieldset>
        {isOperator.value && (
          <a class="button primary" href="/runs/new">
            New run
          </a>
        )}
      </header>
      <View resource={resource} what="runs">
        {({ runs }) => (runs.length === 0 ? <NoRuns filtered={state !== undefined} /> : <RunTable runs={runs} />)}
      </View>
      <Pager what="runs" cursor={cursor} next={resource.data.value?.nextCursor ?? null} urlOf={urlOf} />
    </>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  if (filtered)
    return (
      <Empty title="No such run">
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

function RunTable({ runs }: { runs: readonly Run[] }) {
  return (
    <div class="table-box">
      <table class="runs">
        <caption class="visually-hidden">Runs, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col" class="wide">
              Progress
            </th>
            <th scope="col" class="right">
              Done
            </th>
            <th scope="col" class="right">
              Left
            </th>
            <th scope="col" class="right">
              Started
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.run} data-row={run.run}>
              <td class="what">
                <a href={`/runs/${encodeURIComponent(run.run)}`}>
                  <b class="clip">{run.label ?? run.run}</b> <span class="muted">{run.lane}</span>
                </a>
              </td>
              <td data-label="State">
                <StateBadge state={run.state} />
              </td>
              <td class="wide">
                <StateBar states={run.states} total={run.total} />
              </td>
              <td data-label="Done" class="right num nowrap">
                {count(run.done)} of {count(run.total)}
              </td>
              <td data-label="Left" class="right num nowrap">
                {run.state === "running" && run.etaSeconds !== null ? duration(run.etaSeconds * 1000) : "–"}
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

/** One run: how far, how fast, what went wrong. */
export function RunPage({ run }: { run: string }) {
  const resource = useResource(run, (signal) => ask("GET /api/v1/runs/{run}", { params: { run }, signal }), 2000);
  return (
    <View resource={resource} what="this run" whole>
      {(data) => (
        <>
          <RunHead run={data} changed={() => void resource.refresh()} />
          <section class="card" aria-label="Progress">
            <p class="big-number">
              <b class="num">{percent(data.total === 0 ? 1 : data.done / data.total)}</b> {count(data.done)} of{" "}
              {count(data.total)} variants have ended
            </p>
            <StateBar states={data.states} total={data.total} />
            <ul class="counts">
              {STATES.map((state) => (
                <li key={state}>
                  <a href={filterUrl({ run: data.run, states: [state] })}>
                    <StateBadge state={state} /> <b class="num">{count(data.states[state])}</b>
                  </a>
                </li>
              ))}
            </ul>
          </section>
          <RunNumbers run={data} />
        </>
      )}
    </View>
  );
}

function RunHead({ run, changed }: { run: Run; changed(): void }) {
  const [asking, setAsking] = useState(false);
  const open = run.state === "running" || run.state === "accepting";
  const cancel = async () => {
    await ask("DELETE /api/v1/runs/{run}", { params: { run: run.run } });
    changed();
    return "The run is cancelled; its jobs follow.";
  };
  return (
    <header class="page-head">
      <div class="grow">
        <p class="crumbs">
          <a href="/runs">Runs</a> / <span class="mono break">{run.run}</span>
        </p>
        <h1 class="break">{run.label ?? run.run}</h1>
      </div>
      <StateBadge state={run.state} />
      <a class="button" href={filterUrl({ run: run.run })}>
        Its jobs
      </a>
      {isOperator.value && open && (
        <button type="button" class="danger-outline" onClick={() => setAsking(true)}>
          Cancel run…
        </button>
      )}
      {asking && (
        <ConfirmDialog
          title="Cancel this run"
          word={null}
          verb="Cancel the run"
          act={cancel}
          onClose={() => setAsking(false)}
        >
          <p>
            {count(run.total - run.done)} variants are still open. Those that another run or a viewer waits for stay;
            the others are not made.
          </p>
        </ConfirmDialog>
      )}
    </header>
  );
}

function RunNumbers({ run }: { run: Run }) {
  const numbers: [string, string][] = [
    ["Left", run.state === "running" && run.etaSeconds !== null ? duration(run.etaSeconds * 1000) : "–"],
    ["Rate", rate(run.ratePerSecond)],
    ["Time to ready, p50", duration(run.timeToReady.p50)],
    ["Time to ready, p95", duration(run.timeToReady.p95)],
    ["Accepted", count(run.accepted)],
    ["Already under way", count(run.duplicates)],
    ["Already stored", count(run.existing)],
  ];
  return (
    <section class="tiles" aria-label="Numbers">
      {numbers.map(([name, value]) => (
        <div key={name} class="card tile">
          <h2>{name}</h2>
          <p class="value num">{value}</p>
        </div>
      ))}
      <div class="card tile">
        <h2>{run.endedAt === null ? "Started" : "Ended"}</h2>
        <p class="value">
          <Time at={run.endedAt ?? run.createdAt} />
        </p>
      </div>
    </section>
  );
}
