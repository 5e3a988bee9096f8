import type { JobDetail } from "@prewarm/control-schema/jobs";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { shellQuote } from "../lib/curl.ts";
import { OPEN, RETRYABLE } from "../lib/job-filter.ts";
import { transformWords } from "../lib/transform-words.ts";
import { ActButton } from "../ui/act-button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { RetryButton } from "../ui/retry-button.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { Said } from "../ui/time.tsx";
import { View } from "../ui/view.tsx";
import { Compare } from "./compare.tsx";
import { JobFacts } from "./job-facts.tsx";
import { Timeline } from "./timeline.tsx";

/** One job: its facts, what happened to it, and its result. */
export function JobPage({ job }: { job: string }) {
  const resource = useResource(job, (signal) => ask("GET /api/v1/jobs/{job}", { params: { job }, signal }), 2000);
  return (
    <View resource={resource} what="this job" whole={`Job ${job}`}>
      {(data) => (
        <>
          <Head job={data} changed={() => void resource.refresh()} />
          <Why job={data} />
          <div class="columns wide-left">
            <div>
              <Compare job={data} />
              <Timeline job={data} />
            </div>
            <JobFacts job={data} />
          </div>
        </>
      )}
    </View>
  );
}

const STATES_WITH_CAUSE = ["dead", "refused", "retrying"] as const;

/** Right under the state: why it failed, and why it waits. */
function Why({ job }: { job: JobDetail }) {
  const failed = STATES_WITH_CAUSE.some((state) => state === job.state) && job.error !== null;
  if (!failed && job.waitingFor === null) return null;
  return (
    <section class={job.state === "dead" ? "strip bad" : "strip warn"} aria-label="Why">
      <div>
        {failed && (
          <p class="break">
            <b class="mono">{job.error?.code}</b> {job.error?.message}
          </p>
        )}
        {job.waitingFor && (
          <p>
            <Said>{job.waitingFor.text}</Said>
          </p>
        )}
        {job.state === "refused" && <p>No variant can be made from this original. Upload a new one, or retry.</p>}
      </div>
      {failed && <a href="/jobs/causes?window=all">Causes</a>}
    </section>
  );
}

function Head({ job, changed }: { job: JobDetail; changed(): void }) {
  const open = OPEN.some((state) => state === job.state);
  const cancel = async () => {
    await ask("POST /api/v1/jobs/{job}/cancel", { params: { job: job.job } });
    changed();
    return "Cancelled.";
  };
  return (
    <header class="page-head">
      <div class="grow">
        <p class="crumbs muted small-text">
          <a href="/jobs">Jobs</a> / <span class="mono">{job.job}</span>
        </p>
        <h1 class="break">{job.id}</h1>
        <p class="muted break" title={job.transform}>
          {transformWords(job.transform)}
        </p>
      </div>
      <StateBadge state={job.state} />
      <RetryButton job={job} changed={changed} class="primary" data-retry-page />
      {may("cancel") && open && <ActButton act={cancel}>Cancel</ActButton>}
      <CopyButton what="The command" text={curlOf(job)}>
        Copy as curl
      </CopyButton>
      <a class="button" href={`/api/v1/jobs/${encodeURIComponent(job.job)}`} target="_blank" rel="noreferrer">
        JSON
      </a>
    </header>
  );
}

/** The call that retries it, or reads it; the token stays in the shell. */
function curlOf(job: JobDetail): string {
  const ended = RETRYABLE.some((one) => one === job.state);
  const address = `${location.origin}/api/v1/jobs/${job.job}${ended ? "/retry" : ""}`;
  return `curl ${ended ? "-X POST " : ""}-H "Authorization: Bearer $ADMIN_TOKEN" ${shellQuote(address)}`;
}
