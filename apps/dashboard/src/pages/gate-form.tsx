import type { Gate, GatePatch } from "@prewarm/control-schema/gate";
import { raiseWords } from "@prewarm/shared/words";
import { useState } from "preact/hooks";
import { may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { count, plural } from "../lib/format.ts";
import {
  type Change,
  changesOf,
  type Draft,
  faultOf,
  NUMBERS,
  type NumberField,
  patchOf,
  textOf,
} from "../lib/gate-draft.ts";
import { LANES } from "../lib/job-filter.ts";
import { clock } from "../lib/live.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Said, Time } from "../ui/time.tsx";

/** Changes the gate and resolves with what to say of it. */
export type Patch = (change: GatePatch, said: string) => Promise<string>;

interface FormProps {
  gate: Gate;
  draft: Draft;
  set(key: string, text: string): void;
}

/** Lanes, limits and budget: what is typed stands below as before → after, and is applied together. */
export function GateForm({ gate, patch }: { gate: Gate; patch: Patch }) {
  const { per1000Jobs = null } = useStats().data.value?.spent ?? {};
  const [draft, setDraft] = useState<Draft>({});
  const set = (key: string, text: string) => setDraft((now) => ({ ...now, [key]: text }));
  const changes = changesOf(gate, draft, clock.value);
  const fields = { gate, draft, set };
  const monthly = changes.find(({ key }) => key === "monthly")?.value as number | null | undefined;
  const raise = monthly === undefined ? null : raiseWords(gate.budget.monthlyJobs, monthly, per1000Jobs);
  return (
    <form class="card" aria-label="Lanes, limits and budget" onSubmit={(event) => event.preventDefault()}>
      <Lanes {...fields} />
      <Limits {...fields} />
      {changes.length > 0 && (
        <Apply
          // A further change is asked about anew.
          key={raise}
          changes={changes}
          raise={raise}
          isFaulty={NUMBERS.some((field) => faultOf(field, draft[field.key] ?? textOf(field, gate)) !== null)}
          apply={async () => {
            const said = await patch(patchOf(changes), changes.map(words).join(". "));
            setDraft({});
            return `${said}.`;
          }}
          discard={() => setDraft({})}
        />
      )}
    </form>
  );
}

function words({ name, before, after }: Change): string {
  return `${name}: ${before} → ${after}`;
}

interface ApplyProps {
  changes: readonly Change[];
  /** What a raise of the budget may cost, in words; null: it is not raised. */
  raise: string | null;
  isFaulty: boolean;
  apply(): Promise<string>;
  discard(): void;
}

function Apply({ changes, raise, isFaulty, apply, discard }: ApplyProps) {
  const [isAsked, setAsked] = useState(false);
  const isAsking = raise !== null && !isAsked;
  const ask = async () => {
    setAsked(true);
    return `Jobs a month: ${raise}. Press again to raise it.`;
  };
  return (
    <section class="changes" aria-label="Changes">
      <ul class="reasons" role="status">
        {changes.map(({ key, name, before, after }) => (
          <li key={key} class="break">
            {name}: <s>{before}</s> → <b>{after}</b>
          </li>
        ))}
      </ul>
      <p class="row-form">
        <ActButton class="primary" act={isAsking ? ask : apply} disabled={isFaulty}>
          {raise !== null && isAsked ? `Raise it: ${raise}` : `Apply ${plural(changes.length, "change")}`}
        </ActButton>
        <button type="button" class="ghost" onClick={discard}>
          Discard
        </button>
      </p>
    </section>
  );
}

function Lanes({ gate, draft, set }: FormProps) {
  const isPausing = LANES.some((lane) => draft[lane] === "true" && !gate.paused[lane]);
  return (
    <fieldset>
      <legend id="pause">
        <h2>Lanes</h2>
      </legend>
      <p class="muted small-text">
        A paused lane keeps its jobs and makes none. Waiting costs nothing; viewers get originals.
      </p>
      <ul class="switches">
        {LANES.map((lane) => (
          <Lane key={lane} lane={lane} gate={gate} draft={draft} set={set} />
        ))}
      </ul>
      {isPausing && <PauseFields draft={draft} set={set} />}
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
    </fieldset>
  );
}

function Lane({ lane, gate, draft, set }: FormProps & { lane: (typeof LANES)[number] }) {
  const [isPaused, pause] = [gate.paused[lane], gate.pauses[lane]];
  return (
    <li data-paused={isPaused}>
      <div class="grow">
        <b>{lane}</b>
        {pause && <PauseWords pause={pause} />}
      </div>
      <span class={isPaused ? "pill warn" : "pill good"}>{isPaused ? "paused" : "running"}</span>
      {may("pause") && (
        <label class="check">
          <input
            type="checkbox"
            aria-label={`Pause ${lane}`}
            checked={(draft[lane] ?? String(isPaused)) === "true"}
            onChange={(event) => set(lane, String(event.currentTarget.checked))}
          />
          Pause
        </label>
      )}
    </li>
  );
}

function PauseFields({ draft, set }: Pick<FormProps, "draft" | "set">) {
  return (
    <div class="row-form">
      <label class="field grow">
        Reason (optional)
        <input
          type="text"
          maxLength={200}
          value={draft.reason ?? ""}
          onInput={(event) => set("reason", event.currentTarget.value)}
        />
      </label>
      <label class="field">
        Resume after (hours, optional)
        <input
          type="number"
          min={0}
          max={1000}
          step="any"
          value={draft.hours ?? ""}
          onInput={(event) => set("hours", event.currentTarget.value)}
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

function Limits(props: FormProps) {
  return (
    <fieldset>
      <legend id="limits">
        <h2>Limits and budget</h2>
      </legend>
      {may("limits") ? (
        NUMBERS.map((field) => <NumberInput key={field.key} field={field} {...props} />)
      ) : (
        <dl class="facts tight">
          {NUMBERS.map((field) => (
            <div key={field.key}>
              <dt>{field.name}</dt>
              <dd class="num">
                {field.number(props.gate) || field.empty} <HowFound limit={field.limit?.(props.gate)} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </fieldset>
  );
}

function NumberInput({ field, gate, draft, set }: FormProps & { field: NumberField }) {
  const { key, name, min, max, isWhole, empty, limit } = field;
  const text = draft[key] ?? textOf(field, gate);
  const fault = faultOf(field, text);
  return (
    <div class="number-form">
      <label class="field grow">
        {name}
        <input
          type="number"
          min={min}
          max={max}
          step={isWhole ? 1 : "any"}
          value={text === "auto" ? field.number(gate) : text}
          placeholder={empty && `Empty: ${empty}`}
          aria-invalid={fault !== null}
          onInput={(event) => set(key, event.currentTarget.value)}
        />
        {fault && <small role="status">{fault}</small>}
      </label>
      {limit && (
        <label class="check">
          <input
            type="checkbox"
            aria-label={`Automatic: ${name}`}
            checked={text === "auto"}
            onChange={(event) => set(key, event.currentTarget.checked ? "auto" : field.number(gate))}
          />
          Automatic
        </label>
      )}
      <HowFound limit={limit?.(gate)} />
    </div>
  );
}

/** How a limit came about: automatic, with its last move and the reason, or a number. */
function HowFound({ limit }: { limit: Gate["limits"]["rate"] | undefined }) {
  if (limit === undefined) return null;
  const { mode, min, max, why, since } = limit;
  return (
    <small class="muted how-found">
      {mode === "auto" ? (
        <>
          Automatic, between {min} and {count(max ?? 0)}. <Said>{why ?? "It has not changed yet."}</Said>{" "}
          {since !== null && <Time at={since} />}
        </>
      ) : mode === "pinned" ? (
        "Pinned by an operator."
      ) : (
        "Set in the configuration."
      )}
    </small>
  );
}
