import type { Gate } from "@prewarm/control-schema/gate";
import type { Stats } from "@prewarm/control-schema/stats";
import { doneWords } from "@prewarm/shared/words";
import { useState } from "preact/hooks";
import { patchGate } from "../api/patch-gate.ts";
import { ask, isOperator, may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { plural } from "../lib/format.ts";
import { changesOf, type Draft, type Patch, type Steered } from "../lib/gate-draft.ts";
import { LANES } from "../lib/job-filter.ts";
import { clock } from "../lib/live.ts";
import { moments } from "../lib/time-style.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Then, Time } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";
import { Dock } from "./gate-dock.tsx";
import { LaneRows } from "./gate-lanes.tsx";
import { Limits } from "./gate-limits.tsx";
import { GateLog } from "./gate-log.tsx";

/** The gate, by hand. What is changed holds at once, everywhere, and stands in the log beside it. */
export function SteeringPage() {
  const stats = useStats();
  const resource = useResource("gate", (signal) => ask("GET /api/v1/gate", { signal }), 3000);
  const [round, setRound] = useState(0);
  const [draft, setDraft] = useState<Draft>({});
  const set = (key: string, text: string | undefined) =>
    setDraft((now) => {
      const { [key]: _, ...others } = now;
      return text === undefined ? others : { ...others, [key]: text };
    });
  const patch: Patch = async (change, said) => {
    resource.data.value = await patchGate(change);
    setRound(round + 1);
    void stats.refresh();
    return said;
  };
  const gate = resource.data.value;
  return (
    <>
      <header class="page-head">
        <h1>Steering</h1>
        <p class="grow">{stats.data.value && <Now stats={stats.data.value} />}</p>
        {gate !== null && may("pause") && <PauseAll gate={gate} draft={draft} set={set} />}
      </header>
      {!isOperator.value && <p class="muted">You are signed in as a viewer. Changes need an operator token.</p>}
      <div class="steering">
        <div>
          <View resource={resource} what="the gate">
            {(now) => (
              <>
                <Breaker gate={now} patch={patch} />
                <LaneRows gate={now} draft={draft} set={set} />
                <Limits gate={now} draft={draft} set={set} />
                <Dock
                  gate={now}
                  changes={changesOf(now, draft, clock.value)}
                  draft={draft}
                  patch={patch}
                  drop={(key) => (key === null ? setDraft({}) : set(key, undefined))}
                />
              </>
            )}
          </View>
        </div>
        <GateLog round={round} />
      </div>
    </>
  );
}

/** Whether it flows, when it is done and what is to pay. */
function Now({ stats: { open, gate, pace } }: { stats: Stats }) {
  const held = gate.reasons.length === 0 ? "nothing is held" : `${plural(gate.reasons.length, "reason")} to wait`;
  const done = doneWords(pace.all, moments(clock.value));
  const amount = pace.all.amountLeft;
  return (
    <>
      {plural(open, "open job")}, {held}, the breaker is {gate.breaker.state}.{" "}
      {done !== null && <b>Done about {done}. </b>}
      {amount !== null && amount > 0 && `${amount.toFixed(2)} to pay.`}
    </>
  );
}

function PauseAll({ gate, draft, set }: Steered) {
  const isPaused = (lane: (typeof LANES)[number]) => (draft[lane] ?? String(gate.paused[lane])) === "true";
  const areAll = LANES.every(isPaused);
  return (
    <button
      type="button"
      onClick={() => {
        for (const lane of LANES) set(lane, String(!areAll));
      }}
    >
      {areAll ? "Resume all lanes" : "Pause all lanes"}
    </button>
  );
}

const BREAKER: Record<Gate["breaker"]["state"], string> = {
  closed: "Closed: jobs go to Ittybit.",
  open: "Open: nothing goes to Ittybit, everything waits.",
  "half-open": "Half open: a test job runs.",
};

/** What stops everything, while it does. */
function Breaker({ gate: { breaker, throttledUntil }, patch }: { gate: Gate; patch: Patch }) {
  const isThrottled = throttledUntil !== null && throttledUntil > clock.value;
  if (breaker.state === "closed")
    return isThrottled ? (
      <p class="strip warn">
        <span>
          Ittybit asked to wait. Submissions continue <Time at={throttledUntil} />.
        </span>
      </p>
    ) : null;
  return (
    <section class="strip bad" aria-label="Breaker">
      <p class="break">
        <b>{BREAKER[breaker.state]}</b> {breaker.status !== null && `HTTP ${breaker.status}. `}
        {breaker.reason}
        <Then words=" Since" at={breaker.since} />
        <Then words="; a test job runs" at={breaker.probeAt} />
      </p>
      {may("pause") && (
        <ActButton act={() => patch({ breaker: { state: "closed" } }, "The breaker is closed again.")}>
          Reset the breaker
        </ActButton>
      )}
    </section>
  );
}
