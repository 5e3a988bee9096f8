import { CoverageReport, CoverageReports, KeptReport, REPORT_NAME } from "@prewarm/control-schema/coverage";
import * as z from "zod";
import { acting, viewer } from "./endpoint.ts";
import { answer, jsonBody, refusals } from "./responses.ts";

export const coverage = [
  viewer(
    {
      method: "get",
      path: "/api/v1/coverage",
      tags: ["coverage"],
      summary: "The last report of each site's coverage, with its time",
      responses: { 200: answer(CoverageReports, "The reports"), ...refusals },
    },
    async (c, { ledger }) => c.json({ reports: await ledger.listReports() }, 200),
  ),
  acting("warm")(
    {
      method: "put",
      path: "/api/v1/coverage/{name}",
      tags: ["coverage"],
      summary: "Keep what `prewarm coverage` found out, in the place of the last report of this name",
      description: "Ten names are kept; of more the one with the oldest report goes.",
      request: { params: z.object({ name: z.string().regex(REPORT_NAME) }), body: jsonBody(CoverageReport) },
      responses: { 200: answer(KeptReport, "It is kept"), ...refusals },
    },
    async (c, { ledger }) => {
      const { name } = c.req.valid("param");
      const at = await ledger.keepReport(name, c.req.valid("json"), c.get("caller").who);
      return c.json({ name, at }, 200);
    },
  ),
];
