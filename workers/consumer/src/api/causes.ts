import { type Cause, Causes, type CauseWindow, causesQuery } from "@prewarm/control-schema/causes";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import type { CauseView } from "../ledger/contract.ts";
import type { ApiDeps } from "./deps.ts";
import { viewer } from "./endpoint.ts";
import { jobAnswer } from "./jobs.ts";
import { answer, refusals } from "./responses.ts";

const WINDOWS_MS: Record<CauseWindow, number | null> = { "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000, all: null };

export const causes = [
  viewer(
    {
      method: "get",
      path: "/api/v1/causes",
      tags: ["causes"],
      summary: "Why jobs fail now: causes over retrying, dead and refused jobs, those with most jobs first",
      request: {
        query: causesQuery,
      },
      responses: { 200: answer(Causes, "Causes, at most 200"), ...refusals },
    },
    async (c, deps) => {
      const { window, run = null } = c.req.valid("query");
      return c.json(await causesAnswer(deps, window, run), 200);
    },
  ),
];

async function causesAnswer({ ledger }: ApiDeps, window: CauseWindow, run: string | null): Promise<Causes> {
  const { causes, ...view } = await ledger.listCauses({ windowMs: WINDOWS_MS[window], run });
  return { window, ...view, causes: causes.map(causeAnswer) };
}

function causeAnswer(view: CauseView): Cause {
  const known = JOB_ERRORS[view.code];
  return {
    ...{ ...view, sample: jobAnswer(view.sample) },
    ...{ meaning: known?.cause ?? null, cure: known === undefined ? null : withoutLinks(known.cure) },
  };
}

/** The docs' words without their links, which lead nowhere from here. */
function withoutLinks(markdown: string): string {
  return markdown.replace(/\[([^[\]]*)\]\([^()]*\)/g, "$1").replaceAll("`", "");
}
