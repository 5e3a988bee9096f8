import type { Job } from "@prewarm/control-schema/jobs";
import { ask, may } from "../api/session.ts";
import { RETRYABLE } from "../lib/job-filter.ts";
import { ActButton } from "./act-button.tsx";

interface RetryButtonProps {
  job: Pick<Job, "job" | "id" | "transform" | "state">;
  changed(): void;
  class: string;
  [data: `data-${string}`]: boolean | undefined;
}

/** Tries a job again, or now where it waits for that; nothing where neither can be done. */
export function RetryButton({ job: { job, id, transform, state }, changed, ...rest }: RetryButtonProps) {
  const waits = state === "retrying";
  if (!may("retry") || (!waits && !RETRYABLE.some((one) => one === state))) return null;
  const retry = async () => {
    await ask("POST /api/v1/jobs/{job}/retry", { params: { job } });
    changed();
    return `${id}: ${waits ? "tried now" : "queued again"}.`;
  };
  const verb = waits ? "Try now" : "Retry";
  return (
    <ActButton {...rest} act={retry} label={`${verb}: ${id} ${transform}`}>
      {verb}
    </ActButton>
  );
}
