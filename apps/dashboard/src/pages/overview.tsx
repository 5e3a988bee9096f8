import type { Stats } from "@prewarm/control-schema/stats";
import { doneWords } from "@prewarm/shared/words";
import { useLateness } from "../api/lateness.ts";
import { useStats } from "../api/stats.tsx";
import { count, duration, rate } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { earliestEnd, type Hold, holdOf } from "../lib/stream.ts";
import { moments } from "../lib/time-style.ts";
import { Headline } from "../ui/incidents.tsx";
import { View } from "../ui/view.tsx";
import { HistoryChart } from "./history-chart.tsx";
import { Lanes } from "./lanes.tsx";
import { Needs } from "./needs.tsx";
import { Stream } from "./stream.tsx";

/** Everything at a glance: how it is and when it is done, the way of the jobs, the past and what needs an operator. */
export function OverviewPage() {
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      <View resource={useStats()} what="the overview">
        {(stats) => <Bands stats={stats} hold={holdOf(stats)} />}
      </View>
    </>
  );
}

function Bands({ stats, hold }: { stats: Stats; hold: Hold | null }) {
  return (
    <>
      <Headline stats={stats}>
        <End stats={stats} hold={hold} />
      </Headline>
      <Stream stats={stats} hold={hold} />
      <div class="columns lower">
        <div>
          <HistoryChart />
          <Lanes stats={stats} hold={hold} />
        </div>
        <Needs stats={stats} />
      </div>
    </>
  );
}

/** The one large figure: when all is done, by the clock, or why nobody knows. */
function End({ stats, hold }: { stats: Stats; hold: Hold | null }) {
  const late = useLateness();
  const { all } = stats.pace;
  const { month } = stats.spent;
  const [large, small] = late === null ? endWords(stats, hold) : [`stale ${duration(late)}`, ""];
  const until = goesOnAt(hold);
  const end = until === null || all.doneAt !== null ? null : earliestEnd(stats, until);
  const facts = [
    end !== null && `then done ${moments(clock.value)(end)} at the earliest`,
    stats.open > 0 && `${count(all.jobsLeft)} to make`,
    all.amountLeft !== null && all.amountLeft > 0 && `${all.amountLeft.toFixed(2)} to pay`,
    all.perSecond !== null && all.perSecond > 0 && rate(all.perSecond),
    stats.open === 0 && `${count(stats.states.stored)} stored in all`,
    stats.open === 0 && month !== null && `${month.toFixed(2)} this month`,
  ].filter(Boolean);
  return (
    <div class="end">
      <p>
        <b>{large}</b> <span class="title muted">{small}</span>
      </p>
      <p class="num">{facts.join(" · ")}</p>
    </div>
  );
}

/** When a hold ends by itself, Unix ms; null: nobody knows. A probe is no end, for nobody knows what it finds. */
function goesOnAt(hold: Hold | null): number | null {
  return hold === null || hold.code === "breaker" ? null : hold.until;
}

function endWords(stats: Stats, hold: Hold | null): [large: string, small: string] {
  const { all } = stats.pace;
  const print = moments(clock.value);
  const done = doneWords(all, print);
  if (stats.open === 0) return ["idle", ""];
  if (done !== null) {
    const [at = "", between = ""] = done.split(" (");
    return [`done ${at}`, between.replace(")", "")];
  }
  const until = goesOnAt(hold);
  return [until === null ? "no end known" : `goes on ${print(until)}`, ""];
}
