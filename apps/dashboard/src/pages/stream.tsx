import type { GatePatch } from "@prewarm/control-schema/gate";
import type { Serving } from "@prewarm/control-schema/serving";
import type { Stats } from "@prewarm/control-schema/stats";
import type { Level } from "@prewarm/control-schema/troubles";
import type { ComponentChildren } from "preact";
import { useLateness } from "../api/lateness.ts";
import { patchGate } from "../api/patch-gate.ts";
import { ask, may } from "../api/session.ts";
import { useStats, waitedMs } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { compact, count, duration, percent, plural, rateOf } from "../lib/format.ts";
import { LANES } from "../lib/job-filter.ts";
import { live } from "../lib/live.ts";
import { isNarrow } from "../lib/narrow.ts";
import { between, crowd, type Hold, outline, type Station, thickness, troubleAt } from "../lib/stream.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Said } from "../ui/time.tsx";
import { Newest } from "./newest.tsx";

/** What stands at a station: its number, what there is to say below it, and the rate that leaves it a second. */
interface Stop {
  at: Station;
  name: string;
  href: string;
  value: string;
  unit?: string;
  note: ComponentChildren;
  leaves: number;
  /** Jobs that wait before the next station. */
  waits?: number;
}

/** The way of a job from its order to a viewer: as thick as its rate, and cut where something holds it. */
export function Stream({ stats, hold }: { stats: Stats; hold: Hold | null }) {
  const isStale = useLateness() !== null;
  const serving = useResource(
    "serving",
    (signal) => ask("GET /api/v1/serving", { query: { window: "1h" }, signal }),
    60_000,
  ).data.value;
  const stops = [...stopsOf(stats, hold), viewers(serving)];
  return (
    <section class="card stream" aria-labelledby="stream" data-stale={isStale} data-moving={live.value && !isStale}>
      <h2 id="stream" class="visually-hidden">
        From order to viewer
      </h2>
      <ol>
        {stops.map((stop, index) => (
          <StopView
            key={stop.at}
            stop={stop}
            enters={
              index === 0 || barAfter(stops[index - 1]?.at, stop.at, hold) ? stop.leaves : stops[index - 1]?.leaves
            }
            trouble={isStale ? null : troubleAt(stats, stop.at)}
            isLast={index === stops.length - 1}
            bar={barAfter(stop.at, stops[index + 1]?.at, hold)}
          >
            {stop.at === hold?.at && <Edge hold={hold} stats={stats} />}
            {stop.at === "viewers" && <Newest stored={stats.states.stored} />}
          </StopView>
        ))}
      </ol>
      <p class="muted small-text key">thickness: rate · dots: what waits</p>
    </section>
  );
}

type Bar = "fault" | "planned" | "waits";

/** The bar between a station and the next one. A gate that only waits for a later station has a grey one. */
function barAfter(here: Station | undefined, next: Station | undefined, hold: Hold | null): Bar | null {
  if (hold === null || next === undefined) return null;
  if (next === hold.at) return hold.isPlanned ? "planned" : "fault";
  return here === "orders" ? "waits" : null;
}

interface StopViewProps {
  stop: Stop;
  /** The rate that comes in, a second; behind a bar what passes it. */
  enters: number | undefined;
  isLast: boolean;
  /** What waits here is held by the next station, or that one waits for a later one. */
  bar: Bar | null;
  /** Of the troubles of its parts. */
  trouble: Level | null;
  children: ComponentChildren;
}

const heat = (from: string, to: string) => ({ "--from": `var(--${from})`, "--to": `var(--${to})` });
/** The colours at a station's two ends. */
const HEAT: Record<Station, ReturnType<typeof heat>> = {
  orders: heat("cold", "cold"),
  gate: heat("cold", "mild"),
  ittybit: heat("mild", "warm"),
  results: heat("warm", "hot"),
  viewers: heat("hot", "accent"),
};

