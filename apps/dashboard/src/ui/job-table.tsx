import type { Job } from "@prewarm/control-schema/jobs";
import { isOperator } from "../api/session.ts";
import { size } from "../lib/format.ts";
import { imageUrl } from "../lib/paths.ts";
import { transformWords } from "../lib/transform-words.ts";
import { RetryButton } from "./retry-button.tsx";
import type { Selection } from "./selection.ts";
import { type Sort, SortHeads, useSort } from "./sort.tsx";
import { StateBadge } from "./state-badge.tsx";
import { Thumb } from "./thumb.tsx";
import { Time } from "./time.tsx";

interface JobTableProps {
  jobs: readonly Job[];
  caption: string;
  selection: Selection;
  changed(): void;
}

/** By what the rows can be sorted. */
const COLUMNS: Record<string, (job: Job) => string | number | null> = {
  image: ({ id, transform }) => `${id} ${transform}`,
  state: ({ state }) => state,
  lane: ({ lane }) => lane,
  attempts: ({ attempts }) => attempts,
  size: ({ bytes }) => bytes,
  changed: ({ updatedAt }) => updatedAt,
};
const HEADS = {
  image: "Image and transform",
  state: "State",
  lane: "Lane",
  attempts: "Attempts",
  size: "Size",
  changed: "Changed",
};
/** Cells of a row without those of an operator. */
const CELLS = 6;

/** Jobs as rows, errors in them: those of one image together, unless the reader sorts by a column. */
export function JobTable({ jobs, caption, selection, changed }: JobTableProps) {
  selection.see(jobs);
  const [sorted, sort] = useSort(jobs, COLUMNS);
  const groups = sort.order === null ? [...Map.groupBy(sorted, ({ id }) => id).values()] : sorted.map((job) => [job]);
  const order = groups.flat().map((job) => job.job);
  return (
    <div class="table-box">
      <table class="rows jobs">
        <caption class="visually-hidden">{caption}</caption>
        <Head order={order} selection={selection} sort={sort} />
        <tbody>
          {groups.flatMap((group) => [
            group.length > 1 && group[0] && <ImageRow key={group[0].id} id={group[0].id} count={group.length} />,
            ...group.map((job) => (
              <JobRow
                key={job.job}
                job={job}
                isGrouped={group.length > 1}
                order={order}
                selection={selection}
                changed={changed}
              />
            )),
          ])}
        </tbody>
      </table>
    </div>
  );
}

function Head({ order, selection, sort }: { order: readonly string[]; selection: Selection; sort: Sort }) {
  const all = order.length > 0 && order.every((id) => selection.ids.value.has(id));
  return (
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
        <SortHeads of={HEADS} right={["attempts", "size", "changed"]} sort={sort} />
        {isOperator.value && (
          <th scope="col">
            <span class="visually-hidden">Actions</span>
          </th>
        )}
      </tr>
    </thead>
  );
}

/** Above several jobs of one image. */
function ImageRow({ id, count }: { id: string; count: number }) {
  return (
    <tr class="image-row">
      <th scope="rowgroup" colSpan={CELLS + (isOperator.value ? 2 : 0)}>
        <Thumb id={id} />
        <a href={imageUrl(id)} class="break">
          {id}
        </a>{" "}
        <span class="muted small-text">{count} jobs here</span>
      </th>
    </tr>
  );
}

interface JobRowProps extends Omit<JobTableProps, "jobs" | "caption"> {
  job: Job;
  /** Its image stands above it. */
  isGrouped: boolean;
  order: readonly string[];
}

function JobRow({ job, isGrouped, order, selection, changed }: JobRowProps) {
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
        {!isGrouped && <Thumb id={job.id} />}
        <a href={`/jobs/${job.job}`} title={job.transform}>
          <b class={isGrouped ? "visually-hidden" : "clip"}>{job.id}</b>{" "}
          <span class={isGrouped ? "" : "muted"}>{transformWords(job.transform)}</span>
        </a>{" "}
        {job.error && (
          <p class="row-error small-text break">
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
      {isOperator.value && (
        <td class="right">
          <RetryButton job={job} changed={changed} class="small" data-retry />
        </td>
      )}
    </tr>
  );
}
