import type { Serving } from "@prewarm/control-schema/serving";
import type { Stats } from "@prewarm/control-schema/stats";
import type { Part, Trouble } from "@prewarm/control-schema/troubles";
import { useLateness } from "../api/lateness.ts";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, percent, rate, rateOf } from "../lib/format.ts";
import { LANES } from "../lib/job-filter.ts";

interface Node {
  name: string;
  value: string;
  /** What more there is to say. */
  note: string;
  href: string;
  /** It is red while one of them has a trouble. */
  parts: readonly Part[];
  /** How much of a limit is used; none without a limit. */
  of?: { used: number; limit: number };
}

/** The way of a job, from the miss to the store: how much is at each station, and where it is stuck. */
export function Flow({ stats }: { stats: Stats }) {
  const isStale = useLateness() !== null;
  const serving = useResource(
    "serving",
    (signal) => ask("GET /api/v1/serving", { query: { window: "1d" }, signal }),
    60_000,
  ).data.value;
  return (
    <section class="card" aria-labelledby="flow">
      <h2 id="flow">Flow</h2>
      <ol class="flow">
        {[...nodesOf(stats), viewers(serving)].map(({ name, value, note, href, parts, of }) => (
          <li key={name} data-stuck={!isStale && troublesOf(stats, parts).length > 0}>
            <a href={href}>
              <span>{name}</span>
              <b class="num">{value}</b>
              <span class="small-text">
                {troublesOf(stats, parts).length > 0 && <span class="visually-hidden">Trouble: </span>}
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

/** What is no note of the list of troubles, of some parts. */
function troublesOf({ troubles }: Stats, parts: readonly Part[]): Trouble[] {
  return troubles.filter(({ part, level }) => level !== "note" && parts.includes(part));
}

function nodesOf(stats: Stats): Node[] {
  const { states, rates } = stats;
  const slots = stats.utilisation.concurrency;
  const [missing] = troublesOf(stats, ["originals"]);
  return [
    {
      ...{ name: "Edge, hooks, bulk", value: rate(rates.acceptedPerSecond), note: "accepted, last 1–2 min" },
      ...{ href: "/jobs", parts: ["edge", "hooks"] },
    },
    queue(stats),
    { name: "Gate", href: "/steering", parts: ["gate", "budget"], ...gateNode(stats) },
    {
      ...{ name: "Originals", href: "/jobs/causes?window=1h", parts: ["originals"] },
      ...{ value: missing === undefined ? "answer" : "fail", note: missing?.host ?? "all hosts" },
    },
    {
      ...{ name: "Ittybit", value: count(states.processing), href: "/jobs?state=processing", parts: ["ittybit"] },
      note: slotsWords(stats),
      ...(slots.limit === null ? {} : { of: { used: slots.used, limit: slots.limit } }),
    },
    {
      ...{ name: "Results, R2", value: count(states.stored), note: "stored in all" },
      ...{ href: "/jobs?state=stored", parts: ["results", "store"] },
    },
  ];
}

/** Where it all leads: how many views had their variant. */
function viewers(serving: Serving | null): Node {
  const node = { name: "Viewers", href: "/usage", parts: [] };
  if (serving !== null && serving.state !== "counted") return { ...node, value: "–", note: "views are not counted" };
  const ratio = serving?.hitRatio ?? null;
  return { ...node, value: ratio === null ? "–" : percent(ratio), note: "hit rate, last 24 h" };
}

/** Jobs in the ledger, and the messages that wake its workers. */
function queue({ queues, states }: Stats): Node {
  const known = Object.values(queues).filter((one) => one !== null);
  const messages = known.reduce((all, { backlogCount }) => all + backlogCount, 0);
  const again = states.retrying > 0 ? `, ${count(states.retrying)} of them to be tried again` : "";
  return {
    ...{ name: "Queue", value: count(states.queued + states.retrying), parts: ["queue", "configuration"] },
    note: `wait${again}${messages === 0 ? "" : `; ${count(messages)} messages`}`,
    href: "/jobs?state=queued&state=retrying",
  };
}

/** A slot is held until Ittybit's job is known to have ended, so there may be more of them than jobs being made. */
function slotsWords({ utilisation: { concurrency }, gate }: Stats): string {
  if (concurrency.limit === null) return `being made, ${count(concurrency.used)} slots taken`;
  const abandoned = concurrency.abandoned === 0 ? "" : `, ${count(concurrency.abandoned)} by jobs that were given up`;
  const automatic = gate.limits.concurrency.mode === "auto" ? ", automatic limit" : "";
  return `being made, ${count(concurrency.used)} of ${count(concurrency.limit)} slots taken${abandoned}${automatic}`;
}

function gateNode({ gate, troubles, utilisation: { rate: used } }: Stats) {
  const { breaker, paused, rate: limits, throttledUntil } = gate;
  const of = used.limit === null ? {} : { of: { used: used.used, limit: used.limit } };
  const lanesOf = (wanted: Part) =>
    LANES.filter((lane) => troubles.some(({ part, affects }) => part === wanted && affects.lanes.includes(lane)));
  const [pausedLanes, spent] = [LANES.filter((lane) => paused[lane]), lanesOf("budget")];
  if (breaker.state !== "closed") return { value: "stopped", note: `breaker ${breaker.state}` };
  if (spent.length > 0) return { value: "held", note: `budget spent: ${spent.join(", ")}`, ...of };
  if (pausedLanes.length > 0) return { value: "paused", note: pausedLanes.join(", ") };
  if (throttledUntil !== null) return { value: "slowed", note: "by Ittybit's 429", ...of };
  return { value: "flows", note: `${rateOf(used.used, limits.perSecond)} submitted`, ...of };
}
