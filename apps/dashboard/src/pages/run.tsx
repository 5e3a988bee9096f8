import type { Run } from "@prewarm/control-schema/runs";
import { useState } from "preact/hooks";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, duration, percent, plural, rate } from "../lib/format.ts";
import { filterUrl, STATES } from "../lib/job-filter.ts";
import { imageUrl } from "../lib/paths.ts";
import { place } from "../lib/router.ts";
import { ActButton } from "../ui/act-button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { DoneAt } from "../ui/done-at.tsx";
import { Lazy } from "../ui/lazy.tsx";
import { RunOutcome } from "../ui/run-outcome.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { StateBar } from "../ui/state-bar.tsx";
import { Thumb } from "../ui/thumb.tsx";
import { Said, Time } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";
import { useBulk } from "./bulk.tsx";
import { CauseList } from "./causes.tsx";
import { ReceiptCard } from "./receipt.tsx";

const sheet = () => import("./contact-sheet.tsx").then(({ ContactSheet }) => ContactSheet);

/** One run: how far, how fast, what went wrong. */
export function RunPage({ run }: { run: string }) {
  const resource = useResource(run, (signal) => ask("GET /api/v1/runs/{run}", { params: { run }, signal }), 3000);
  const { open, controls } = useBulk(() => void resource.refresh());
  return (
    <View resource={resource} what="this run" whole={`Run ${run}`} shape="cards">
      {(data) => (
        <>
          <RunHead run={data} changed={() => void resource.refresh()} />
          <section class="card" aria-label="Progress">
            <p class="big-number">
              <b class="num">{percent(data.total === 0 ? 0 : data.states.stored / data.total)}</b> stored:{" "}
              {count(data.states.stored)} of {plural(data.total, "variant")}
              {data.done !== data.states.stored && `; ${count(data.done)} have ended`}
            </p>
            {data.waitingFor && (
              <p>
                <Said>{data.waitingFor.text}</Said>
              </p>
            )}
            {data.first !== null && isOpen(data) && <First run={data} changed={() => void resource.refresh()} />}
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
            <Origin run={data} />
          </section>
          <RunNumbers run={data} />
          <ReceiptCard key={data.run} run={data.run} />
          <CauseList window="all" run={data.run} open={open} />
          {data.rejectedTotal > 0 && <Rejected run={data} />}
          <RunPictures run={data} />
          {controls}
        </>
      )}
    </View>
  );
}

/** Items that were refused at the door. */
function Rejected({ run }: { run: Run }) {
  const resource = useResource(
    run.run,
    (signal) => ask("GET /api/v1/runs/{run}/rejected", { params: { run: run.run }, query: { limit: 100 }, signal }),
    null,
  );
  return (
    <section class="card rejected" aria-labelledby="rejected">
      <h2 id="rejected">{plural(run.rejectedTotal, "item")} not accepted</h2>
      <View resource={resource} what="rejected items">
        {({ rejected }) => (
          <ul>
            {rejected.map((one) => (
              <li key={`${one.index}${one.id}`}>
                Item {one.index + 1}
                {one.id !== null && (
                  <>
                    {" "}
                    <span class="mono">{one.id}</span>
                  </>
                )}
                : {one.message} <span class="mono">{one.code}</span>
              </li>
            ))}
          </ul>
        )}
      </View>
      {run.rejectedTotal > 100 && <p class="muted">The first 100; GET /api/v1/runs/{run.run}/rejected has more.</p>}
    </section>
  );
}

