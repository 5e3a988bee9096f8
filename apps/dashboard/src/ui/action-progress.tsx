import type { Action } from "@prewarm/control-client/schema";
import { ask, isOperator } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, relative } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { ActButton } from "./act-button.tsx";
import { StateBadge } from "./state-badge.tsx";

/** An action under way: how far it is, and a way to stop it. Polls until it has ended. */
export function ActionProgress({ action: given }: { action: Action }) {
  const resource = useResource(
    given.action,
    (signal) => ask("GET /api/v1/actions/{action}", { params: { action: given.action }, signal }),
    1000,
  );
  const action = resource.data.value ?? given;
  const gone = action.done + action.skipped;
  const stop = async () => {
    await ask("DELETE /api/v1/actions/{action}", { params: { action: action.action } });
    await resource.refresh();
    return "Stopped. What it has done stays done.";
  };
  return (
    <div class="action">
      <div class="action-head">
        <StateBadge state={action.state} />
        <span class="num">
          {count(action.done)} of {count(action.total)}
          {action.skipped > 0 && ` · ${count(action.skipped)} had changed and were left alone`}
        </span>
        <span class="muted">
          {action.kind} by {action.who}, {relative(action.createdAt, clock.value)}
        </span>
        {action.state === "running" && isOperator.value && (
          <ActButton class="small" act={stop}>
            Stop
          </ActButton>
        )}
      </div>
      <progress
        aria-label={`${action.kind}: ${gone} of ${action.total}`}
        max={Math.max(action.total, 1)}
        value={action.state === "done" ? Math.max(action.total, 1) : gone}
      />
    </div>
  );
}
