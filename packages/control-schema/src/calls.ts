import * as z from "zod";
import { Action, ActionPage, ActionPreview, ActionRequest } from "./actions.ts";
import { AuditPage, auditQuery } from "./audit.ts";
import { Causes, causesQuery } from "./causes.ts";
import { Costs, costsQuery } from "./costs.ts";
import { CoverageReport, CoverageReports, KeptReport } from "./coverage.ts";
import { DoctorWalk, doctorAnswer, doctorRequest } from "./doctor.ts";
import { EventPage, EventTest } from "./events.ts";
import { Gate, GatePatch } from "./gate.ts";
import { History, historyQuery } from "./history.ts";
import { HookAnswer, Hooks } from "./hooks.ts";
import { ImageAction, ImageActionRequest, ImageIds, imageIdsQuery } from "./image-actions.ts";
import { FocalAnswer, FocalRequest, Image, ImageList, imageQuery, imagesQuery, Purge } from "./images.ts";
import { ImageInfos, infoRequest } from "./info.ts";
import { Job, JobDetail, JobPage, jobsQuery } from "./jobs.ts";
import { LedgerRestore, restoreRequest } from "./ledger.ts";
import { ReceiptPage, receiptQuery } from "./receipts.ts";
import { RecipeSuggestion } from "./recipe.ts";
import { RemoveRequest, SignedRemoval, Unblocked } from "./removal.ts";
import { RejectedPage, Run, RunPage, RunPatch, runsQuery } from "./runs.ts";
import { Serving, servingQuery } from "./serving.ts";
import { Session, SignIn } from "./session.ts";
import { Stats } from "./stats.ts";
import { Acknowledgement } from "./troubles.ts";
import { DryRun, WarmAnswer, WarmRequest, warmQuery } from "./warm.ts";
import { pageQuery } from "./words.ts";

/**
 * What each JSON call of the API takes and answers, by its name in docs/openapi.json. `answer` is the body of any 2xx: null where it has none.
 * The routes take the same schemas; `workers/consumer/src/api/calls.test.ts` compares.
 */
export const CALLS = {
  "POST /api/v1/warm": {
    query: warmQuery,
    body: WarmRequest as z.ZodType<unknown, WarmRequest>,
    answer: z.union([DryRun, WarmAnswer]),
  },
  "GET /api/v1/runs": { query: runsQuery, answer: RunPage },
  "GET /api/v1/runs/{run}": { answer: Run },
  "GET /api/v1/runs/{run}/rejected": { query: pageQuery, answer: RejectedPage },
  "GET /api/v1/runs/{run}/receipt": { query: receiptQuery, answer: ReceiptPage },
  "PATCH /api/v1/runs/{run}": { body: RunPatch, answer: Run },
  "DELETE /api/v1/runs/{run}": { answer: Run },
  "GET /api/v1/jobs": { query: jobsQuery, answer: JobPage },
  "GET /api/v1/jobs/{job}": { answer: JobDetail },
  "POST /api/v1/jobs/{job}/retry": { answer: Job },
  "POST /api/v1/jobs/{job}/cancel": { answer: Job },
  "GET /api/v1/causes": { query: causesQuery, answer: Causes },
  "GET /api/v1/costs": { query: costsQuery, answer: Costs },
  "POST /api/v1/actions": { body: ActionRequest, answer: z.union([ActionPreview, Action]) },
  "GET /api/v1/actions": { query: pageQuery, answer: ActionPage },
  "GET /api/v1/actions/{action}": { answer: Action },
  "DELETE /api/v1/actions/{action}": { answer: Action },
  "GET /api/v1/images": { query: imagesQuery, answer: ImageList },
  "GET /api/v1/images/{id}": { query: imageQuery, answer: Image },
  "DELETE /api/v1/images/{id}": { answer: Purge },
  "PUT /api/v1/images/{id}/focal": { body: FocalRequest, answer: FocalAnswer },
  "POST /api/v1/images/{id}/remove": { body: RemoveRequest, answer: SignedRemoval },
  "GET /api/v1/images/{id}/removal": { answer: SignedRemoval },
  "POST /api/v1/images/{id}/unblock": { answer: Unblocked },
  "POST /api/v1/image-actions": {
    body: ImageActionRequest as z.ZodType<unknown, z.input<typeof ImageActionRequest>>,
    answer: ImageAction,
  },
  "GET /api/v1/image-actions/{action}": { answer: ImageAction },
  "GET /api/v1/image-ids": { query: imageIdsQuery, answer: ImageIds },
  "POST /api/v1/info": { body: infoRequest, answer: ImageInfos },
  "GET /api/v1/stats": { answer: Stats },
  "GET /api/v1/serving": { query: servingQuery, answer: Serving },
  "GET /api/v1/history": { query: historyQuery, answer: History },
  "GET /api/v1/gate": { answer: Gate },
  "PATCH /api/v1/gate": { body: GatePatch, answer: Gate },
  "POST /api/v1/troubles/{key}/ack": { body: Acknowledgement, answer: z.null() },
  "DELETE /api/v1/troubles/{key}/ack": { answer: z.null() },
  "GET /api/v1/audit": { query: auditQuery, answer: AuditPage },
  "GET /api/v1/events": { query: pageQuery, answer: EventPage },
  "POST /api/v1/events/test": { answer: EventTest },
  "GET /api/v1/doctor": { answer: DoctorWalk },
  "POST /api/v1/doctor": { body: doctorRequest, answer: doctorAnswer },
  "POST /api/v1/ledger/restore": { body: restoreRequest, answer: LedgerRestore },
  "POST /api/v1/session": { body: SignIn, answer: Session },
  "GET /api/v1/session": { answer: Session.nullable() },
  "DELETE /api/v1/session": { answer: z.null() },
  "GET /api/v1/recipe/suggestion": { answer: RecipeSuggestion },
  "GET /api/v1/coverage": { answer: CoverageReports },
  "PUT /api/v1/coverage/{name}": { body: CoverageReport, answer: KeptReport },
  "GET /api/v1/hooks": { answer: Hooks },
  "POST /hooks/{name}": { body: z.unknown(), answer: HookAnswer },
} as const satisfies Record<`${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`, CallParts>;

interface CallParts {
  query?: z.ZodType;
  body?: z.ZodType;
  answer: z.ZodType;
}

type Calls = typeof CALLS;
/** A call of the control API, or of a hook: `GET /api/v1/runs/{run}`. */
export type CallName = keyof Calls;

/** A body that is sent as it is, such as a file of ids in the type it came in. */
export interface RawBody {
  contentType: string;
  data: Blob | string;
}

type ParamOf<Path> = Path extends `${string}{${infer P}}${infer Rest}` ? P | ParamOf<Rest> : never;
type Params<C> = [ParamOf<C>] extends [never] ? { params?: never } : { params: Record<ParamOf<C>, string> };
type Query<C> = C extends { query: z.ZodType<unknown, infer Q> } ? { query?: Q } : { query?: never };
type Body<C> = C extends { body: z.ZodType<unknown, infer B> } ? { body: B | RawBody } : { body?: never };

/** What a call takes: `params` fill the path's `{…}`, lists repeat in the query. */
export type Given<C extends CallName> = Params<C> &
  Query<Calls[C]> &
  Body<Calls[C]> & { signal?: AbortSignal; idempotencyKey?: string };

/** The body of any 2xx. */
export type Answer<C extends CallName> = z.output<Calls[C]["answer"]>;