/** A contact sheet of what the run has stored of late. */
function RunPictures({ run }: { run: Run }) {
  const stored = run.states.stored > 0;
  const [comparing, setComparing] = useState(false);
  const resource = useResource(
    `${run.run}|${stored}`,
    async (signal) => {
      if (!stored) return [];
      const { jobs } = await ask("GET /api/v1/jobs", {
        query: { run: run.run, state: ["stored"], limit: 200 },
        signal,
      });
      return [...new Set(jobs.map(({ id }) => id))].slice(0, 48);
    },
    10_000,
  );
  const ids = resource.data.value ?? [];
  if (ids.length === 0 && run.states.refused === 0) return null;
  return (
    <section class="card" aria-labelledby="pictures">
      <header class="card-head">
        <h2 id="pictures">Pictures</h2>
        {!comparing && (
          <button type="button" class="small" onClick={() => setComparing(true)}>
            Compare with originals
          </button>
        )}
      </header>
      {comparing && <Lazy load={sheet} props={{ run: run.run }} />}
      <ul class="sheet">
        {ids.map((id) => (
          <li key={id}>
            <a href={imageUrl(id)} title={id} aria-label={id}>
              <Thumb id={id} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface RunActs {
  run: Run;
  changed(): void;
}

function isOpen({ state }: Run): boolean {
  return state === "running" || state === "accepting";
}

async function promote({ run, changed }: RunActs, first: boolean): Promise<string> {
  await ask("PATCH /api/v1/runs/{run}", { params: { run: run.run }, body: { first } });
  changed();
  return first ? `It goes first in ${run.lane}.` : `It takes turns with the other runs of ${run.lane} again.`;
}

/** That the run goes first, and the way back. */
function First(props: RunActs) {
  return (
    <p class="row-form">
      <span>
        First in {props.run.lane} since <Time at={props.run.first ?? 0} />
      </span>
      {may("promote") && <ActButton act={() => promote(props, false)}>Take turns again</ActButton>}
    </p>
  );
}

function Promote({ onClose, ...props }: RunActs & { onClose(): void }) {
  const { lane } = props.run;
  return (
    <ConfirmDialog
      title={`Let this run go first in ${lane}`}
      word={null}
      verb={`First in ${lane}`}
      isSafe
      act={() => promote(props, true)}
      onClose={onClose}
    >
      <p>
        Its jobs are made before those of the other runs of {lane}. Viewers{lane === "bulk" && " and uploads"} still go
        before it, no job changes its lane, and the budget stays that of warming. You can take it back at any time.
      </p>
    </ConfirmDialog>
  );
}

function RunHead({ run, changed }: RunActs) {
  const [asking, setAsking] = useState(false);
  const mayPromote = may("promote") && isOpen(run) && run.lane !== "live" && run.first === null;
  const [promoting, setPromoting] = useState(place.peek().searchParams.get("do") === "promote");
  const cancel = async () => {
    await ask("DELETE /api/v1/runs/{run}", { params: { run: run.run } });
    changed();
    return "Cancelling the run.";
  };
  return (
    <header class="page-head">
      <div class="grow">
        <p class="crumbs">
          <a href="/runs">Runs</a> / <span class="mono break">{run.run}</span>
        </p>
        <h1 class="break">{run.label ?? run.run}</h1>
      </div>
      <RunOutcome run={run} />
      <a class="button" href={filterUrl({ run: run.run })}>
        Jobs of this run
      </a>
      {mayPromote && (
        <button type="button" onClick={() => setPromoting(true)}>
          Promote…
        </button>
      )}
      {mayPromote && promoting && <Promote run={run} changed={changed} onClose={() => setPromoting(false)} />}
      {may("cancel") && isOpen(run) && (
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
            {count(run.total - run.done)} variants are still open. Those that another run or a viewer waits for are
            still made; the others are not.
          </p>
        </ConfirmDialog>
      )}
    </header>
  );
}

/** What an open run has left, how fast it goes, and in small print where it came from. */
function RunNumbers({ run }: { run: Run }) {
  const { perSecond, amountLeft } = run.pace;
  const paid = run.paid?.amount ?? null;
  const isUnended = run.endedAt === null;
  const isPriced = paid !== null && amountLeft !== null;
  const numbers = [
    ...(isUnended ? [["Done at", <DoneAt key="done" pace={run.pace} />] as const] : []),
    ...(isPriced ? [["Price, paid + left", priceWords(paid, amountLeft)] as const] : []),
    [isUnended ? "Rate" : "Rate, over its life", perSecond === null ? "–" : rate(perSecond)],
    ["Time to ready, half · 95 %", `${duration(run.timeToReady.p50)} · ${duration(run.timeToReady.p95)}`],
  ] as const;
  return (
    <section class="tiles" aria-label="Numbers">
      {numbers.map(([name, value]) => (
        <div key={name} class="card tile">
          <h2>{name}</h2>
          <p class="value num">{value}</p>
        </div>
      ))}
    </section>
  );
}

/** `31.83 (12.40 + 19.43)`; the sum alone where nothing is left. */
function priceWords(paid: number, left: number): string {
  const sum = (paid + left).toFixed(2);
  return left === 0 ? sum : `${sum} (${paid.toFixed(2)} + ${left.toFixed(2)})`;
}

/** Who asked when, and what became of the items at the door; a zero says nothing. */
function Origin({ run }: { run: Run }) {
  const door = [
    [run.accepted, "accepted"],
    [run.duplicates, "already under way"],
    [run.existing, "already stored"],
    [run.rejectedTotal, "not accepted"],
  ] as const;
  return (
    <p class="muted small-text">
      Ordered by {run.who ?? "an unknown caller"} <Time at={run.createdAt} />
      {run.endedAt !== null && (
        <>
          , ended <Time at={run.endedAt} />
        </>
      )}
      .{" "}
      {door
        .filter(([n]) => n > 0)
        .map(([n, words]) => `${count(n)} ${words}`)
        .join(" · ")}
    </p>
  );
}
