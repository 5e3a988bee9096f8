import type { Gate } from "@prewarm/control-schema/gate";
import { useEffect, useState } from "preact/hooks";
import { patchGate } from "../api/patch-gate.ts";
import { ask, isOperator, may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { clock } from "../lib/live.ts";
import { place } from "../lib/router.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Time } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";
import { ActionList } from "./action-list.tsx";
import { AuditLog } from "./audit-log.tsx";
import { GateForm, type Patch } from "./gate-form.tsx";

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
  title?.closest("section, fieldset")?.querySelector<HTMLElement>("input, button")?.focus();
}

function Controls({ gate, patch }: { gate: Gate; patch: Patch }) {
  useEffect(focusForm, [place.value.hash]);
  return (
    <div class="columns">
      <GateForm gate={gate} patch={patch} />
      <div>
        <Undo gate={gate} patch={patch} />
        <Breaker gate={gate} patch={patch} />
      </div>
    </div>
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