function StopView({ stop, enters, isLast, bar, trouble, children }: StopViewProps) {
  return (
    <li data-at={stop.at} data-trouble={trouble ?? undefined} style={HEAT[stop.at]}>
      <p class="stop">
        <a href={stop.href}>
          {trouble && <span class="lamp" data-mark={trouble} aria-hidden="true" />}
          {trouble && <span class="visually-hidden">Trouble: </span>}
          {stop.name}
        </a>
        <b class="title num">{stop.value}</b> {stop.unit && <span class="muted">{stop.unit}</span>}
      </p>
      <Piece stop={stop} enters={enters} isLast={isLast} bar={bar} />
      <div class="upon">{children}</div>
      <p class="muted small-text stop">{stop.note}</p>
    </li>
  );
}

/** Upright there is less room across. */
const UPRIGHT = 0.62;

function Piece({ stop, enters, isLast, bar }: Omit<StopViewProps, "children" | "trouble">) {
  const upright = isNarrow.value;
  const scale = upright ? UPRIGHT : 1;
  const [before, after] = [thickness(enters ?? 0) * scale, thickness(stop.leaves) * scale];
  const dots = crowd(stop.waits ?? 0) * scale;
  const gap = after === 0 ? 0 : after + 6;
  const grow = between(0, dots, [0.08, 0.8]);
  const shrink = between(dots, after, [0.84, 1]);
  // A drop that tapers into the band flows; one that is cut off is held.
  const drop = (share: number) => (share < 0.82 || bar ? grow(share) : shrink(share));
  return (
    <div class="piece" aria-hidden="true">
      {dots > after && <i class="waits" style={{ clipPath: outline(drop, upright) }} />}
      {(before === 0 || after === 0) && <i class="still" />}
      {(before > 0 || after > 0) && (
        <i
          class="band"
          style={{
            clipPath: outline(
              // Viewers never depend on the queue: without anything stored their band begins by itself.
              between(isLast && before === 0 ? after : before, after, isLast ? [0, 0.1] : [0, 0.24]),
              upright,
            ),
          }}
        />
      )}
      {bar && <i class="bar" data-kind={bar} style={{ "--tall": `${Math.max(dots, 40)}px`, "--gap": `${gap}px` }} />}
    </div>
  );
}

/** Why it goes no further, what that means, and the button for it. */
function Edge({ hold, stats }: { hold: Hold; stats: Stats }) {
  const { pace, lanes } = stats;
  const waiting = hold.lanes.reduce((all, lane) => all + lanes[lane].queued + lanes[lane].retrying, 0);
  const amounts = hold.lanes.map((lane) => pace[lane].amountLeft);
  const amount = amounts.includes(null) ? null : amounts.reduce<number>((all, one) => all + (one ?? 0), 0);
  return (
    <div class="edge" data-planned={hold.isPlanned}>
      <div>
        <p>
          <b class="clip">
            <Said>{hold.sentence}</Said>
          </b>
        </p>
        <p class="muted small-text">
          {hold.lanes.length < LANES.length ? hold.lanes.join(", ") : "All lanes"}: {plural(waiting, "job")} wait
          {amount !== null && amount > 0 && `, ${amount.toFixed(2)} to pay`}.
        </p>
      </div>
      <div>
        <Way hold={hold} />
      </div>
    </div>
  );
}

/** What ends the hold: an act where one call does it, else the page where it is done. */
function Way({ hold: { code, lanes } }: { hold: Hold }) {
  const stats = useStats();
  const acts: Record<string, [name: string, change: GatePatch, said: string]> = {
    paused: [
      "Resume",
      { paused: Object.fromEntries(lanes.map((lane) => [lane, false])) },
      `Resumed: ${lanes.join(", ")}.`,
    ],
    breaker: ["Reset the breaker", { breaker: { state: "closed" } }, "The breaker is closed again."],
  };
  const [name, change, said] = acts[code] ?? [];
  const act = async () => {
    await patchGate(change ?? {});
    await stats.refresh();
    return said ?? "";
  };
  if (name !== undefined && may("pause"))
    return (
      <ActButton class="solid" act={act}>
        {name}
      </ActButton>
    );
  if (code === "budget" && may("limits"))
    return (
      <a class="button solid" href="/steering#limits">
        Raise the budget…
      </a>
    );
  return <a href="/steering">Steering</a>;
}

function perSecond(rate: number): string {
  return rate < 10 ? String(Math.round(rate * 10) / 10) : count(rate);
}

