import type { Stats } from "@prewarm/control-schema/stats";
import type { JobState, Lane } from "@prewarm/control-schema/words";
import { waitedMs } from "../api/stats.tsx";
import { count, duration } from "../lib/format.ts";
import { filterUrl, LANES } from "../lib/job-filter.ts";
import type { Hold } from "../lib/stream.ts";
import { Said } from "../ui/time.tsx";

/** States in the order of the bar, and their words behind a number. */
const WORDS = [
  ["processing", "being made"],
  ["retrying", "to be tried again"],
  ["queued", "wait"],
] as const satisfies readonly (readonly [JobState, string])[];

/** A row for each lane that has open jobs: how many in which state, why they wait, how old the oldest is. */
export function Lanes({ stats, hold }: { stats: Stats; hold: Hold | null }) {
  const busy = LANES.filter((lane) => WORDS.some(([state]) => stats.lanes[lane][state] > 0));
  return (
    <section class="lanes" aria-label="Lanes">
      {busy.length === 0 && <p class="muted small-text">All three lanes are empty.</p>}
      <ul>
        {busy.map((lane) => (
          <LaneRow key={lane} lane={lane} stats={stats} isHeld={hold?.lanes.includes(lane) ?? false} />
        ))}
        <Ended stats={stats} />
      </ul>
    </section>
  );
}

const ENDS = ["stored", "dead", "refused", "cancelled"] as const satisfies readonly JobState[];

/** How all jobs of all lanes have ended that ever did. */
function Ended({ stats: { states } }: { stats: Stats }) {
  const some = ENDS.filter((state) => states[state] > 0);
  if (some.length === 0) return null;
  return (
    <li>
      <b>ended</b>
      <span />
      <span class="num">
        {some.map((state, index) => (
          <span key={state}>
            {index > 0 && " · "}
            <a href={filterUrl({ states: [state] })}>
              {count(states[state])} {state}
            </a>
          </span>
        ))}
      </span>
    </li>
  );
}

/** `isHeld`: the stream says why it waits. */
function LaneRow({ lane, stats, isHeld }: { lane: Lane; stats: Stats; isHeld: boolean }) {
  const states = WORDS.filter(([state]) => stats.lanes[lane][state] > 0);
  const { stored, ready } = stats.ready[lane];
  const why = stats.waitingFor[lane];
  const age = waitedMs(stats, lane);
  return (
    <li>
      <b>{lane}</b>
      <span class="state-bar" aria-hidden="true">
        {states.map(([state]) => (
          // Of logarithms, so that 4 beside 11,800 are seen.
          <i
            key={state}
            data-state={state}
            style={{ width: `${3 + 11 * Math.log10(1 + stats.lanes[lane][state])}%` }}
          />
        ))}
      </span>
      <span class="num">
        {states.map(([state, words], index) => (
          <span key={state}>
            {index > 0 && " · "}
            <a href={filterUrl({ lanes: [lane], states: [state] })}>
              {count(stats.lanes[lane][state])} {words}
              <span class="visually-hidden"> in {lane}</span>
            </a>
          </span>
        ))}
      </span>
      <span class="muted small-text num">
        {age !== null && `oldest ${duration(age)}`}
        {age !== null && stored > 0 && " · "}
        {stored > 0 && `ready p95 ${duration(ready.p95)}`}
      </span>
      {why && !isHeld && (
        <p class="muted small-text">
          <Said>{why.text}</Said>
        </p>
      )}
    </li>
  );
}
