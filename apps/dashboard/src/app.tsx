import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { session, sessionError } from "./api/session.ts";
import { StatsProvider } from "./api/stats.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { helpOpen } from "./lib/keyboard.ts";
import { match, place } from "./lib/router.ts";
import { DeadPage } from "./pages/dead.tsx";
import { ImagePage, ImagesPage } from "./pages/images.tsx";
import { JobPage } from "./pages/job.tsx";
import { JobsPage } from "./pages/jobs.tsx";
import { NewRunPage } from "./pages/new-run.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { RunPage, RunsPage } from "./pages/runs.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { SteeringPage } from "./pages/steering.tsx";
import { Shell } from "./shell.tsx";
import { Toasts } from "./ui/toast.tsx";
import { Empty, ProblemCard } from "./ui/view.tsx";

type Page = (params: Record<string, string>) => { title: string; page: ComponentChildren };

/** Every address this page has. */
const PAGES: readonly [pattern: string, page: Page][] = [
  ["/", () => ({ title: "Overview", page: <OverviewPage /> })],
  ["/jobs", () => ({ title: "Jobs", page: <JobsPage /> })],
  ["/jobs/{job}", ({ job = "" }) => ({ title: `Job ${job}`, page: <JobPage key={job} job={job} /> })],
  ["/images", () => ({ title: "Images", page: <ImagesPage /> })],
  ["/images/{id}", ({ id = "" }) => ({ title: id, page: <ImagePage key={id} id={id} /> })],
  ["/runs", () => ({ title: "Runs", page: <RunsPage /> })],
  ["/runs/new", () => ({ title: "New run", page: <NewRunPage /> })],
  ["/runs/{run}", ({ run = "" }) => ({ title: `Run ${run}`, page: <RunPage key={run} run={run} /> })],
  ["/dead", () => ({ title: "Dead letters", page: <DeadPage /> })],
  ["/steering", () => ({ title: "Steering", page: <SteeringPage /> })],
];

export function App() {
  return (
    <>
      <Signed />
      {helpOpen.value && <HelpDialog />}
      <Toasts />
    </>
  );
}

function Signed() {
  if (session.value === null) return <SignInPage />;
  if (session.value !== "unknown")
    return (
      <StatsProvider>
        <Routed />
      </StatsProvider>
    );
  const error = sessionError.value;
  return (
    <main class="lonely">
      {error ? (
        <ProblemCard error={error} what="the dashboard" whole retry={async () => location.reload()} />
      ) : (
        <p role="status">Loading…</p>
      )}
    </main>
  );
}

function Routed() {
  const path = place.value.pathname;
  const { title, page } = find(path);
  useEffect(() => {
    document.title = `${title} · Prewarm`;
  }, [title]);
  return <Shell path={path}>{page}</Shell>;
}

function find(path: string): ReturnType<Page> {
  for (const [pattern, page] of PAGES) {
    const params = match(pattern, path);
    if (params) return page(params);
  }
  return {
    title: "Nothing here",
    page: (
      <>
        <h1>Nothing here</h1>
        <Empty title={`No page has the address ${path}`}>
          Start from the <a href="/">overview</a>.
        </Empty>
      </>
    ),
  };
}
