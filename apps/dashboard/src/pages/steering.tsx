import { type Signal, useSignal } from "@preact/signals";
import type { Gate } from "@prewarm/control-schema/gate";
import { useEffect, useState } from "preact/hooks";
import { patchGate } from "../api/patch-gate.ts";
import { ask, isOperator, may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { count, percent } from "../lib/format.ts";
import { LANES } from "../lib/job-filter.ts";
import { clock } from "../lib/live.ts";
import { place } from "../lib/router.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Said, Time } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";
import { ActionList } from "./action-list.tsx";
import { AuditLog } from "./audit-log.tsx";
import { GateForms, type Patch } from "./gate-forms.tsx";
import { PurgeDialog } from "./purge-dialog.tsx";

/** The gate, by hand. What is changed holds at once, everywhere, and stands in the log below. */
export function SteeringPage() {
  const stats = useStats();
  const resource = useResource("gate", (signal) => ask("GET /api/v1/gate", { signal }), 3000);
  const [round, setRound] = useState(0);
  const patch: Patch = async (change, said) => {
    resource.data.value = await patchGate(change);
    setRound(round + 1);
    void stats.refresh();
    return said;
  };
  return (
    <>
      <header class="page-head">
        <div>
          <h1>Steering</h1>
          {!isOperator.value && <p class="muted">You are signed in as a viewer. Changes need an operator token.</p>}
        </div>
      </header>
      <View resource={resource} what="the gate">
        {(gate) => <Controls gate={gate} patch={patch} />}
      </View>
      <ActionList />
      <AuditLog round={round} />
    </>
  );
}

/** An address such as `/steering#limits` leads to a form: its first field gets the focus. */
function focusForm(): void {
  const title = document.getElementById(location.hash.slice(1));
  title?.scrollIntoView();
  title?.closest("section")?.querySelector("input")?.focus();
}

function Controls({ gate, patch }: { gate: Gate; patch: Patch }) {
  useEffect(focusForm, [place.value.hash]);
  return (
    <div class="columns">
      <div>
        <Lanes gate={gate} patch={patch} />
        <Undo gate={gate} patch={patch} />
        <Breaker gate={gate} patch={patch} />
      </div>
      <div>
        {may("limits") ? <GateForms gate={gate} patch={patch} /> : <GateNumbers gate={gate} />}
        {may("purge") && <Purge />}
      </div>
    </div>
  );
}

/** What the next pause says; empty for neither. */
interface Fields {
  reason: Signal<string>;
  hours: Signal<string>;
}

function wanted({ reason, hours }: Fields) {
  const [why, until] = [reason.value.trim(), Number(hours.value)];
  return { reason: why === "" ? null : why, until: until > 0 ? clock.value + Math.round(until * 3_600_000) : null };
}

function PauseFields({ fields: { reason, hours } }: { fields: Fields }) {
  return (
    <div class="row-form">
      <label class="field grow">
        Reason (optional)
        <input
          type="text"
          maxLength={200}
          value={reason}
          onInput={(event) => {
            reason.value = event.currentTarget.value;
          }}
        />
      </label>
      <label class="field">
        Resume after (hours, optional)
        <input
          type="number"
          min={0}
          max={1000}
          step="any"
          value={hours}
          onInput={(event) => {
            hours.value = event.currentTarget.value;
          }}
        />
      </label>
    </div>
  );
}

function PauseWords({ pause: { who, since, reason, until } }: { pause: NonNullable<Gate["pauses"]["live"]> }) {
  return (
    <p class="muted small-text break">
      by {who}, <Time at={since} />
      {until !== null && (
        <>
          , ends <Time at={until} />
        </>
      )}
      {reason !== null && `: ${reason}`}
    </p>
  );
}

function Undo({ gate: { undo }, patch }: { gate: Gate; patch: Patch }) {
  if (undo === null || !may("pause") || !may("limits")) return null;
  return (
    <p class="muted">
      Last change by {undo.who}, <Time at={undo.at} />{" "}
      <ActButton class="small" act={() => patch({ undo: undo.at }, "Undone.")}>
        Undo
      </ActButton>
    </p>
  );
}

function Lanes({ gate, patch }: { gate: Gate; patch: Patch }) {
  const fields = { reason: useSignal(""), hours: useSignal("") };
  return (
    <section class="card" aria-labelledby="pause">
      <h2 id="pause">Lanes</h2>
      <p class="muted small-text">
        A paused lane keeps its jobs and makes none. Waiting costs nothing; viewers get originals.
      </p>
      {may("pause") && <PauseFields fields={fields} />}
      <ul class="switches">
        {LANES.map((lane) => {
          const paused = gate.paused[lane];
          return (
            <li key={lane} data-paused={paused}>
              <div class="grow">
                <b>{lane}</b>
                {gate.pauses[lane] && <PauseWords pause={gate.pauses[lane]} />}
              </div>
              <span class={paused ? "pill warn" : "pill good"}>{paused ? "paused" : "running"}</span>
              {may("pause") && (
                <ActButton
                  label={`${paused ? "Resume" : "Pause"} ${lane}`}
                  act={() =>
                    patch(
                      { paused: { [lane]: paused ? false : wanted(fields) } },
                      `${lane} ${paused ? "runs again" : "is paused"}.`,
                    )
                  }
                >
                  {paused ? "Resume" : "Pause"}
                </ActButton>
              )}
            </li>
          );
        })}
      </ul>
      {gate.reasons.length > 0 && (
        <ul class="reasons">
          {gate.reasons.map((reason) => (
            <li key={`${reason.code}${reason.lane}`}>
              {reason.lane && <b>{reason.lane}: </b>}
              <Said>{reason.message}</Said> {reason.until !== null && <Time at={reason.until} />}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const BREAKER: Record<Gate["breaker"]["state"], string> = {
  closed: "Closed: jobs go to Ittybit.",
  open: "Open: nothing goes to Ittybit, everything waits.",
  "half-open": "Half open: a test job runs.",
};

function Breaker({ gate: { breaker, throttledUntil }, patch }: { gate: Gate; patch: Patch }) {
  return (
    <section class="card" aria-labelledby="breaker">
      <h2 id="breaker">Breaker</h2>
      <p>
        <b>{BREAKER[breaker.state]}</b>
      </p>
      {breaker.reason && (
        <p class="break">
          {breaker.status !== null && <span class="pill bad">HTTP {breaker.status}</span>} {breaker.reason}
        </p>
      )}
      {breaker.since !== null && breaker.state !== "closed" && (
        <p class="muted">
          Since <Time at={breaker.since} />
          {breaker.probeAt !== null && (
            <>
              ; a test job runs <Time at={breaker.probeAt} />
            </>
          )}
          .
        </p>
      )}
      {throttledUntil !== null && throttledUntil > clock.value && (
        <p class="strip warn">
          <span>
            Ittybit asked to wait. Submissions continue <Time at={throttledUntil} />.
          </span>
        </p>
      )}
      {may("pause") && breaker.state !== "closed" && (
        <ActButton class="primary" act={() => patch({ breaker: { state: "closed" } }, "The breaker is closed again.")}>
          Reset the breaker
        </ActButton>
      )}
    </section>
  );
}

function GateNumbers({ gate }: { gate: Gate }) {
  const { rate, concurrency } = gate.limits;
  const found = ({ mode, why }: typeof rate) => (mode === "auto" ? `, automatic${why === null ? "" : `: ${why}`}` : "");
  const rows: [string, string][] = [
    ["Submissions a second", `${gate.rate.perSecond}, bursts of ${gate.rate.burst}${found(rate)}`],
    ["Jobs at Ittybit at once", `${count(gate.concurrency)}${found(concurrency)}`],
    ["Jobs a month", gate.budget.monthlyJobs === null ? "unlimited" : count(gate.budget.monthlyJobs)],
    ["Share warming may use", percent(gate.budget.warmingShare)],
    ["Share viewers may use", `${percent(gate.budget.liveShare)}, ${percent(gate.budget.liveDayShare)} of it a day`],
  ];
  return (
    <section class="card" aria-labelledby="limits">
      <h2 id="limits">Limits</h2>
      <dl class="facts tight">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Purge() {
  const [id, setId] = useState("");
  const [asking, setAsking] = useState(false);
  return (
    <section class="card" aria-labelledby="purge">
      <h2 id="purge">Purge an image</h2>
      <form
        class="row-form"
        onSubmit={(event) => {
          event.preventDefault();
          setAsking(true);
        }}
      >
        <label class="field grow">
          Image id
          <input
            type="text"
            required
            value={id}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => setId(event.currentTarget.value.trim())}
          />
        </label>
        <button type="submit" class="danger-outline" disabled={id === ""}>
          Purge…
        </button>
      </form>
      {asking && <PurgeDialog id={id} onClose={() => setAsking(false)} />}
    </section>
  );
}
