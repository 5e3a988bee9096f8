import type { AuditEntry } from "@prewarm/control-schema/audit";
import type { History, HistoryBucket } from "@prewarm/control-schema/history";
import { useMemo } from "preact/hooks";
import type { Resource } from "../api/poll.ts";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import type { Line } from "../charts/series.ts";
import { TimeChart } from "../charts/time-chart.tsx";
import { actWords } from "../lib/act-words.ts";
import { compact, duration, plural } from "../lib/format.ts";
import { LANES } from "../lib/job-filter.ts";
import { navigate, place } from "../lib/router.ts";
import { Segments } from "../ui/segments.tsx";
import { Time } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";

const TIERS = [
  ["minute", "Hour", 10_000],
  ["hour", "Day", 60_000],
  ["day", "30 days", 300_000],
] as const;
/** More of them would push what stands below away. */
const ACTS_OPEN = 3;
type Tier = (typeof TIERS)[number][0];

/** Charts of throughput, of waiting and running time, and of each lane's. The URL holds the chosen range. */
export function HistoryCharts({ hour }: { hour: Resource<History> }) {
  const asked = place.value.searchParams.get("history");
  const [tier, , every] = TIERS.find(([name]) => name === asked) ?? TIERS[0];
  const audit = useResource("acts", (signal) => ask("GET /api/v1/audit", { query: { limit: 100 }, signal }), 30_000);
  const acts = useMemo(() => actsOf(audit.data.value?.entries ?? []), [audit.data.value]);
  return (
    <section class="card" aria-labelledby="history">
      <header class="card-head">
        <h2 id="history">History</h2>
        <Segments
          label="How far back"
          of={TIERS.map(([name, words]) => [name, words] as const)}
          chosen={tier}
          choose={show}
        />
      </header>
      {tier === "minute" ? (
        <View resource={hour} what="the history">
          {(data) => <Charts history={data} acts={acts} />}
        </View>
      ) : (
        <Longer key={tier} tier={tier} every={every} acts={acts} />
      )}
    </section>
  );
}

/** Half of the time that is shown around a moment, in ms. */
const AROUND_MS = 1_800_000;

/** The hour around the moment of the address (`/?at=…`, Unix ms), to which events lead. */
export function HistoryAt() {
  const at = Number(place.value.searchParams.get("at") ?? Number.NaN);
  if (!Number.isSafeInteger(at) || at <= 0) return null;
  return <AroundMoment key={at} at={at} />;
}

function AroundMoment({ at }: { at: number }) {
  const [from, to] = [at - AROUND_MS, at + AROUND_MS];
  const query = { tier: "minute", from, to } as const;
  const history = useResource(`at ${at}`, (signal) => ask("GET /api/v1/history", { query, signal }), 30_000);
  const audit = useResource(
    `acts ${at}`,
    (signal) => ask("GET /api/v1/audit", { query: { from, to, limit: 100 }, signal }),
    30_000,
  );
  const acts = useMemo(() => actsOf(audit.data.value?.entries ?? []), [audit.data.value]);
  return (
    <section class="card" aria-labelledby="moment">
      <header class="card-head">
        <h2 id="moment">
          Around <Time at={at} asClock />
        </h2>
        <a href="/">Now</a>
      </header>
      <View resource={history} what="the history">
        {(data) => <Charts history={data} acts={acts} />}
      </View>
    </section>
  );
}

/** The last hour by minutes: the charts' and the tiles'. */
export function useHour(): Resource<History> {
  return useHistory("minute", TIERS[0][2]);
}

function useHistory(tier: Tier, every: number): Resource<History> {
  return useResource(tier, (signal) => ask("GET /api/v1/history", { query: { tier }, signal }), every);
}

function Longer({ tier, every, acts }: { tier: Tier; every: number; acts: readonly Act[] }) {
  return (
    <View resource={useHistory(tier, every)} what="the history">
      {(data) => <Charts history={data} acts={acts} />}
    </View>
  );
}

