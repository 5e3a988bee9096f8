import type { Site } from "@prewarm/control-schema/sites";
import { ask, may } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, plural } from "../lib/format.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

/** Rounded down: 100 % is said of nothing that lacks a picture. */
const worded = (share: number) => `${Math.floor(share * 10) / 10} %`;

/** How much of what the pages of each site ask for is warm, by visit. */
export function SitesPage() {
  const resource = useResource("sites", (signal) => ask("GET /api/v1/sites", { signal }), 30_000);
  return (
    <>
      <header class="page-head">
        <h1>Sites</h1>
      </header>
      <View resource={resource} what="the sites">
        {({ sites }) =>
          sites.length === 0 ? (
            <Empty title="No site is named">
              Name the sitemaps of your site under <span class="mono">sites</span> in prewarm.config.ts. Its pages are
              then read after each deploy and each night.
            </Empty>
          ) : (
            sites.map((site) => <SiteCard key={site.name} site={site} refresh={resource.refresh} />)
          )
        }
      </View>
    </>
  );
}

function SiteCard({ site, refresh }: { site: Site; refresh(): Promise<void> }) {
  const { name, visit, wanted, last, history } = site;
  const start = async () => {
    await ask("POST /api/v1/sites/{site}/visit", { params: { site: name } });
    await refresh();
    return `${name} is visited.`;
  };
  return (
    <section class="card" aria-label={name}>
      <header class="card-head">
        <h2 class="break">{name}</h2>
        {may("warm") && (
          <ActButton class="small" act={start} disabled={wanted !== null}>
            Visit now
          </ActButton>
        )}
      </header>
      {visit && (
        <p>
          A visit is under way: {count(visit.read)} of {plural(visit.pages, "page")} are read.
        </p>
      )}
      {last === null ? <p class="muted">It was not visited yet.</p> : <LastVisit last={last} />}
      {history.length > 1 && (
        <>
          <Sparkline label="Warm" values={history.map(({ share }) => share).reverse()} format={worded} />
          <Table
            label={`Visits of ${name}`}
            rows={history.slice(0, 10)}
            keyOf={({ visit: number }) => String(number)}
            columns={VISITS}
          />
        </>
      )}
    </section>
  );
}

const VISITS: Column<Site["history"][number]>[] = [
  ["When", ({ endedAt }) => <Time at={endedAt} />],
  ["Because of", ({ reason }) => reason],
  ["Warm", ({ share }) => worded(share)],
  ["Cold", ({ counts }) => count(counts.cold + counts.neverWarmed + counts.refused)],
  ["Pages", ({ pages, failed }) => (failed === 0 ? count(pages) : `${count(pages)}, ${count(failed)} failed`)],
];

function LastVisit({ last }: { last: NonNullable<Site["last"]> }) {
  return (
    <>
      <p>
        <b class="num">{worded(last.share)}</b> of the image URLs of {plural(last.pages, "page")} are warm{" "}
        <Time at={last.endedAt} />. <span class="break">{last.fault}</span>
      </p>
      <ul>
        {last.problems.slice(0, 9).map(({ path, reason, place }) => (
          <li class="break" key={path}>
            {path}: {reason}, {place}
          </li>
        ))}
        {last.lines.slice(0, 3).map(({ line, urls, jobsPerUpload }) => (
          <li class="break" key={line}>
            <span class="mono">{line}</span> would warm {plural(urls, "URL")}, for {plural(jobsPerUpload, "job")} an
            upload.
          </li>
        ))}
      </ul>
    </>
  );
}
