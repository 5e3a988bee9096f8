import type { Gate, GatePatch } from "@prewarm/control-schema/gate";
import { useState } from "preact/hooks";
import { count } from "../lib/format.ts";
import { ActButton } from "../ui/act-button.tsx";
import { HowFound } from "./how-found.tsx";

/** Changes the gate and resolves with what to say of it. */
export type Patch = (change: GatePatch, said: string) => Promise<string>;

/** Rate, concurrency and budget. A field keeps what is typed until it is applied or undone. */
export function GateForms({ gate, patch }: { gate: Gate; patch: Patch }) {
  return (
    <section class="card" aria-labelledby="limits">
      <h2 id="limits">Limits</h2>
      <NumberForm
        name="Submissions a second"
        now={gate.rate.perSecond}
        min={0.1}
        max={10_000}
        step="any"
        apply={(value) => patch({ rate: value }, `Rate: ${value} a second.`)}
      />
      <HowFound
        name="Submissions a second"
        limit={gate.limits.rate}
        find={() => patch({ rate: "auto" }, "The rate is automatic again.")}
      />
      <NumberForm
        name="Burst"
        now={gate.rate.burst}
        min={1}
        max={10_000}
        apply={(value) => patch({ rate: { burst: value } }, `Burst: ${value}.`)}
      />
      <NumberForm
        name="Jobs at Ittybit at once"
        now={gate.concurrency}
        min={1}
        max={10_000}
        apply={(value) => patch({ concurrency: value }, `Concurrency: ${value}.`)}
      />
      <HowFound
        name="Jobs at Ittybit at once"
        limit={gate.limits.concurrency}
        find={() => patch({ concurrency: "auto" }, "The concurrency is automatic again.")}
      />
      <BudgetForms gate={gate} patch={patch} />
    </section>
  );
}

function BudgetForms({ gate, patch }: { gate: Gate; patch: Patch }) {
  return (
    <>
      <NumberForm
        name="Jobs a month"
        hint="Empty: unlimited"
        now={gate.budget.monthlyJobs}
        min={0}
        max={1_000_000_000}
        apply={(value) => patch({ budget: { monthlyJobs: value } }, `Budget: ${count(value)} a month.`)}
        empty={() => patch({ budget: { monthlyJobs: null } }, "Budget: unlimited.")}
      />
      <NumberForm
        name="Share warming may use, in %"
        now={Math.round(gate.budget.warmingShare * 1000) / 10}
        min={0}
        max={100}
        step="any"
        apply={(value) => patch({ budget: { warmingShare: value / 100 } }, `Warming may use ${value} %.`)}
      />
    </>
  );
}

interface NumberFormProps {
  name: string;
  /** What holds now; null: no limit. */
  now: number | null;
  min: number;
  max: number;
  step?: "any";
  hint?: string;
  apply(value: number): Promise<string>;
  /** Applies an empty field, where that means something. */
  empty?(): Promise<string>;
}

function NumberForm({ name, now, min, max, step, hint, apply, empty }: NumberFormProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? (now === null ? "" : String(now));
  const value = Number(text);
  const valid =
    text.trim() === ""
      ? empty !== undefined
      : value >= min && value <= max && (step === "any" || Number.isInteger(value));
  const act = async () => {
    const said = text.trim() === "" && empty ? await empty() : await apply(value);
    setTyped(null);
    return said;
  };
  return (
    <div class="number-form">
      <label class="field grow">
        {name}
        <input
          type="number"
          min={min}
          max={max}
          step={step ?? 1}
          value={text}
          placeholder={hint}
          aria-invalid={!valid}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        {!valid && (
          <small role="status">
            {step === "any" ? "A number" : "A whole number"} from {min} to {count(max)}
          </small>
        )}
      </label>
      <ActButton act={act} disabled={typed === null || !valid} label={`Apply: ${name}`}>
        Apply
      </ActButton>
      {typed !== null && (
        <button type="button" class="ghost" aria-label={`Undo: ${name}`} onClick={() => setTyped(null)}>
          Undo
        </button>
      )}
    </div>
  );
}
