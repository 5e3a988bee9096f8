import type { Attempt, JobDetail } from "@prewarm/control-schema/jobs";
import { duration } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { moment } from "../lib/time-style.ts";
import { Card } from "../ui/card.tsx";
import { Time } from "../ui/time.tsx";

/** What happened to a job, from its creation to its end, the oldest first, with every failed attempt. */
export function Timeline({ job }: { job: JobDetail }) {
  const hidden = Math.max(0, job.attempts - job.history.length);
  return (
    <Card title="Timeline">
      <ol class="timeline">
        <li data-state="queued">
          <p>
            <b>Accepted</b> into {job.lane}{" "}
            <span class="muted">
              <Time at={job.createdAt} />
            </span>
          </p>
        </li>
        {hidden > 0 && (
          <li class="muted">
            {hidden} older failed {hidden === 1 ? "attempt is" : "attempts are"} not kept.
          </li>
        )}
        {job.history.map((attempt) => (
          <AttemptItem key={`${attempt.number}-${attempt.endedAt}`} attempt={attempt} />
        ))}
        <Submitted job={job} />
        <Now job={job} />
      </ol>
    </Card>
  );
}

function AttemptItem({ attempt }: { attempt: Attempt }) {
  return (
    <li data-state="dead">
      <p>
        <b>Attempt {attempt.number} failed</b>
        {attempt.httpStatus !== null && <span class="pill">HTTP {attempt.httpStatus}</span>}
        {attempt.tookMs !== null && <span class="muted"> after {duration(attempt.tookMs)}</span>},{" "}
        <span class="muted">
          <Time at={attempt.endedAt} />
        </span>
      </p>
      <p class="row-error small-text break">
        <span class="mono">
          {attempt.code}
          {attempt.kind && ` (${attempt.kind})`}
        </span>{" "}
        {attempt.message}
      </p>
      {attempt.ittybitJob && (
        <p class="muted small-text">
          Ittybit job <span class="mono">{attempt.ittybitJob}</span>
          {attempt.startedAt !== null && (
            <>
              , submitted <Time at={attempt.startedAt} asClock />
            </>
          )}
        </p>
      )}
    </li>
  );
}

/** The try that is under way, or that was stored: how long it stood in line. */
function Submitted({ job: { submittedAt, createdAt, history } }: { job: JobDetail }) {
  if (submittedAt === null) return null;
  const since = Math.max(createdAt, ...history.map(({ endedAt }) => endedAt));
  return (
    <li data-state="processing">
      <p>
        <b>Submitted</b> to Ittybit after {duration(Math.max(0, submittedAt - since))} in the queue{" "}
        <span class="muted">
          <Time at={submittedAt} />
        </span>
      </p>
    </li>
  );
}

/** How long it took, and how much of that Ittybit worked on it. */
function storedWords({ createdAt, storedAt, tookMs }: JobDetail): string {
  if (storedAt === null) return "";
  const worked = tookMs === null ? "" : ` Ittybit worked on it for ${duration(tookMs)}.`;
  return `${duration(storedAt - createdAt)} after it was accepted.${worked}`;
}

function Now({ job }: { job: JobDetail }) {
  const next = job.due !== null && job.due > clock.value ? ` Prewarm looks again ${moment(job.due, clock.value)}.` : "";
  const words: Record<JobDetail["state"], [string, string]> = {
    queued: ["Waits", `for its turn in ${job.lane}.${next}`],
    processing: ["Ittybit is making it", next],
    retrying: ["Waits for the next attempt", next],
    stored: ["Stored", storedWords(job)],
    dead: ["Dead", "Prewarm will not try again by itself. Retry it here."],
    refused: ["Refused", "No variant can be made from this original. Upload a new one, or retry."],
    cancelled: ["Cancelled", "No variant was stored."],
  };
  const [title, text] = words[job.state];
  return (
    <li data-state={job.state}>
      <p>
        <b>{title}</b> {text}{" "}
        <span class="muted">
          <Time at={job.storedAt ?? job.updatedAt} />
        </span>
      </p>
      {job.state === "refused" && job.error && (
        <p class="row-error small-text break">
          <span class="mono">{job.error.code}</span> {job.error.message}
        </p>
      )}
    </li>
  );
}
