import type { Cause } from "@prewarm/control-schema/causes";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, plural } from "../lib/format.ts";
import { filterUrl } from "../lib/job-filter.ts";
import { imageUrl } from "../lib/paths.ts";
import { navigate, place } from "../lib/router.ts";
import { Sparkline } from "../ui/sparkline.tsx";
import { Thumb } from "../ui/thumb.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";
import { ActionList } from "./action-list.tsx";
import { type Bulk, useBulk } from "./bulk.tsx";

const WINDOWS = [
  ["5m", "5 min"],
  ["1h", "1 hour"],
  ["1d", "1 day"],
  ["all", "All"],
] as const;
const FAILED = ["retrying", "dead", "refused"] as const;

/** Why jobs fail now: what is tried again, what is dead, what was refused, by cause. */
export function CausesPage() {
  const asked = place.value.searchParams.get("window");
  const [window] = WINDOWS.find(([name]) => name === asked) ?? WINDOWS[1];
  return (
    <>
      <header class="page-head">
        <h1>Causes</h1>
        <span class="grow" />
        <fieldset class="segments" aria-label="Failed last within">
          {WINDOWS.map(([name, words]) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === window}
              onClick={() => navigate(`/causes?window=${name}`, { replace: true })}
            >
              {words}
            </button>
          ))}
        </fieldset>
      </header>
      <CauseList window={window} run={null} />
      <ActionList />
    </>
  );
}

/** The causes of a run, or of everything, whose jobs failed last within a window. */
export function CauseList({ window, run }: { window: (typeof WINDOWS)[number][0]; run: string | null }) {
  const resource = useResource(
    `${window}|${run}`,
    (signal) => ask("GET /api/v1/causes", { query: { window, ...(run ? { run } : {}) }, signal }),
    3000,
  );
  const { open, controls } = useBulk(() => void resource.refresh());
  return (
    <>
      <View resource={resource} what="causes">
        {({ causes, exact }) =>
          causes.length === 0 ? (
            run === null && (
              <Empty title="No failures in this period">
                Jobs that failed appear here by cause: retrying, dead and refused ones. Look{" "}
                <a href="/causes?window=all">further back</a>.
              </Empty>
            )
          ) : (
            <>
              {!exact && (
                <p class="muted">More than 100,000 jobs of a state have failed; not all of them are counted.</p>
              )}
              <ul class="groups">
                {causes.map((cause) => (
                  <CauseCard key={cause.cause} cause={cause} run={run} open={open} />
                ))}
              </ul>
            </>
          )
        }
      </View>
      {controls}
    </>
  );
}

function CauseCard({ cause, run, open }: { cause: Cause; run: string | null; open(bulk: Bulk): void }) {
  const { states, sample } = cause;
  const where = run === null ? {} : { run };
  return (
    <li class="card group cause" data-row={cause.cause}>
      <Thumb id={sample.id} />
      <b class="group-count num">{count(cause.count)}</b>
      <div class="grow">
        <p class="group-title">
          <b class="mono">{cause.code}</b>
          <span class="break">{cause.text}</span>
        </p>
        {cause.cure && (
          <p class="small-text">
            {cause.meaning} <Cure text={cause.cure} />
          </p>
        )}
        <p class="muted small-text">
          {FAILED.filter((state) => states[state] > 0).map((state, at) => (
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
      {may("retry") && <CauseActions cause={cause} where={where} open={open} />}
    </li>
  );
}

/** A cure names a section of the documentation between asterisks. */
function Cure({ text }: { text: string }) {
  return <b>{text.split("*").map((part, at) => (at % 2 === 1 ? <i key={part}>{part}</i> : part))}</b>;
}

function CauseActions({ cause, where, open }: { cause: Cause; where: { run?: string }; open(bulk: Bulk): void }) {
  const what = `${cause.code}: ${cause.text}`;
  const retry = (state: (typeof FAILED)[number]) =>
    open({ kind: "retry", filter: { ...where, state, fingerprint: cause.cause }, what: `${state}, ${what}` });
  return (
    <div class="stack">
      {FAILED.filter((state) => cause.states[state] > 0).map((state) => (
        <button key={state} type="button" data-retry onClick={() => retry(state)}>
          {state === "retrying" ? "Try now" : `Retry ${state}`}…<span class="visually-hidden"> {cause.code}</span>
        </button>
      ))}
    </div>
  );
}

function linkTo(cause: Cause, state: (typeof FAILED)[number], run: string | null): string {
  if (state === "dead" && run === null) return `/dead?cause=${encodeURIComponent(cause.cause)}`;
  return filterUrl({ states: [state], run, search: `error:${cause.code}` });
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
