import { EVENTS, type Event, type Stats } from "@prewarm/control-schema/stats";
import { LEVELS, PARTS } from "@prewarm/control-schema/troubles";
import { JOB_STATES, LANES } from "@prewarm/shared/job";
import type { Resource } from "./endpoint.ts";
import { statsAnswer } from "./stats.ts";

type MetricLine = [labels: Record<string, string>, value: number | null];

/** The Prometheus text format, version 0.0.4. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const metrics = {
  "GET /metrics": async ({ c }, deps) =>
    c.text(metricsText(await statsAnswer(deps)), 200, { "Content-Type": METRICS_TYPE }),
} satisfies Resource;

/** What the overview knows, for Prometheus. Names and labels are stable. */
function metricsText(stats: Stats): string {
  return [
    ...troubleMetrics(stats),
    ...jobMetrics(stats),
    ...flowMetrics(stats),
    ...totalMetrics(stats),
    ...gateMetrics(stats),
    ...queueMetrics(stats),
  ].join("");
}

function jobMetrics({ at, lanes, waitingSince }: Stats): string[] {
  const jobs = LANES.flatMap((lane) => JOB_STATES.map((state): MetricLine => [{ lane, state }, lanes[lane][state]]));
  const age = (since: number | null) => seconds(since === null ? null : Math.max(0, at - since));
  const ages = LANES.map((lane): MetricLine => [{ lane }, age(waitingSince[lane])]);
  return [
    gauge("prewarm_jobs", "Jobs by lane and state.", jobs),
    gauge("prewarm_oldest_waiting_seconds", "Age of the oldest waiting job.", ages),
  ];
}

/** What each event's counter counts. */
const COUNTED: Record<Event, string> = {
  accepted: "Jobs accepted.",
  stored: "Variants stored.",
  failed: "Failed attempts.",
  dead: "Jobs that became dead letters.",
  refused: "Jobs refused for their original.",
  cancelled: "Jobs cancelled.",
  throttled: "Answers of Ittybit that asked to wait (429).",
};

function totalMetrics({ totals, versions }: Stats): string[] {
  const versionOf = (part: keyof Stats["versions"]): MetricLine[] => {
    const version = versions[part];
    return version === null ? [] : [[{ part, ...version }, 1]];
  };
  return [
    ...EVENTS.map((event) => counter(`prewarm_${event}_total`, COUNTED[event], [[{}, totals[event]]])),
    gauge("prewarm_version_info", "Which version the consumer and the ledger run.", [
      ...versionOf("consumer"),
      ...versionOf("ledger"),
    ]),
  ];
}

/** Each part and level has a line, so that an alert sees the trouble end. */
function troubleMetrics({ troubles }: Stats): string[] {
  const lines = [false, true].flatMap((acknowledged) =>
    PARTS.flatMap((part) =>
      LEVELS.map((level): MetricLine => {
        const are = (one: Stats["troubles"][number]) => one.part === part && one.level === level;
        const n = troubles.filter((one) => are(one) && (one.acknowledged !== null) === acknowledged).length;
        return [{ part, level, acknowledged: `${acknowledged}` }, n];
      }),
    ),
  );
  const help = "Troubles by the part that failed, their level, and whether an operator has acknowledged them.";
  return [gauge("prewarm_troubles", help, lines)];
}

function flowMetrics({ wait, run, pace }: Stats): string[] {
  const quantiles = (of: Stats["wait"]): MetricLine[] => [
    [{ quantile: "0.5" }, seconds(of.p50)],
    [{ quantile: "0.95" }, seconds(of.p95)],
    [{ quantile: "0.99" }, seconds(of.p99)],
  ];
  return [
    gauge(
      "prewarm_time_left_seconds",
      "Until all open jobs, or those of a lane, have ended; absent while it is not known.",
      (["all", ...LANES] as const).map((scope): MetricLine => [{ scope }, pace[scope].secondsLeft]),
    ),
    summary("prewarm_job_wait_seconds", "Enqueued to submitted, last hour.", quantiles(wait)),
    summary("prewarm_job_work_seconds", "Submitted to stored, last hour.", quantiles(run)),
  ];
}

function gateMetrics({ gate, budget, utilisation, ledger, metricErrors }: Stats): string[] {
  const paused = LANES.map((lane): MetricLine => [{ lane }, gate.paused[lane] ? 1 : 0]);
  const used = LANES.map((lane): MetricLine => [{ lane }, budget.usedByLane[lane]]);
  const { rate, concurrency } = gate.limits;
  const automatic = Object.entries({ rate, concurrency }).map(
    ([limit, { mode }]): MetricLine => [{ limit }, mode === "auto" ? 1 : 0],
  );
  return [
    gauge("prewarm_paused", "1 when an operator paused the lane.", paused),
    gauge("prewarm_breaker_open", "1 when the breaker is open or half-open.", [
      [{}, gate.breaker.state === "closed" ? 0 : 1],
    ]),
    gauge("prewarm_ittybit_jobs_running", "Jobs at Ittybit.", [[{}, utilisation.concurrency.used]]),
    gauge("prewarm_rate_limit_jobs_per_second", "Jobs that may be submitted in a second.", [[{}, rate.value]]),
    gauge("prewarm_concurrency_limit_jobs", "Jobs that may be at Ittybit at once.", [[{}, concurrency.value]]),
    gauge("prewarm_limit_automatic", "1 when the limit finds itself, 0 when it is a number.", automatic),
    gauge("prewarm_budget_used_jobs", "Jobs of this month's budget used.", used),
    gauge("prewarm_budget_jobs", "This month's budget; absent when unlimited.", [[{}, budget.monthlyJobs]]),
    gauge("prewarm_ledger_rows", "Rows in the ledger.", [[{}, ledger.rows]]),
    gauge("prewarm_ledger_bytes", "Size of the ledger.", [[{}, ledger.bytes]]),
    counter("prewarm_metric_errors_total", "Times that recording a metric failed.", [[{}, metricErrors]]),
  ];
}

function queueMetrics({ queues, at }: Stats): string[] {
  const samples = (read: (numbers: NonNullable<Stats["queues"][string]>) => number | null): MetricLine[] =>
    Object.entries(queues).map(([queue, numbers]): MetricLine => [{ queue }, numbers === null ? null : read(numbers)]);
  return [
    gauge(
      "prewarm_queue_messages",
      "Messages in a queue.",
      samples(({ backlogCount }) => backlogCount),
    ),
    gauge(
      "prewarm_queue_oldest_seconds",
      "Age of a queue's oldest message.",
      samples(({ oldestMessageAt }) => (oldestMessageAt === null ? null : Math.max(0, at - oldestMessageAt) / 1000)),
    ),
  ];
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

function gauge(name: string, help: string, samples: MetricLine[]): string {
  return metric("gauge", name, help, samples);
}

/** It only rises, but for a restore and, where it says so, a new instance of the ledger. */
function counter(name: string, help: string, samples: MetricLine[]): string {
  return metric("counter", name, help, samples);
}

/** Quantiles of the last hour. They cannot be added up over installations. */
function summary(name: string, help: string, samples: MetricLine[]): string {
  return metric("summary", name, help, samples);
}

function metric(type: "gauge" | "counter" | "summary", name: string, help: string, samples: MetricLine[]): string {
  const lines = samples
    .filter(([, value]) => value !== null)
    .map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return lines.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(labels: Record<string, string>): string {
  const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}
