import { AppError } from "@prewarm/shared/errors";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import type { AttemptView } from "../../ledger/api-views.ts";
import type { ApiDeps } from "../deps.ts";
import { jobAnswer, originalAddress, variantUrl } from "../job-answer.ts";
import type { JobAct, NamedJob } from "../ledger-port.ts";
import type { Registrar } from "../registrar.ts";
import { listDeadRoute } from "../schemas/dead.ts";
import { cancelJobRoute, getJobRoute, type Job, listJobsRoute, retryJobRoute } from "../schemas/jobs.ts";
import { queryFilter } from "../search.ts";

/** Characters of an unreadable message that are shown. */
const BODY_MAX_CHARS = 2000;

/** Jobs and dead letters. */
export const registerJobs: Registrar = (app, deps) => {
  const { ledger } = deps;
  app.openapi(listJobsRoute, async (c) => {
    const { limit, cursor, ...query } = c.req.valid("query");
    const page = { limit, cursor: cursor ?? null, filter: queryFilter(query) };
    const { jobs, next } = await ledger.listJobs(page);
    return c.json({ jobs: jobs.map(jobAnswer), nextCursor: next }, 200);
  });
  app.openapi(getJobRoute, async (c) => {
    const found = await ledger.getJob(c.req.valid("param").job);
    if (found === null)
      throw new AppError("not_found", { detail: "No such job; stored ones are pruned after a while." });
    return c.json(await detail(found.job, found.attempts, found.sourceEtag, deps), 200);
  });
  app.openapi(retryJobRoute, async (c) => {
    const act = await ledger.retryJob(c.req.valid("param").job, c.get("caller").who);
    return c.json(acted(act, "Only a dead or cancelled job can be tried again."), 202);
  });
  app.openapi(cancelJobRoute, async (c) => {
    const act = await ledger.cancelJob(c.req.valid("param").job, c.get("caller").who);
    return c.json(acted(act, "The job has ended; there is nothing to cancel."), 202);
  });
  registerDead(app, deps);
};

const registerDead: Registrar = (app, { ledger }) => {
  app.openapi(listDeadRoute, async (c) => {
    const { limit, cursor, fingerprint, lane } = c.req.valid("query");
    const query = { limit, cursor: cursor ?? null, fingerprint: fingerprint ?? null, lanes: lane };
    const { total, groups, jobs, messages, next } = await ledger.listDead(query);
    return c.json(
      {
        total,
        groups: groups.map((group) => ({ ...group, sample: jobAnswer(group.sample) })),
        jobs: jobs.map(jobAnswer),
        messages: messages.map(({ messageId, queue, reason, body, at }) => {
          return { id: messageId, queue, reason, body: body.slice(0, BODY_MAX_CHARS), at };
        }),
        nextCursor: next,
      },
      200,
    );
  });
};

function acted(act: JobAct, conflict: string): Job {
  if (act.status === "none") throw new AppError("not_found", { detail: "No such job." });
  if (act.status === "state") throw new AppError("conflict", { detail: conflict });
  return jobAnswer(act.job);
}

async function detail(view: NamedJob, attempts: AttemptView[], sourceEtag: string | null, deps: ApiDeps) {
  const job = jobAnswer(view);
  const parsed = parseVariantKey(view.key);
  return {
    ...job,
    generation: view.gen,
    sourceEtag,
    originalUrl: await originalAddress(job.id, deps),
    variantUrl: parsed === null ? null : await variantUrl(parsed.id, parsed.transform, parsed.v, deps),
    history: attempts,
  };
}
