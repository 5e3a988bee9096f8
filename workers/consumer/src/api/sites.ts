import { type Site, Sites, SiteVisit } from "@prewarm/control-schema/sites";
import { ApiError } from "@prewarm/shared/api-errors";
import * as z from "zod";
import type { SiteView } from "../ledger/contract.ts";
import { acting, viewer } from "./endpoint.ts";
import { answer, refusals } from "./responses.ts";

export const sites = [
  viewer(
    {
      method: "get",
      path: "/api/v1/sites",
      tags: ["sites"],
      summary: "How much of what each site's pages ask for is warm, with its history",
      responses: { 200: answer(Sites, "Now"), ...refusals },
    },
    async (c, { ledger, config }) => {
      const seen = await ledger.listSites();
      return c.json({ sites: seen.map((view) => siteOf(view, config.sites[view.name])) }, 200);
    },
  ),
  acting("warm")(
    {
      method: "post",
      path: "/api/v1/sites/{site}/visit",
      tags: ["sites"],
      summary: "Read and judge a site's pages now, as after a deploy",
      request: { params: z.object({ site: z.string().max(64) }) },
      responses: { 202: answer(SiteVisit, "It begins soon"), ...refusals },
    },
    async (c, { config, visitSites }) => {
      const { site } = c.req.valid("param");
      if (!Object.hasOwn(config.sites, site))
        throw new ApiError("not_found", { detail: "The configuration has no site of this name." });
      await visitSites([site], "hand", c.get("caller").who);
      return c.json({ site, wanted: "hand" as const }, 202);
    },
  ),
];

function siteOf(
  { name, visit, wanted, last, history }: SiteView,
  config: { sitemaps: readonly string[]; warm?: boolean } | undefined,
): Site {
  const under =
    visit === null
      ? null
      : {
          ...{ visit: visit.visit, reason: visit.reason, startedAt: visit.startedAt, step: visit.step },
          ...{ pages: visit.pages, read: visit.read },
        };
  return {
    ...{ name, sitemaps: [...(config?.sitemaps ?? [])], warm: config?.warm === true },
    ...{ visit: under, wanted, last, history },
  };
}
