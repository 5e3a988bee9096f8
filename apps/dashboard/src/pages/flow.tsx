import type { Serving } from "@prewarm/control-schema/serving";
import type { Stats } from "@prewarm/control-schema/stats";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, duration, percent, rate, rateOf } from "../lib/format.ts";
import { LANES } from "../lib/job-filter.ts";
import { clock } from "../lib/live.ts";

interface Node {
  name: string;
  value: string;
  /** What more there is to say. */
  note: string;
  href: string;
  stuck: boolean;
  /** How much of a limit is used; none without a limit. */
  of?: { used: number; limit: number };
}

/** A message that waits for longer has nobody to take it, in ms. */
const QUEUE_SLOW_MS = 60_000;

/** The way of a job, from the miss to the store: how much is at each station, and where it is stuck. */
export function Flow({ stats }: { stats: Stats }) {
  const serving = useResource(
    "serving",
    (signal) => ask("GET /api/v1/serving", { query: { window: "1d" }, signal }),
    60_000,
  ).data.value;
  return (
    <section class="card" aria-labelledby="flow">
      <h2 id="flow">Flow</h2>
      <ol class="flow">
        {[...nodesOf(stats), viewers(serving)].map(({ name, value, note, href, stuck, of }) => (
          <li key={name} data-stuck={stuck}>
            <a href={href}>
              <span>{name}</span>
              <b class="num">{value}</b>
              <span class="small-text">
                {stuck && <span class="visually-hidden">Stuck: </span>}
                {note}
              </span>
              {of && <meter aria-hidden="true" min={0} max={of.limit} value={Math.min(of.used, of.limit)} />}
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

function nodesOf(stats: Stats): Node[] {
  const { states, rates, warnings } = stats;
  const slots = stats.utilisation.concurrency;
  const warned = (code: string) => warnings.some((one) => one.code === code && one.level !== "note");
  return [
    {
      ...{ name: "Edge, hooks, bulk", value: rate(rates.acceptedPerSecond), note: "accepted, last 1–2 min" },
      ...{ href: "/jobs", stuck: false },
    },
    queue(stats),
    {
      ...{ name: "Ledger", value: count(states.queued + states.retrying), href: "/jobs?state=queued&state=retrying" },
      note: states.retrying > 0 ? `wait, ${count(states.retrying)} of them to be tried again` : "wait",
      stuck: warned("stuck"),
    },
    { name: "Gate", href: "/steering", ...gateNode(stats) },
    {
      ...{ name: "Ittybit", value: count(states.processing), href: "/jobs?state=processing" },
      note: slotsWords(stats),
      ...(slots.limit === null ? {} : { of: { used: slots.used, limit: slots.limit } }),
      stuck: warned("failing") || warned("slow") || warned("throttled"),
    },
    {
      ...{ name: "R2", value: count(states.stored), note: "stored in all" },
      ...{ href: "/jobs?state=stored", stuck: false },
    },
  ];
}

/** Where it all leads: how many views had their variant. */
function viewers(serving: Serving | null): Node {
  const node = { name: "Viewers", href: "/serving", stuck: false };
  if (serving !== null && serving.state !== "counted") return { ...node, value: "–", note: "views are not counted" };
  const ratio = serving?.hitRatio ?? null;
  return { ...node, value: ratio === null ? "–" : percent(ratio), note: "hit rate, last 24 h" };
}

function queue({ queues, rates }: Stats): Node {
  const known = Object.values(queues).filter((one) => one !== null);
  const oldest = Math.min(...known.map(({ oldestMessageAt }) => oldestMessageAt ?? Number.POSITIVE_INFINITY));
  const age = Number.isFinite(oldest) ? Math.max(0, clock.value - oldest) : null;
  const sum = known.reduce((all, { backlogCount }) => all + backlogCount, 0);
  return {
    name: "Queues",
    value: known.length === 0 ? "–" : count(sum),
    note: age === null ? "messages" : `messages, the oldest ${duration(age)}`,
    href: "/system#queues",
    // An old wake-up is no trouble while jobs end.
    stuck: age !== null && age > QUEUE_SLOW_MS && rates.endedPerSecond === 0,
  };
}

/** A slot is held until Ittybit's job is known to have ended, so there may be more of them than jobs being made. */
function slotsWords({ utilisation: { concurrency }, gate }: Stats): string {
  if (concurrency.limit === null) return `being made, ${count(concurrency.used)} slots taken`;
  const abandoned = concurrency.abandoned === 0 ? "" : `, ${count(concurrency.abandoned)} by jobs that were given up`;
  const automatic = gate.limits.concurrency.mode === "auto" ? ", automatic limit" : "";
  return `being made, ${count(concurrency.used)} of ${count(concurrency.limit)} slots taken${abandoned}${automatic}`;
}

function gateNode({ gate, utilisation: { rate: used } }: Stats) {
  const { breaker, paused, rate: limits, throttledUntil } = gate;
  const held = LANES.filter((lane) => paused[lane]);
  const of = used.limit === null ? {} : { of: { used: used.used, limit: used.limit } };
  if (breaker.state !== "closed") return { value: "stopped", note: `breaker ${breaker.state}`, stuck: true };
  if (held.length > 0) return { value: "paused", note: held.join(", "), stuck: true };
  if (throttledUntil !== null) return { value: "slowed", note: "by Ittybit's 429", stuck: true, ...of };
  return { value: "flows", note: `${rateOf(used.used, limits.perSecond)} submitted`, stuck: false, ...of };
}
