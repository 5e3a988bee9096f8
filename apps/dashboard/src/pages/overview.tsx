import type { History } from "@prewarm/control-schema/history";
import type { Stats } from "@prewarm/control-schema/stats";
import type { Lane } from "@prewarm/control-schema/words";
import { useStats } from "../api/stats.tsx";
import { count, duration, percent, rate } from "../lib/format.ts";
import { filterUrl, LANES, STATES } from "../lib/job-filter.ts";
import { clock } from "../lib/live.ts";
import { DoneAt } from "../ui/done-at.tsx";
import { Incidents } from "../ui/incidents.tsx";
import { ScrollBox } from "../ui/scroll-box.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { Said } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";
import { Flow } from "./flow.tsx";
import { HistoryAt, HistoryCharts, useHour } from "./history-charts.tsx";

/** Everything at a glance. */
export function OverviewPage() {
  const hour = useHour();
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      <View resource={useStats()} what="the overview">
        {(stats) => (
          <>
            <Incidents stats={stats} />
            <HistoryAt />
            <Tiles stats={stats} hour={hour.data.value} />
            <Flow stats={stats} />
            <Lanes stats={stats} hour={hour.data.value} />
            <HistoryCharts hour={hour} />
          </>
        )}
      </View>
    </>
  );
}

function Tiles({ stats, hour }: { stats: Stats; hour: History | null }) {
  const buckets = wholeBuckets(hour);
  const oldest = Math.max(-1, ...LANES.map((lane) => ageOf(stats, lane) ?? -1));
  return (
    <section class="tiles" aria-label="Now">
      <Tile
        name="Open jobs"
        value={count(stats.open)}
        href="/jobs?state=queued&state=processing&state=retrying"
        spark={buckets.map((one) => one.open)}
        trend="Open jobs, last hour"
      />
      <Tile
        name="Stored, last 1–2 min"
        value={rate(stats.rates.storedPerSecond)}
        spark={buckets.map((one) => one.stored)}
        trend="Stored a minute, last hour"
      />
      <Tile
        name={`Failed of ${count(stats.rates.attempts.all)} attempts, 5 min`}
        value={percent(stats.rates.failureRatio)}
        href="/jobs/causes?window=5m"
        spark={buckets.map((one) => one.failed)}
        trend="Failed attempts a minute, last hour"
        bad={stats.rates.failureRatio > 0.05}
      />
      <Tile
        name="Oldest waiting"
        value={oldest < 0 ? "none" : duration(oldest)}
        spark={buckets.map((one) => one.oldestMs)}
        trend="Oldest waiting, last hour"
        format={duration}
      />
    </section>
  );
}

/** For how long a lane's oldest job has waited, in ms; null: none waits. */
function ageOf({ waitingSince }: Stats, lane: Lane): number | null {
  const since = waitingSince[lane];
  return since === null ? null : Math.max(0, clock.value - since);
}

function wholeBuckets(hour: History | null) {
  return hour?.buckets.filter((bucket) => !bucket.filling) ?? [];
}

function Tile({
  name,
  value,
  spark,
  trend,
  format = (number) => count(number),
  href,
  bad,
}: {
  name: string;
  value: string;
  spark: (number | null)[];
  /** What the line is of. */
  trend: string;
  format?(value: number): string;
  href?: string;
  bad?: boolean;
}) {
  return (
    <div class="card tile" data-bad={bad ?? false}>
      <h2>{href ? <a href={href}>{name}</a> : name}</h2>
      <p class="value num">{value}</p>
      <Sparkline values={spark} label={trend} format={format} />
    </div>
  );
}

function Lanes({ stats, hour }: { stats: Stats; hour: History | null }) {
  const buckets = wholeBuckets(hour);
  return (
    <section class="card" aria-labelledby="lanes">
      <h2 id="lanes">Lanes</h2>
      <ScrollBox label="Jobs by lane and state">
        <table class="lanes">
          <thead>
            <tr>
              <th scope="col">Lane</th>
              {STATES.map((state) => (
                <th key={state} scope="col" class="right">
                  <span class="dot" data-state={state} aria-hidden="true" /> {state}
                </th>
              ))}
              <th scope="col" class="right">
                Oldest waiting
              </th>
              <th scope="col" class="right" title="From order to stored, last hour: half within, 95 % within">
                Ready, p50 · p95
              </th>
              <th scope="col" class="right">
                Done at
              </th>
              <th scope="col">Stored, last hour</th>
            </tr>
          </thead>
          <tbody>
            {LANES.map((lane) => (
              <tr key={lane}>
                <th scope="row" title={stats.waitingFor[lane]?.text}>
                  {lane}
                  {stats.gate.paused[lane] && <span class="pill warn">paused</span>}
                </th>
                {STATES.map((state) => (
                  <td key={state} class="right num" data-label={state} data-zero={stats.lanes[lane][state] === 0}>
                    <CountLink
                      value={stats.lanes[lane][state]}
                      href={filterUrl({ lanes: [lane], states: [state] })}
                      what={`${lane} ${state}`}
                    />
                  </td>
                ))}
                <td class="right num" data-label="oldest waiting" data-zero={stats.waitingSince[lane] === null}>
                  {duration(ageOf(stats, lane))}
                </td>
                <td class="right num nowrap" data-label="ready, p50 · p95" data-zero={stats.ready[lane].stored === 0}>
                  {readyWords(stats.ready[lane])}
                </td>
                <td class="right num nowrap" data-label="done at" data-zero={stats.pace[lane].jobsLeft === 0}>
                  <DoneAt pace={stats.pace[lane]} />
                </td>
                <td data-label="last hour" data-zero={stats.ready[lane].stored === 0}>
                  <Sparkline values={buckets.map((one) => one.lanes[lane].stored)} label={`${lane}, stored a minute`} />
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">all</th>
              {STATES.map((state) => (
                <td key={state} class="right num" data-label={state} data-zero={stats.states[state] === 0}>
                  <CountLink value={stats.states[state]} href={filterUrl({ states: [state] })} what={state} />
                </td>
              ))}
              <td data-zero colSpan={4} />
            </tr>
          </tfoot>
        </table>
      </ScrollBox>
      <ul class="reasons">
        {LANES.map((lane) => {
          const why = stats.waitingFor[lane];
          return (
            why && (
              <li key={lane}>
                <b>{lane}: </b>
                <Said>{why.text}</Said>
              </li>
            )
          );
        })}
      </ul>
    </section>
  );
}

/** `1.2 s · 8 s`: half of them within, nearly all within. */
function readyWords({ stored, ready }: Stats["ready"]["live"]): string {
  return stored === 0 ? "–" : `${duration(ready.p50)} · ${duration(ready.p95)}`;
}

function CountLink({ value, href, what }: { value: number; href: string; what: string }) {
  if (value === 0)
    return (
      <span class="muted zero">
        <span aria-hidden="true">·</span>
        <span class="visually-hidden">0</span>
      </span>
    );
  return (
    <a href={href} aria-label={`${count(value)} ${what} jobs`}>
      {count(value)}
    </a>
  );
}
