import { filterUrl, type JobFilter } from "../lib/job-filter.ts";

/** The whole filter, streamed by the server. */
export function ExportLinks({ filter }: { filter: JobFilter }) {
  const query = filterUrl({ ...filter, cursor: null }).slice("/jobs".length);
  return (
    <>
      {(["csv", "ndjson"] as const).map((ending) => (
        <a key={ending} class="button" href={`/api/v1/jobs.${ending}${query}`} download={`jobs.${ending}`}>
          {ending.toUpperCase()}
          <span class="visually-hidden"> of all that match</span>
        </a>
      ))}
    </>
  );
}
