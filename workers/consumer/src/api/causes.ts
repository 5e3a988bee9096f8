import type { Cause, Causes, CauseWindow } from "@prewarm/control-schema/causes";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import type { CauseView } from "../ledger/calls.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { jobAnswer } from "./jobs.ts";

const WINDOWS_MS: Record<CauseWindow, number | null> = { "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000, all: null };

export const causes = {
  "GET /api/v1/causes": ({ query: { window, run = null } }, deps) => causesAnswer(deps, window, run),
} satisfies Resource;

async function causesAnswer({ ledger }: ApiDeps, window: CauseWindow, run: string | null): Promise<Causes> {
  const { causes, ...view } = await ledger.listCauses({ windowMs: WINDOWS_MS[window], run });
  return { window, ...view, causes: causes.map(causeAnswer) };
}

function causeAnswer(view: CauseView): Cause {
  const known = JOB_ERRORS[view.code];
  return {
    ...view,
    sample: jobAnswer(view.sample),
    meaning: known?.cause ?? null,
    cure: known === undefined ? null : withoutLinks(known.cure),
  };
}

/** The docs' words without their links, which lead nowhere from here. */
function withoutLinks(markdown: string): string {
  return markdown.replace(/\[([^[\]]*)\]\([^()]*\)/g, "$1").replaceAll("`", "");
}
