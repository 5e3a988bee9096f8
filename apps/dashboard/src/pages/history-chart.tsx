import type { AuditEntry } from "@prewarm/control-schema/audit";
import type { History, HistoryBucket } from "@prewarm/control-schema/history";
import { printSpan } from "@prewarm/shared/job-search";
import { useMemo } from "preact/hooks";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { firstOf, type Line, type Mark } from "../charts/series.ts";
import { TimeChart } from "../charts/time-chart.tsx";
import { auditSentence, movesChart } from "../lib/audit-words.ts";
import { count, duration, plural } from "../lib/format.ts";
import { filterUrl } from "../lib/job-filter.ts";
import { navigate, place } from "../lib/router.ts";
import { Segments } from "../ui/segments.tsx";
import { Time } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";

const TIERS = [
  ["minute", "Hour", 10_000],
  ["hour", "Day", 60_000],
  ["day", "30 days", 300_000],
] as const;
type Tier = (typeof TIERS)[number][0];

const KINDS = [
  ["stored", "Stored"],
  ["wait", "Wait"],
  ["run", "Run"],
] as const;
type Kind = (typeof KINDS)[number][0];

/** Half of the time that is shown around a moment, in ms. */
const AROUND_MS = 1_800_000;

interface Shown {
  kind: Kind;
  tier: Tier;
  /** The moment of an event's link, Unix ms; null: now. */
  moment: number | null;
}

/** What the address asks for: `/?chart=wait&history=day`, or `/?at=…` of an event. */
function shownBy(query: URLSearchParams): Shown {
  const at = Number(query.get("at") ?? Number.NaN);
  const isMoment = Number.isSafeInteger(at) && at > 0;
  return {
    kind: KINDS.find(([name]) => name === query.get("chart"))?.[0] ?? "stored",
    tier: isMoment ? "minute" : (TIERS.find(([name]) => name === query.get("history"))?.[0] ?? "minute"),
    moment: isMoment ? at : null,
  };
}

function show({ kind, tier, moment }: Shown): void {
  const query = new URLSearchParams({
    ...(kind === "stored" ? {} : { chart: kind }),
    ...(tier === "minute" ? {} : { history: tier }),
    ...(moment === null ? {} : { at: String(moment) }),
  });
  navigate(query.size > 0 ? `/?${query}` : "/", { replace: true });
}

/** One chart of the past: what was stored and failed, or how long jobs waited or ran, with what was done meanwhile. */
export function HistoryChart() {
  const shown = shownBy(place.value.searchParams);
  const { tier, moment } = shown;
  const around = moment === null ? {} : { from: moment - AROUND_MS, to: moment + AROUND_MS };
  const every = TIERS.find(([name]) => name === tier)?.[2] ?? null;
  return (
    <section aria-label="History">
      <Loaded key={`${tier} ${moment}`} shown={shown} around={around} every={moment === null ? every : 30_000} />
    </section>
  );
}

function Loaded({ shown, around, every }: { shown: Shown; around: object; every: number | null }) {
  const query = { tier: shown.tier, ...around };
  const history = useResource("history", (signal) => ask("GET /api/v1/history", { query, signal }), every);
  const audit = useResource(
    "acts",
    (signal) => ask("GET /api/v1/audit", { query: { limit: 100, ...around }, signal }),
    30_000,
  );
  const marks = useMemo(() => marksOf(audit.data.value?.entries ?? []), [audit.data.value]);
  return (
    <View resource={history} what="the history">
      {(data) => <Chart history={data} marks={marks} shown={shown} />}
    </View>
  );
}

function marksOf(entries: readonly AuditEntry[]): Mark[] {
  return entries.filter(movesChart).map((entry) => ({ at: entry.at, text: auditSentence(entry) }));
}

function Chart({ history, marks, shown }: { history: History; marks: readonly Mark[]; shown: Shown }) {
  const { bucketMs } = history;
  const { kind, tier, moment } = shown;
  const all = linesOf(kind, history.buckets);
  const first = moment === null ? firstOf(all, history.buckets.length) : 0;
  const buckets = history.buckets.slice(first);
  const lines = all.map((line) => ({ ...line, values: line.values.slice(first) }));
  const per = bucketMs < 3_600_000 ? "a minute" : bucketMs < 86_400_000 ? "an hour" : "a day";
  const sum = (of: (bucket: HistoryBucket) => number) => buckets.reduce((total, bucket) => total + of(bucket), 0);
  const title = { stored: `Stored ${per}`, wait: "Wait until first sent", run: "Sent until stored" }[kind];
  const failed = sum((bucket) => bucket.failed);
  return (
    <TimeChart
      title={title}
      at={buckets.map(({ at }) => at)}
      bucketMs={bucketMs}
      lines={lines}
      marks={marks}
      filling={buckets.at(-1)?.filling ?? false}
      format={kind === "stored" ? count : duration}
      sum={
        kind === "stored"
          ? `${count(sum((bucket) => bucket.stored))} in all, ${plural(failed, "attempt")} failed`
          : "half within p50, 95 % within p95"
      }
      hrefOf={(from, end) =>
        filterUrl({ search: `at:${printSpan(from, end)}`, states: kind === "run" ? ["stored"] : [] })
      }
    >
      {moment !== null && (
        <span class="small-text">
          Around <Time at={moment} asClock />. <a href="/">Now</a>
        </span>
      )}
      <Segments label="What is shown" of={KINDS} chosen={kind} choose={(name) => show({ ...shown, kind: name })} />
      {moment === null && (
        <Segments
          label="How far back"
          of={TIERS.map(([name, words]) => [name, words] as const)}
          chosen={tier}
          choose={(name) => show({ ...shown, tier: name })}
        />
      )}
    </TimeChart>
  );
}

function linesOf(kind: Kind, buckets: readonly HistoryBucket[]): Line[] {
  const line = (label: string, as: Line["as"], of: (bucket: HistoryBucket) => number | null): Line => ({
    label,
    values: buckets.map(of),
    ...(as === undefined ? {} : { as }),
  });
  if (kind === "stored")
    return [
      line("stored", "bar", (bucket) => bucket.stored),
      line("failed", "below", (bucket) => bucket.failed),
      line("accepted", undefined, (bucket) => bucket.accepted),
      line("throttled", undefined, (bucket) => bucket.throttled),
    ];
  const lines = [
    line("p50", "line", (bucket) => bucket[kind].p50),
    line("p95", "dashes", (bucket) => bucket[kind].p95),
  ];
  return kind === "run" ? lines : [...lines, line("oldest", "points", (bucket) => bucket.oldestMs)];
}
