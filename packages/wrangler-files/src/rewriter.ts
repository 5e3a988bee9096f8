import { edgeUrlOf, rewriterName } from "@prewarm/shared/deploy";
import { COMPATIBILITY_DATE, observability } from "./common.ts";
import { type Site, type Stage, stagesOf, type Table } from "./stage.ts";

/** The Worker in front of a site's pages, which belongs to the site: it is deployed with its pages, and not with the images. */
export function rewriterFile(site: Pick<Site, "deploy">, pages: string): Table {
  const environments = stagesOf(site).map((stage) => [stage.environment, environmentOf(stage, pages)]);
  return {
    main: "rewriter.ts",
    compatibility_date: COMPATIBILITY_DATE,
    // Without `global_fetch_strictly_public`: a fetch of the page goes to the origin, and not to this Worker again.
    preview_urls: false,
    workers_dev: false,
    env: Object.fromEntries(environments),
  };
}

function environmentOf({ environment, settings, names }: Stage, pages: string): Table {
  return {
    name: rewriterName(environment ?? "", settings),
    ...(settings.account === undefined ? {} : { account_id: settings.account }),
    // Of the environment that viewers use. The others have none until their own pages have a host.
    routes: environment === "production" ? [`${pages}/*`] : [],
    vars: { EDGE_URL: edgeUrlOf(settings) ?? "" },
    services: [{ binding: "CONSUMER", service: names.consumer }],
    observability: observability(settings, {}),
  };
}
