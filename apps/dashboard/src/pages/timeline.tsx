import type { Attempt, JobDetail } from "@prewarm/control-schema/jobs";
import type { JobState } from "@prewarm/control-schema/words";
import type { ComponentChildren } from "preact";
import { duration, plural } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { moment } from "../lib/time-style.ts";
import { Card } from "../ui/card.tsx";
import { Then, Time } from "../ui/time.tsx";

/** What happened to a job, from its creation to its end, the oldest first, with every failed attempt. */
export function Timeline({ job }: { job: JobDetail }) {
  const { attempts, history, submittedAt, createdAt } = job;
  const hidden = attempts - history.length;
  const since = Math.max(createdAt, ...history.map(({ endedAt }) => endedAt));
  return (
    <Card title="Timeline">
      <ol class="timeline">
        <Moment state="queued" title="Accepted" at={createdAt}>
          into {job.lane}
        </Moment>
        {hidden > 0 && (
          <li class="muted">{plural(hidden, "older failed attempt is", "older failed attempts are")} not kept.</li>
        )}
        {history.map((attempt) => (
          <AttemptItem key={`${attempt.number}-${attempt.endedAt}`} attempt={attempt} />
        ))}
        {submittedAt !== null && (
          <Moment state="processing" title="Submitted" at={submittedAt}>
            to Ittybit after {duration(Math.max(0, submittedAt - since))} in the queue
          </Moment>
        )}
        <Now job={job} />
      </ol>
    </Card>
  );
}

interface MomentProps {
  state: JobState;
  title: string;
  at: number;
  children: ComponentChildren;
  /** What an error said. */
  error?: Pick<NonNullable<JobDetail["error"]>, "code" | "message"> | null;
}

function Moment({ state, title, at, children, error = null }: MomentProps) {
  return (
    <li data-state={state}>
      <p>
        <b>{title}</b> {children}{" "}
        <span class="muted">
          <Time at={at} />
        </span>
      </p>
      {error !== null && (
        <p class="row-error small-text break">
          <span class="mono">{error.code}</span> {error.message}
        </p>
      )}
    </li>
  );
}

function AttemptItem({ attempt }: { attempt: Attempt }) {
  const { number, httpStatus, tookMs, endedAt, code, kind, message, ittybitJob, startedAt } = attempt;
  const error = { code: kind ? `${code} (${kind})` : code, message };
  return (
    <Moment state="dead" title={`Attempt ${number} failed`} at={endedAt} error={error}>
      {httpStatus !== null && <span class="pill">HTTP {httpStatus}</span>}
      {tookMs !== null && <span class="muted"> after {duration(tookMs)}</span>}
      {ittybitJob && (
        <span class="muted small-text">
          {" "}
          Ittybit job <span class="mono">{ittybitJob}</span>
          <Then words=", submitted" at={startedAt} asClock />
        </span>
      )}
      ,
    </Moment>
  );
}

/** How long it took, and how much of that Ittybit worked on it. */
function storedWords({ createdAt, storedAt, tookMs }: JobDetail): string {
  if (storedAt === null) return "";
  const worked = tookMs === null ? "" : ` Ittybit worked on it for ${duration(tookMs)}.`;
  return `${duration(storedAt - createdAt)} after it was accepted.${worked}`;
}

function Now({ job }: { job: JobDetail }) {
  const { state, due, storedAt, updatedAt, error } = job;
  const next = due !== null && due > clock.value ? ` Prewarm looks again ${moment(due, clock.value)}.` : "";
  const words: Record<JobState, [string, string]> = {
    queued: ["Waits", `for its turn in ${job.lane}.${next}`],
    processing: ["Ittybit is making it", next],
    retrying: ["Waits for the next attempt", next],
    stored: ["Stored", storedWords(job)],
    dead: ["Dead", "Prewarm will not try again by itself. Retry it here."],
    refused: ["Refused", "No variant can be made from this original. Upload a new one, or retry."],
    cancelled: ["Cancelled", "No variant was stored."],
  };
  const [title, text] = words[state];
  return (
    <Moment state={state} title={title} at={storedAt ?? updatedAt} error={state === "refused" ? error : null}>
      {text}
    </Moment>
  );
}
