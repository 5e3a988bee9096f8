import { ApiError } from "@prewarm/control-client/client";
import type { ComponentChildren } from "preact";
import type { Resource } from "../api/poll.ts";
import { useStatsIfAny } from "../api/stats.tsx";
import { relative } from "../lib/format.ts";
import { browserClock } from "../lib/live.ts";
import { Skeleton } from "./skeleton.tsx";

interface ViewProps<T> {
  resource: Resource<T>;
  /** What is being waited for: "jobs", "this run". */
  what: string;
  /** The page's title, where the resource is all that the page shows: a failure then gets the page's first heading. */
  whole?: string;
  children(data: T): ComponentChildren;
}

/** Shows a resource while it loads, when it failed, and when it is here. After a failure the older answer stays, marked as old. */
export function View<T>({ resource, what, whole, children }: ViewProps<T>) {
  const data = resource.data.value;
  const error = resource.error.value;
  // The banner above says so already, once for everything on the page.
  const isSilent = (useStatsIfAny()?.error.value ?? null) !== null;
  if (data !== null) {
    return (
      <>
        {error && !isSilent && <Stale error={error} at={resource.loadedAt.value} retry={resource.refresh} />}
        {resource.previous.value && (
          <p class="visually-hidden" role="status">
            Loading {what}…
          </p>
        )}
        <div class="view" inert={resource.previous.value}>
          {children(data)}
        </div>
      </>
    );
  }
  if (error) return <ProblemCard error={error} what={what} whole={whole !== undefined} retry={resource.refresh} />;
  return <Skeleton what={what} title={whole} />;
}

function Stale({ error, at, retry }: { error: Error; at: number | null; retry(): Promise<void> }) {
  return (
    <p class="strip warn" role="status">
      <span>
        These numbers are from {relative(at, browserClock.value)}: {error.message}
        {error instanceof ApiError && error.status === 0 && " The page tries again."}
      </span>
      <button type="button" class="small" onClick={() => void retry()}>
        Try now
      </button>
    </p>
  );
}

interface ProblemCardProps {
  error: Error;
  what: string;
  whole: boolean;
  retry?(): Promise<void>;
}

/** Why there is nothing, and what to do about it. */
export function ProblemCard({ error, what, whole, retry }: ProblemCardProps) {
  const missing = error instanceof ApiError && error.status === 404;
  const Heading = whole ? "h1" : "h2";
  return (
    <div class="card stack" role="alert">
      <Heading>{missing ? `Nothing is known of ${what}` : `Could not load ${what}`}</Heading>
      <p>{error.message}</p>
      <p class="muted">{adviceFor(error)}</p>
      {retry && !missing && (
        <p>
          <button type="button" onClick={() => void retry()}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

function adviceFor(error: Error): ComponentChildren {
  if (!(error instanceof ApiError))
    return "This looks like a bug of the dashboard. Reload the page. If the error stays, report it with the message above.";
  if (error.status === 0)
    return "Check the connection and that the consumer Worker runs. Images are served meanwhile: the edge does not need this page.";
  if (error.status === 403) return "Sign in with an operator token to do this.";
  if (error.status === 404)
    return "It may have expired: ended jobs are kept only for a while. Check the address, search for it, or open its image.";
  if (error.status === 429)
    return error.retryAfter === null ? "Wait a moment, then try again." : `Wait ${error.retryAfter} s, then try again.`;
  if (error.status === 503)
    return (
      <>
        The ledger is not reachable or not configured. <a href="/readyz">/readyz</a> and the Worker's log say what is
        missing. Viewers get originals meanwhile.
      </>
    );
  return (
    <>
      If the error stays, look at <a href="/readyz">/readyz</a> and at the Worker's log.
    </>
  );
}

/** Nothing to show, and what would change that. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="strong break">{title}</p>
      {children && <p class="muted">{children}</p>}
    </div>
  );
}