function ittybitNote({ run, troubles, utilisation }: Stats): string {
  const missing = troubles.find(({ part, past, level }) => part === "originals" && !past && level !== "note");
  const each = run.p50 === null ? null : `${duration(run.p50)} each`;
  const words = [slotsWords(utilisation.concurrency), each, missing && `originals fail: ${missing.host ?? "a host"}`];
  return words.filter(Boolean).join(", ");
}

function failedWords({ rates: { attempts } }: Stats): string {
  if (attempts.failed === 0) return "no attempt failed in 5 min";
  return `${count(attempts.failed)} of ${count(attempts.all)} attempts failed in 5 min`;
}

function stopsOf(stats: Stats, hold: Hold | null): Stop[] {
  const { states, rates, troubles } = stats;
  const { rate } = stats.utilisation;
  const waits = states.queued + states.retrying;
  const oldestMs = Math.max(-1, ...LANES.map((lane) => waitedMs(stats, lane) ?? -1));
  const toFetch = troubles.find(({ part, past }) => part === "results" && !past)?.affects.count ?? 0;
  return [
    {
      at: "orders",
      name: "Orders",
      href: "/jobs?state=queued&state=retrying",
      unit: "/s",
      value: perSecond(rates.acceptedPerSecond),
      leaves: rates.acceptedPerSecond,
      waits,
      note:
        waits === 0 ? "nothing waits" : `${count(waits)} wait${oldestMs < 0 ? "" : `, oldest ${duration(oldestMs)}`}`,
    },
    {
      at: "gate",
      name: "Gate",
      href: "/steering",
      leaves: rate.used,
      ...(hold !== null && rate.used === 0
        ? { value: hold.at === "gate" ? "held" : "waits" }
        : { value: perSecond(rate.used), unit: "/s sent" }),
      note: gateNote(stats, hold),
    },
    {
      at: "ittybit",
      name: "Ittybit",
      href: "/jobs?state=processing",
      unit: "being made",
      value: count(states.processing),
      leaves: rates.endedPerSecond,
      waits: toFetch,
      note: ittybitNote(stats),
    },
    {
      at: "results",
      name: "Results",
      href: "/jobs?state=stored",
      unit: "/s stored",
      value: perSecond(rates.storedPerSecond),
      leaves: rates.storedPerSecond,
      note: toFetch > 0 ? `${count(toFetch)} to fetch, ${failedWords(stats)}` : failedWords(stats),
    },
  ];
}

/** A slot is held until Ittybit's job is known to have ended, so there may be more of them than jobs being made. */
function slotsWords({ used, limit, abandoned }: Stats["utilisation"]["concurrency"]): string {
  const gone = abandoned === 0 ? "" : ` (${count(abandoned)} by jobs that were given up)`;
  return `${count(used)}${limit === null ? "" : ` of ${count(limit)}`} slots taken${gone}`;
}

function gateNote({ utilisation: { rate }, gate }: Stats, hold: Hold | null): string {
  if (hold !== null && hold.at !== "gate") return "opens when Ittybit's breaker closes";
  if (gate.throttledUntil !== null) return "slowed by Ittybit's 429";
  const of = rate.limit === null ? "no limit" : `${rateOf(rate.used, rate.limit)} allowed`;
  const held = hold?.lanes.length ?? 0;
  return `${of}, ${held === 0 ? "no lane held" : `${plural(held, "lane")} held`}`;
}

/** Where it all leads: how many images viewers get, and how many views had their variant. */
function viewers(serving: Serving | null): Stop {
  const stop = { at: "viewers" as const, name: "Viewers", href: "/usage", leaves: 0 };
  if (serving === null || serving.state !== "counted")
    return { ...stop, value: "–", note: serving === null ? "" : "views are not counted" };
  const views = Object.values(serving.views).reduce((all, one) => all + one, 0);
  const hits = serving.hitRatio === null ? "no view" : `${percent(serving.hitRatio)} hits`;
  const leaves = views / 3600;
  return {
    ...stop,
    leaves,
    value: perSecond(leaves),
    unit: "/s seen",
    note: `${hits}, ${compact(views)} views this hour`,
  };
}
