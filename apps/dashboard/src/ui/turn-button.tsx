import type { Run } from "@prewarm/control-schema/runs";
import { ask, may } from "../api/session.ts";
import { ActButton } from "./act-button.tsx";

interface TurnProps {
  run: Run;
  changed(): unknown;
}

/** Lets an open run go first in its lane, or take turns with the others again; nothing where that is not to be had. */
export function TurnButton({ run, changed }: TurnProps) {
  if (!may("promote") || run.lane === "live" || (run.state !== "running" && run.state !== "accepting")) return null;
  const isFirst = run.first !== null;
  const verb = isFirst ? "In turn" : "First";
  return (
    <ActButton
      class="small"
      label={`${verb}: ${run.label ?? run.run}`}
      act={async () => {
        const said = await giveTurn(run.run, !isFirst);
        await changed();
        return said;
      }}
    >
      {verb}
    </ActButton>
  );
}

/** Whether a run goes before the others of its lane; what was done, in words. */
export async function giveTurn(run: string, first: boolean): Promise<string> {
  const { label, lane } = await ask("PATCH /api/v1/runs/{run}", { params: { run }, body: { first } });
  return first ? `${label ?? run} goes first in ${lane}.` : `${label ?? run} takes turns again.`;
}
