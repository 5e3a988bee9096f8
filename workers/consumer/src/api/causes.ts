import { z } from "@hono/zod-openapi";
import { JOB_ERRORS } from "@prewarm/shared/job-errors";
import type { CauseView } from "../ledger/contract.ts";
import type { ApiDeps } from "./deps.ts";
import { viewer } from "./endpoint.ts";
import { job, jobAnswer } from "./jobs.ts";
import { answer, count, refusals, time } from "./schema-words.ts";

const WINDOWS_MS = { "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000, all: null } as const;
const WINDOWS = ["5m", "1h", "1d", "all"] as const;

const cause = z
  .object({
    cause: z.string().openapi({ description: "Stable name; an action's `fingerprint`" }),
    code: z.string(),
    text: z.string().openapi({ description: "A sample; numbers, ids and the asked format vary within a cause" }),
    count: count.openapi({ description: "Jobs that failed last within the window" }),
    states: z.object({ retrying: count, dead: count, refused: count }),
    trend: z.array(count).openapi({ description: "`count` by twelve equal parts of the window, the oldest first" }),
    firstSeen: time.openapi({ description: "Of all that failed alike and are still known" }),
    lastSeen: time,
    formats: z.record(z.string(), count),
    prefixes: z.array(z.object({ prefix: z.string(), count })).openapi({ description: "Folders with most of them" }),
    sample: job,
    meaning: z.string().nullable().openapi({ description: "What the code means (docs/job-errors.md)" }),
    cure: z.string().nullable().openapi({ description: "What to do" }),
  })
  .openapi("Cause");

const causeList = z
  .object({
    window: z.enum(WINDOWS),
    from: time,
    exact: z
      .boolean()
      .openapi({ description: "False: more than 100,000 jobs of a state have failed; some are not counted" }),
    causes: z.array(cause),
  })
  .openapi("Causes");

export const causes = [
  viewer(
    {
      method: "get",
      path: "/api/v1/causes",
      tags: ["causes"],
      summary: "Why jobs fail now: causes over retrying, dead and refused jobs, those with most jobs first",
      request: {
        query: z.object({ window: z.enum(WINDOWS).default("1h"), run: z.string().max(80).optional() }),
      },
      responses: { 200: answer(causeList, "Causes, at most 200"), ...refusals },
    },
    async (c, deps) => {
      const { window, run = null } = c.req.valid("query");
      return c.json(await causesAnswer(deps, window, run), 200);
    },
  ),
];

async function causesAnswer({ ledger }: ApiDeps, window: (typeof WINDOWS)[number], run: string | null) {
  const { causes, from, exact } = await ledger.listCauses({ windowMs: WINDOWS_MS[window], run });
  return { window, from, exact, causes: causes.map(causeAnswer) };
}

function causeAnswer({ fingerprint, message, first, last, sample, ...view }: CauseView): z.infer<typeof cause> {
  const known = JOB_ERRORS[view.code];
  return {
    ...{ ...view, cause: fingerprint, text: message, firstSeen: first, lastSeen: last, sample: jobAnswer(sample) },
    ...{ meaning: known?.cause ?? null, cure: known === undefined ? null : withoutLinks(known.cure) },
  };
}

/** The docs' words without their links, which lead nowhere from here. */
function withoutLinks(markdown: string): string {
  return markdown.replace(/\[([^[\]]*)\]\([^()]*\)/g, "$1").replaceAll("`", "");
}
