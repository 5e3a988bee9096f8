import type { Job } from "@prewarm/control-schema/jobs";
import { ask, isOperator, may } from "../api/session.ts";
import { size } from "../lib/format.ts";
import { RETRYABLE } from "../lib/job-filter.ts";
import { ActButton } from "./act-button.tsx";
import type { Selection } from "./selection.ts";
import { StateBadge } from "./state-badge.tsx";
import { Thumb } from "./thumb.tsx";
import { Time } from "./time.tsx";

interface JobTableProps {
  jobs: readonly Job[];
  caption: string;
  selection: Selection;
  changed(): void;
}

/** Jobs as rows, errors in them. */
export function JobTable({ jobs, caption, selection, changed }: JobTableProps) {
  const order = jobs.map((job) => job.job);
  selection.see(jobs);
  const all = order.length > 0 && order.every((id) => selection.ids.value.has(id));
  return (
    <div class="table-box">
      <table class="jobs">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {isOperator.value && (
              <th scope="col" class="tick">
                <input
                  type="checkbox"
                  aria-label="Select all on this page"
                  checked={all}
                  onChange={() => selection.setAll(order, !all)}
                />
              </th>
            )}
            <th scope="col">Image and transform</th>
            <th scope="col">State</th>
            <th scope="col">Lane</th>
            <th scope="col" class="right">
              Attempts
            </th>
            <th scope="col" class="right">
              Size
            </th>
            <th scope="col" class="right">
              Changed
            </th>
            {isOperator.value && (
              <th scope="col">
                <span class="visually-hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <JobRow key={job.job} job={job} order={order} selection={selection} changed={changed} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function JobRow({
  job,
  order,
  selection,
  changed,
}: Omit<JobTableProps, "jobs" | "caption"> & { job: Job; order: readonly string[] }) {
  const ticked = selection.ids.value.has(job.job);
  return (
    <tr data-row={job.job} data-ticked={ticked}>
      {isOperator.value && (
        <td class="tick">
          <input
            type="checkbox"
            aria-label={`Select ${job.id} ${job.transform}`}
            checked={ticked}
            onClick={(event) => selection.click(job.job, order, event.shiftKey)}
          />
        </td>
      )}
      <td class="what">
        <Thumb id={job.id} />
        <a href={`/jobs/${job.job}`}>
          <b class="clip">{job.id}</b> <span class="mono muted">{job.transform}</span>
        </a>
        {job.error && (
          <p class="row-error">
            <span class="mono">{job.error.code}</span> {job.error.message}
          </p>
        )}
      </td>
      <td data-label="State">
        <StateBadge state={job.state} />
      </td>
      <td data-label="Lane">{job.lane}</td>
      <td data-label="Attempts" class="right num">
        {job.attempts}
      </td>
      <td data-label="Size" class="right num nowrap">
        {size(job.bytes)}
      </td>
      <td data-label="Changed" class="right num nowrap">
        <Time at={job.updatedAt} />
      </td>
      {isOperator.value && <td class="right">{may("retry") && <RowAction job={job} changed={changed} />}</td>}
    </tr>
  );
}

function RowAction({ job, changed }: { job: Job; changed(): void }) {
  const waits = job.state === "retrying";
  if (!waits && !RETRYABLE.some((state) => state === job.state)) return null;
  const retry = async () => {
    await retryJob(job.job);
    changed();
    return waits ? `It is tried now: ${job.id}` : `Queued again: ${job.id}`;
  };
  const verb = waits ? "Try now" : "Retry";
  return (
    <ActButton class="small" act={retry} data-retry label={`${verb}: ${job.id} ${job.transform}`}>
      {verb}
    </ActButton>
  );
}

export async function retryJob(job: string): Promise<void> {
  await ask("POST /api/v1/jobs/{job}/retry", { params: { job } });
}
