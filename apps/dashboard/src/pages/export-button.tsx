import type { Job } from "@prewarm/control-client/schema";
import { useState } from "preact/hooks";
import { ask } from "../api/session.ts";
import { toCsv } from "../lib/csv.ts";
import { count } from "../lib/format.ts";
import type { JobFilter } from "../lib/job-filter.ts";
import { notify } from "../ui/toast.tsx";

const MOST = 10_000;
const PAGE = 1000;

/** The filter's jobs as CSV, up to 10,000; the API pages on from there. */
export function ExportButton({ filter }: { filter: JobFilter }) {
  const [got, setGot] = useState<number | null>(null);
  const run = async () => {
    try {
      const jobs = await collect(filter, setGot);
      save(toCsv(jobs));
      notify(`${count(jobs.length)} jobs exported.`);
    } catch (error) {
      notify(error instanceof Error ? error.message : String(error), true);
    }
    setGot(null);
  };
  return (
    <button type="button" disabled={got !== null} onClick={() => void run()}>
      {got === null ? "Export CSV" : `${count(got)}…`}
    </button>
  );
}

async function collect(filter: JobFilter, progress: (got: number) => void): Promise<Job[]> {
  const jobs: Job[] = [];
  let cursor: string | null = null;
  do {
    const { run, search } = filter;
    const query = {
      state: filter.states,
      lane: filter.lanes,
      limit: PAGE,
      ...(run ? { run } : {}),
      ...(search ? { search } : {}),
      ...(cursor ? { cursor } : {}),
    };
    const page: { jobs: Job[]; nextCursor: string | null } = await ask("GET /api/v1/jobs", { query });
    jobs.push(...page.jobs);
    progress(jobs.length);
    cursor = page.nextCursor;
  } while (cursor && jobs.length < MOST);
  return jobs.slice(0, MOST);
}

function save(text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "jobs.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}