function show(tier: Tier): void {
  navigate(tier === "minute" ? "/" : `/?history=${tier}`, { replace: true });
}

const LANE_COLORS = { live: "--chart-blue", upload: "--chart-violet", bulk: "--stored" } as const;

interface Act {
  at: number;
  who: string;
  text: string;
}

function actsOf(entries: readonly AuditEntry[]): Act[] {
  return entries.flatMap((entry) => {
    const text = actWords(entry);
    return text === null ? [] : [{ at: entry.at, who: entry.who, text }];
  });
}

/** What was done in the time that the charts show, the newest first: the dashed lines in words. */
function Acts({ acts }: { acts: readonly Act[] }) {
  if (acts.length === 0) return null;
  return (
    <details class="acts" open={acts.length <= ACTS_OPEN}>
      <summary>{plural(acts.length, "change")} in this period, marked in the charts</summary>
      <ul class="small-text">
        {acts.map(({ at, who, text }) => (
          <li key={`${at}${text}`} class="break">
            <Time at={at} /> {text} <span class="muted">by {who}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Charts({ history, acts }: { history: History; acts: readonly Act[] }) {
  const { buckets, bucketMs } = history;
  const from = buckets[0]?.at ?? 0;
  const shown = useMemo(() => acts.filter(({ at }) => at >= from), [acts, from]);
  const drawn = useMemo(() => {
    const pick = (of: (bucket: HistoryBucket) => number | null) => buckets.map(of);
    return {
      at: buckets.map((bucket) => bucket.at),
      throughput: throughput(pick),
      wait: latency(pick, "wait"),
      run: latency(pick, "run"),
      ready: LANES.map(
        (lane): Line => ({
          ...{ label: lane, color: LANE_COLORS[lane], area: false },
          values: pick((bucket) => bucket.lanes[lane].ready.p95),
        }),
      ),
    };
  }, [buckets]);
  const shared = { at: drawn.at, bucketMs, filling: buckets.at(-1)?.filling ?? false, marks: shown };
  const per = bucketMs < 3_600_000 ? "a minute" : bucketMs < 86_400_000 ? "an hour" : "a day";
  return (
    <>
      <div class="charts">
        <TimeChart
          {...shared}
          title={`Variants ${per}`}
          lines={drawn.throughput}
          format={(value) => (value === null ? "–" : compact(value))}
        />
        <TimeChart {...shared} title="Waiting, until first submitted" lines={drawn.wait} format={duration} log />
        <TimeChart {...shared} title="Running, submitted to stored" lines={drawn.run} format={duration} log />
        <TimeChart {...shared} title="Ready by lane, 95 % within" lines={drawn.ready} format={duration} log />
      </div>
      <Acts acts={shown} />
    </>
  );
}

type Pick = (of: (bucket: HistoryBucket) => number | null) => (number | null)[];

function throughput(pick: Pick): Line[] {
  return [
    { label: "stored", color: "--stored", area: true, values: pick((bucket) => bucket.stored) },
    { label: "accepted", color: "--chart-blue", clipped: true, values: pick((bucket) => bucket.accepted) },
    { label: "failed", color: "--dead", values: pick((bucket) => bucket.failed) },
    { label: "throttled", color: "--retrying", values: pick((bucket) => bucket.throttled) },
  ];
}

function latency(pick: Pick, kind: "wait" | "run"): Line[] {
  const lines: Line[] = [
    { label: "p50", color: "--chart-blue", area: false, values: pick((bucket) => bucket[kind].p50) },
    { label: "p95", color: "--chart-violet", values: pick((bucket) => bucket[kind].p95) },
    { label: "p99", color: "--chart-pink", values: pick((bucket) => bucket[kind].p99) },
  ];
  return kind === "run"
    ? lines
    : [...lines, { label: "oldest waiting", color: "--accent", values: pick((bucket) => bucket.oldestMs) }];
}
