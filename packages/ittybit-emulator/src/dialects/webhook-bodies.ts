import type { JobRecord } from "../jobs/job-record.ts";
import type { Settings } from "../settings.ts";
import type { Dialect, ViewContext } from "./dialect.ts";
import { guideHook } from "./guide-dialect.ts";
import { referenceDialect } from "./reference-dialect.ts";
import { sdkDialect } from "./sdk-dialect.ts";
import { taskEvent } from "./v2025-dialect.ts";

type Kind = Settings["webhooks"]["body"];

const BODIES: Record<Exclude<Kind, "profile">, (job: JobRecord, context: ViewContext) => unknown> = {
  job: (job, context) => referenceDialect.item(job, context),
  guide: guideHook,
  task: (job, context) => sdkDialect.item(job, context),
  event: taskEvent,
  /** guides/ai-media-pipeline-with-inngest: a `type`, where an event has a `kind`. */
  typed: (job, context) => ({ type: `job.${job.status}`, data: referenceDialect.item(job, context) }),
};

/** What a webhook says of a job: as the profile has it, or in the body that is asked for. */
export function webhookBody(kind: Kind, dialect: Dialect, job: JobRecord, context: ViewContext): unknown {
  return kind === "profile" ? dialect.webhook(job, context) : BODIES[kind](job, context);
}
