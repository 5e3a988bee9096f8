import type { Action } from "@prewarm/control-schema/actions";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count } from "../lib/format.ts";
import { ActButton } from "./act-button.tsx";
import { StateBadge } from "./state-badge.tsx";
import { Time } from "./time.tsx";

/** What became of the jobs of a retry. */
function Outcome({ action: { outcome, run, state, canary } }: { action: Action }) {
  if (outcome === null) return null;
  const open = outcome.queued + outcome.processing + outcome.retrying;
  const parts = [
    `${count(outcome.stored)} stored`,
    outcome.dead > 0 && `${count(outcome.dead)} dead again`,
    outcome.refused > 0 && `${count(outcome.refused)} refused`,
    open > 0 && `${count(open)} still open`,
  ].filter(Boolean);
  return (
    <p class="num">
      {state === "halted" && <b>Stopped: not all of the first few were stored. </b>}
      {state === "running" && canary > 0 && `${count(canary)} go first; the others follow once these are stored. `}
      Of those retried: {parts.join(", ")}
      {run !== null && (
        <>
          {" "}
          · <a href={`/runs/${encodeURIComponent(run)}`}>the run</a>
        </>
      )}
    </p>
  );
}

/** Nothing changes any more: the action has ended, and so have the jobs of its retry. */
function hasEnded({ state, outcome }: Action): boolean {
  return state !== "running" && (outcome === null || outcome.queued + outcome.processing + outcome.retrying === 0);
}

/** An action under way: how far it is, and a way to stop it. Polls until it has ended. */
export function ActionProgress({ action: given }: { action: Action }) {
  const resource = useResource(
    given.action,
    (signal) => ask("GET /api/v1/actions/{action}", { params: { action: given.action }, signal }),
    1000,
    { isFinal: hasEnded },
  );
  const action = resource.data.value ?? given;
  const gone = action.done + action.skipped;
  const stop = async () => {
    await ask("DELETE /api/v1/actions/{action}", { params: { action: action.action } });
    await resource.refresh();
    return "Stopped. What was done stays done.";
  };
  return (
    <div class="stack">
      <div class="row">
        <StateBadge state={action.state} />
        <span class="num">
          {count(action.done)} of {action.exact ? "" : "at least "}
          {count(Math.max(action.total, action.done))}
          {action.agreed !== null &&
            action.agreed.left > 0 &&
            ` · ${count(action.agreed.left)} began to match later and were left alone`}
          {action.skipped > 0 && ` · ${count(action.skipped)} had changed and were skipped`}
        </span>
        <span class="muted">
          {action.kind} by {action.who}, <Time at={action.createdAt} />
        </span>
        {action.state === "running" && may(action.kind) && (
          <ActButton class="small" act={stop}>
            Stop
          </ActButton>
        )}
      </div>
      <Outcome action={action} />
      <progress
        aria-label={`${action.kind}: ${gone} of ${action.total}`}
        max={Math.max(action.total, 1)}
        value={action.state === "done" ? Math.max(action.total, 1) : action.exact ? gone : undefined}
      />
    </div>
  );
}
