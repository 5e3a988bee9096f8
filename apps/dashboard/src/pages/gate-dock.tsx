import type { Gate } from "@prewarm/control-schema/gate";
import { raiseWords } from "@prewarm/shared/words";
import { useState } from "preact/hooks";
import { may } from "../api/session.ts";
import { useStats } from "../api/stats.tsx";
import { plural } from "../lib/format.ts";
import { type Change, type Draft, faultOf, NUMBERS, type Patch, patchOf, textOf } from "../lib/gate-draft.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Time } from "../ui/time.tsx";

interface DockProps {
  gate: Gate;
  changes: readonly Change[];
  draft: Draft;
  patch: Patch;
  /** Takes one change back, or all of them (null). */
  drop(key: string | null): void;
}

/** Below the form: what would change, as before → after, with one button for all of it; else the last change, to be undone. */
export function Dock({ gate, changes, draft, patch, drop }: DockProps) {
  const { per1000Jobs = null } = useStats().data.value?.spent ?? {};
  const monthly = changes.find(({ key }) => key === "monthly")?.value as number | null | undefined;
  const raise = monthly === undefined ? null : raiseWords(gate.budget.monthlyJobs, monthly, per1000Jobs);
  if (changes.length === 0) return <LastChange gate={gate} patch={patch} />;
  return (
    <section class="card dock row spread" aria-label="Changes" data-draft>
      <ul role="status">
        {changes.map(({ key, name, before, after }) => (
          <li key={key} class="break">
            <button type="button" class="ghost small" aria-label={`Take back: ${name}`} onClick={() => drop(key)} />
            {name}: <s>{before}</s> → <b>{after}</b>
          </li>
        ))}
      </ul>
      <Apply
        // A further change is asked about anew.
        key={raise}
        changes={changes}
        raise={raise}
        isFaulty={NUMBERS.some((field) => faultOf(field, draft[field.key] ?? textOf(field, gate)) !== null)}
        apply={async () => {
          const said = await patch(patchOf(changes), changes.map(words).join(". "));
          drop(null);
          return `${said}.`;
        }}
        discard={() => drop(null)}
      />
    </section>
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
    <p class="row">
      <button type="button" class="ghost" onClick={discard}>
        Discard
      </button>
      <ActButton class="primary" act={isAsking ? ask : apply} disabled={isFaulty}>
        {raise !== null && isAsked ? `Raise it: ${raise}` : `Apply ${plural(changes.length, "change")}`}
      </ActButton>
    </p>
  );
}

function LastChange({ gate: { undo }, patch }: { gate: Gate; patch: Patch }) {
  const isAllowed = may("pause") && may("limits");
  return (
    <section class="card dock row spread" aria-label="Last change">
      {undo === null ? (
        <p class="muted">Nothing to undo. A switch or a number changes nothing until it is applied here.</p>
      ) : (
        <>
          <p>
            Last change by {undo.who}, <Time at={undo.at} />
          </p>
          {isAllowed && <ActButton act={() => patch({ undo: undo.at }, "Undone.")}>Undo</ActButton>}
        </>
      )}
    </section>
  );
}
