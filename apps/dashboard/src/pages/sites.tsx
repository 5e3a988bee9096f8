import type { ReportedCoverage } from "@prewarm/control-schema/coverage";
import { ask } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, plural } from "../lib/format.ts";
import { Card } from "../ui/card.tsx";
import { PartsHead } from "../ui/parts-head.tsx";
import { Time } from "../ui/time.tsx";
import { Empty, View } from "../ui/view.tsx";

/** Rounded down: 100 % is said of nothing that lacks a picture. */
const worded = (share: number) => `${Math.floor(share * 10) / 10} %`;

/** How much of what the pages of each site ask for is warm, as it was reported last. */
export function SitesPage() {
  const resource = useResource("coverage", (signal) => ask("GET /api/v1/coverage", { signal }), 30_000);
  return (
    <>
      <PartsHead title="Usage" />
      <View resource={resource} what="the reports">
        {({ reports }) =>
          reports.length === 0 ? (
            <Empty title="Nothing is reported">
              <span class="mono">prewarm coverage --site &lt;url&gt; --report &lt;name&gt;</span> reports how many image
              URLs of a site are warm. Run it in each deploy.
            </Empty>
          ) : (
            reports.map((report) => <ReportCard key={report.name} report={report} />)
          )
        }
      </View>
    </>
  );
}

function ReportCard({ report }: { report: ReportedCoverage }) {
  const { name, site, at, who, share, pages, failed, counts, problems, lines } = report;
  const missing = counts.cold + counts.neverWarmed + counts.refused;
  return (
    <Card title={name}>
      <p>
        <b class="num">{worded(share)}</b> of the image URLs of {plural(pages, "page")} are warm, {count(missing)} are
        not{failed > 0 && `, and ${plural(failed, "page")} could not be read`}.
      </p>
      <p class="muted break">
        {who} reported {site} <Time at={at} />.
      </p>
      <ul>
        {problems.slice(0, 9).map(({ path, reason, place }) => (
          <li class="break" key={path}>
            {path}: {reason}, {place}
          </li>
        ))}
        {lines.slice(0, 3).map(({ line, urls, jobsPerUpload }) => (
          <li class="break" key={line}>
            <span class="mono">{line}</span> would warm {plural(urls, "URL")}, for {plural(jobsPerUpload, "job")} an
            upload.
          </li>
        ))}
      </ul>
    </Card>
  );
}
