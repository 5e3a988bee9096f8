import type { Run } from "@prewarm/control-schema/runs";
import { useState } from "preact/hooks";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, duration, percent, plural, rate } from "../lib/format.ts";
import { filterUrl, STATES } from "../lib/job-filter.ts";
import { imageUrl } from "../lib/paths.ts";
import { Card } from "../ui/card.tsx";
import { AskButton } from "../ui/confirm-dialog.tsx";
import { DoneAt } from "../ui/done-at.tsx";
import { Lazy } from "../ui/lazy.tsx";
import { RunOutcome } from "../ui/run-outcome.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { StateBar } from "../ui/state-bar.tsx";
import { Thumb } from "../ui/thumb.tsx";
import { Tile } from "../ui/tile.tsx";
import { Said, Then, Time } from "../ui/time.tsx";
import { TurnButton } from "../ui/turn-button.tsx";
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
    <View resource={resource} what="this run" whole={`Run ${run}`}>
      {(data) => (
        <>
          <RunHead run={data} changed={() => void resource.refresh()} />
          <section class="card" aria-label="Progress">
            <p>
              <b class="title num">{percent(data.total === 0 ? 0 : data.states.stored / data.total)}</b> stored:{" "}
              {count(data.states.stored)} of {plural(data.total, "variant")}
              {data.done !== data.states.stored && `; ${count(data.done)} have ended`}
            </p>
            {data.waitingFor && (
              <p>
                <Said>{data.waitingFor.text}</Said>
              </p>
            )}
            <p class="row">
              <span>
                <Then words={`First in ${data.lane} since`} at={isOpen(data) ? data.first : null} />
              </span>
              <TurnButton run={data} changed={resource.refresh} />
            </p>
            <StateBar states={data.states} total={data.total} />
            <ul class="row counts">
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
    <Card title={`${plural(run.rejectedTotal, "item")} not accepted`}>
      <View resource={resource} what="rejected items">
        {({ rejected }) => (
          <ul>
            {rejected.map((one) => (
              <li key={`${one.index}${one.id}`} class="row-error small-text break">
                Item {one.index + 1} <span class="mono">{one.id}</span>: {one.message}{" "}
                <span class="mono">{one.code}</span>
              </li>
            ))}
          </ul>
        )}
      </View>
      {run.rejectedTotal > 100 && <p class="muted">The first 100; GET /api/v1/runs/{run.run}/rejected has more.</p>}
    </Card>
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
    <Card
      title="Pictures"
      beside={
        !comparing && (
          <button type="button" class="small" onClick={() => setComparing(true)}>
            Compare with originals
          </button>
        )
      }
    >
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
    </Card>
  );
}

function isOpen({ state }: Run): boolean {
  return state === "running" || state === "accepting";
}

function RunHead({ run, changed }: { run: Run; changed(): void }) {
  const cancel = async () => {
    await ask("DELETE /api/v1/runs/{run}", { params: { run: run.run } });
    changed();
    return "Cancelling the run.";
  };
  return (
    <header class="page-head">
      <div class="grow">
        <p class="crumbs muted small-text">
          <a href="/runs">Runs</a> / <span class="mono break">{run.run}</span>
        </p>
        <h1 class="break">{run.label ?? run.run}</h1>
      </div>
      <RunOutcome run={run} />
      <a class="button" href={filterUrl({ run: run.run })}>
        Jobs of this run
      </a>
      {may("cancel") && isOpen(run) && (
        <AskButton name="Cancel run…" class="danger-outline" title="Cancel this run" verb="Cancel the run" act={cancel}>
          <p>
            {count(run.total - run.done)} variants are still open. Those that another run or a viewer waits for are
            still made; the others are not.
          </p>
        </AskButton>
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
    <section class="row tiles" aria-label="Numbers">
      {numbers.map(([name, value]) => (
        <Tile key={name} name={name} value={value} />
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
      <Then words=", ended" at={run.endedAt} />.{" "}
      {door
        .filter(([n]) => n > 0)
        .map(([n, words]) => `${count(n)} ${words}`)
        .join(" · ")}
    </p>
  );
}
