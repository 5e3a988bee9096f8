import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { session, sessionError } from "./api/session.ts";
import { StatsProvider } from "./api/stats.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { helpOpen, paletteOpen } from "./lib/keyboard.ts";
import { match } from "./lib/paths.ts";
import { place } from "./lib/router.ts";
import { naming } from "./lib/views.ts";
import { JobsPage } from "./pages/jobs.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { NameDialog } from "./pages/saved-views.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { Shell } from "./shell.tsx";
import { Lazy } from "./ui/lazy.tsx";
import { LevelSaid } from "./ui/level-said.tsx";
import { Toasts } from "./ui/toast.tsx";
import { Empty, ProblemCard } from "./ui/view.tsx";

const palette = () => import("./palette.tsx").then(({ Palette }) => Palette);
/* Pages that come when they are asked for. The overview and the list of jobs are there at once. */
const oneJob = () => import("./pages/job.tsx").then(({ JobPage }) => JobPage);
const images = () => import("./pages/images.tsx").then(({ ImagesPage }) => ImagesPage);
const image = () => import("./pages/image.tsx").then(({ ImagePage }) => ImagePage);
const runs = () => import("./pages/runs.tsx").then(({ RunsPage }) => RunsPage);
const newRun = () => import("./pages/new-run.tsx").then(({ NewRunPage }) => NewRunPage);
const oneRun = () => import("./pages/run.tsx").then(({ RunPage }) => RunPage);
const causes = () => import("./pages/causes.tsx").then(({ CausesPage }) => CausesPage);
const costs = () => import("./pages/costs.tsx").then(({ CostsPage }) => CostsPage);
const system = () => import("./pages/system.tsx").then(({ SystemPage }) => SystemPage);
const serving = () => import("./pages/serving.tsx").then(({ ServingPage }) => ServingPage);
const sites = () => import("./pages/sites.tsx").then(({ SitesPage }) => SitesPage);
const steering = () => import("./pages/steering.tsx").then(({ SteeringPage }) => SteeringPage);

type Page = (params: Record<string, string>) => { title: string; page: ComponentChildren };

/** A page whose code comes when it is asked for; another `key` is another page. */
function later<P extends object>(title: string, load: () => Promise<ComponentType<P>>, props: P, key = title) {
  return { title, page: <Lazy key={key} load={load} props={props} title={title} /> };
}

/** Every address this page has. */
const PAGES: readonly [pattern: string, page: Page][] = [
  ["/", () => ({ title: "Overview", page: <OverviewPage /> })],
  ["/jobs", () => ({ title: "Jobs", page: <JobsPage /> })],
  ["/jobs/causes", () => later("Causes of failed jobs", causes, {})],
  ["/jobs/{job}", ({ job = "" }) => later(`Job ${job}`, oneJob, { job })],
  ["/images", () => later("Images", images, {})],
  ["/images/{id...}", ({ id = "" }) => later(id, image, { id }, `image ${id}`)],
  ["/runs", () => later("Runs", runs, {})],
  ["/runs/new", () => later("New run", newRun, {})],
  ["/runs/{run}", ({ run = "" }) => later(`Run ${run}`, oneRun, { run })],
  ["/usage", () => later("Usage", serving, {})],
  ["/usage/costs", () => later("Costs", costs, {})],
  ["/usage/sites", () => later("Sites", sites, {})],
  ["/steering", () => later("Steering", steering, {})],
  ["/system", () => later("System", system, {})],
];

export function App() {
  return (
    <>
      <Signed />
      {helpOpen.value && <HelpDialog />}
      {naming.value !== null && <NameDialog url={naming.value} />}
      <Toasts />
    </>
  );
}

/** What is typed right after Ctrl K must not be lost while its code comes; Safari has no idle callback. */
function fetchAhead(): void {
  (globalThis.requestIdleCallback ?? setTimeout)(() => void palette().catch(() => undefined));
}

function Signed() {
  useEffect(fetchAhead, []);
  if (session.value === null) return <SignInPage />;
  if (session.value !== "unknown")
    return (
      <StatsProvider>
        <Routed />
        <LevelSaid />
        {paletteOpen.value && <Lazy load={palette} props={{}} />}
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
  const [said, say] = useState("");
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · Prewarm`;
    // A browser reads out the first page by itself.
    if (!first.current) say(title);
    first.current = false;
  }, [title]);
  return (
    <>
      <Shell path={path}>{page}</Shell>
      <p class="visually-hidden" role="status" data-announced>
        {said}
      </p>
    </>
  );
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
