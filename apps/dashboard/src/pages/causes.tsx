import type { Cause } from "@prewarm/control-schema/causes";
import { ask, may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { count, plural } from "../lib/format.ts";
import { filterUrl } from "../lib/job-filter.ts";
import { imageUrl } from "../lib/paths.ts";
import { navigate, place } from "../lib/router.ts";
import { PartsHead } from "../ui/parts-head.tsx";
import { Segments } from "../ui/segments.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { Thumb } from "../ui/thumb.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";
import { ActionList } from "./action-list.tsx";
import { type Bulk, useBulk } from "./bulk.tsx";
import { UnreadableMessages } from "./unreadable-messages.tsx";

const WINDOWS = [
  ["5m", "5 min"],
  ["1h", "1 hour"],
  ["1d", "1 day"],
  ["all", "All"],
] as const;
const FAILED = ["retrying", "dead", "refused"] as const;
type Failed = (typeof FAILED)[number];
const STATES: readonly (readonly ["" | Failed, string])[] = [
  ["", "All"],
  ...FAILED.map((state) => [state, state] as const),
];

/** Why jobs fail: what is tried again, what is dead, what was refused, by cause. */
export function CausesPage() {
  const query = place.value.searchParams;
  const [window] = WINDOWS.find(([name]) => name === query.get("window")) ?? WINDOWS[1];
  const state = FAILED.find((name) => name === query.get("state")) ?? null;
  const dead = useStats().data.value?.deadLetters ?? 0;
  const { open, controls } = useBulk(() => undefined);
  const to = (change: Record<string, string>) => {
    const now = { window, state: state ?? "", ...change };
    navigate(`/jobs/causes?${new URLSearchParams(Object.entries(now).filter(([, value]) => value !== ""))}`, {
      replace: true,
    });
  };
  return (
    <>
      <PartsHead title="Jobs">
        <Segments label="State" of={STATES} chosen={state ?? ""} choose={(name) => to({ state: name })} />
        <Segments label="Failed last within" of={WINDOWS} chosen={window} choose={(name) => to({ window: name })} />
        {may("retry") && dead > 0 && (
          <button type="button" onClick={() => open({ kind: "retry", filter: { state: "dead" } })}>
            Retry all {count(dead)} dead…
          </button>
        )}
      </PartsHead>
      <CauseList window={window} run={null} state={state} open={open} />
      <ActionList />
      {controls}
    </>
  );
}

interface CauseListProps {
  window: (typeof WINDOWS)[number][0];
  run: string | null;
  open(bulk: Bulk): void;
  /** Only causes that have jobs of this state. */
  state?: Failed | null;
}

/** The causes of a run, or of everything, whose jobs failed last within a window, and what no handler could read. */
export function CauseList({ window, run, open, state = null }: CauseListProps) {
  const resource = useResource(
    `${window}|${run}`,
    (signal) => ask("GET /api/v1/causes", { query: { window, ...(run ? { run } : {}) }, signal }),
    3000,
  );
  return (
    <View resource={resource} what="causes">
      {({ causes, exact, unreadable }) => {
        const of: readonly Failed[] = state === null ? FAILED : [state];
        const sum = ({ states }: Cause) => of.reduce((all, one) => all + states[one], 0);
        const shown = causes.filter((cause) => sum(cause) > 0).toSorted((a, b) => sum(b) - sum(a));
        return (
          <>
            {shown.length === 0 && run === null && <None state={state} />}
            {!exact && <p class="muted">More than 100,000 jobs of a state have failed; not all of them are counted.</p>}
            <ul>
              {shown.map((cause) => (
                <CauseCard key={cause.cause} cause={cause} total={sum(cause)} of={of} run={run} open={open} />
              ))}
            </ul>
            <UnreadableMessages messages={unreadable} />
          </>
        );
      }}
    </View>
  );
}

function None({ state }: { state: Failed | null }) {
  return (
    <Empty title={state === "dead" ? "No dead letters in this period" : "No failures in this period"}>
      Jobs that failed appear here by cause: retrying, dead and refused ones. A job is dead when its error is permanent
      or its attempts are used up; nothing is lost, retry it here. Look{" "}
      <a href="/jobs/causes?window=all">further back</a>.
    </Empty>
  );
}

interface CauseCardProps {
  cause: Cause;
  /** Jobs of the states `of`. */
  total: number;
  of: readonly Failed[];
  run: string | null;
  open(bulk: Bulk): void;
}

function CauseCard({ cause, total, of, run, open }: CauseCardProps) {
  const { states, sample } = cause;
  const where = run === null ? {} : { run };
  return (
    <li class="card row cause" data-row={cause.cause}>
      <Thumb id={sample.id} />
      <b class="title num">{count(total)}</b>
      <div class="grow">
        <p>
          <b class="mono">{cause.code}</b> <span class="break">{cause.text}</span>
        </p>
        {cause.cure && (
          <p class="small-text">
            {cause.meaning} <Cure text={cause.cure} />
          </p>
        )}
        <p class="muted small-text">
          {of
            .filter((state) => states[state] > 0)
            .map((state, at) => (
              <span key={state}>
                {at > 0 && " · "}
                <a href={linkTo(cause, state, run)}>
                  {count(states[state])} {state}
                </a>
              </span>
            ))}
          {" · "}first <Time at={cause.firstSeen} />, last <Time at={cause.lastSeen} /> · {shares(cause)} · for example{" "}
          <a class="break" href={`/jobs/${sample.job}`}>
            {sample.id}
          </a>{" "}
          (<a href={imageUrl(sample.id)}>image</a>)
        </p>
      </div>
      <Sparkline values={cause.trend} label={`Trend: ${cause.trend.join(", ")}`} />
      {may("retry") && <CauseActions cause={cause} of={of} where={where} open={open} />}
    </li>
  );
}

/** A cure names a section of the documentation between asterisks. */
function Cure({ text }: { text: string }) {
  return <b>{text.split("*").map((part, at) => (at % 2 === 1 ? <i key={part}>{part}</i> : part))}</b>;
}

function CauseActions({
  cause,
  of,
  where,
  open,
}: Pick<CauseCardProps, "cause" | "of" | "open"> & { where: { run?: string } }) {
  const what = `${cause.code}: ${cause.text}`;
  const retry = (state: Failed) =>
    open({ kind: "retry", filter: { ...where, state, search: `cause:${cause.cause}` }, what: `${state}, ${what}` });
  return (
    <div class="stack">
      {of
        .filter((state) => cause.states[state] > 0)
        .map((state) => (
          <button key={state} type="button" data-retry onClick={() => retry(state)}>
            {state === "retrying" ? "Try now" : `Retry ${state}`}…<span class="visually-hidden"> {cause.code}</span>
          </button>
        ))}
    </div>
  );
}

function linkTo(cause: Cause, state: Failed, run: string | null): string {
  return filterUrl({ states: [state], run, search: `cause:${cause.cause}` });
}

/** `3 avif, 1 webp · 4 below products/`. */
function shares({ formats, prefixes }: Cause): string {
  const byFormat = Object.entries(formats).sort((a, b) => b[1] - a[1]);
  const below = prefixes.filter(({ prefix }) => prefix !== "").slice(0, 3);
  return [
    byFormat.map(([format, n]) => `${count(n)} ${format}`).join(", "),
    below.map(({ prefix, count: n }) => `${plural(n, "job")} below ${prefix}`).join(", "),
  ]
    .filter(Boolean)
    .join(" · ");
}
