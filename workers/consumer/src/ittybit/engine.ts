import type { Config } from "@prewarm/shared/config";
import type { Engine, Order, Submitted } from "../engine.ts";
import { type Ittybit, type JobOrder, THROTTLED_MS } from "./client.ts";
import { isAnothers, jobOrder, madeFormat } from "./job-order.ts";
import type { ServiceDeps } from "./poller/job-reader.ts";
import { pollerOf } from "./poller/poller.ts";
import { ofAnother, type ResultDeps, resultOf } from "./result.ts";

export interface IttybitDeps extends ServiceDeps, ResultDeps {
  ittybit: Ittybit;
  qualities: Config["ittybit"]["qualities"];
}

export function ittybitEngine(deps: IttybitDeps): Engine {
  return {
    formatOf: madeFormat,
    submit: (order) => submit(deps, order),
    observe: pollerOf(deps),
    resultOf: (watched) => resultOf(deps, watched),
  };
}

/**
 * Where a repeated POST differs from the first, Ittybit answers with the job that it has, or refuses, and the job is found by its metadata.
 */
async function submit({ ittybit, qualities, clock }: IttybitDeps, order: Order): Promise<Submitted> {
  const asked = jobOrder(order, qualities);
  const answer = await ittybit.submit(asked);
  switch (answer.kind) {
    case "made": {
      const { id, createdAt } = answer.job;
      return isAnothers(answer.job, order) ? ofAnother(id) : { kind: "made", job: id, createdAt };
    }
    case "throttled":
      return { kind: "throttled", until: clock.now() + (answer.retryAfterMs ?? THROTTLED_MS) };
    case "unclear": {
      // An earlier POST may have made a job that nobody heard of: a new generation, after the sixth time, would be a second one.
      const job = answer.lookFirst === true || order.again ? await findJob(ittybit, asked) : null;
      return job === null ? { kind: "unclear", failure: answer.failure } : { kind: "made", job, createdAt: null };
    }
    default:
      return answer;
  }
}

/** The job that an earlier POST under this key made, among those of the same input. Null: none shows; the poller, which reads all jobs, finds it later. */
async function findJob(ittybit: Ittybit, { input, metadata }: JobOrder): Promise<string | null> {
  const { ledger, gen } = metadata;
  const listing = await ittybit.list({ input });
  if (listing.kind !== "page") return null;
  return listing.jobs.find((job) => job.metadata.ledger === ledger && job.metadata.gen === gen)?.id ?? null;
}
