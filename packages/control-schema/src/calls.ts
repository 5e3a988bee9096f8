import * as z from "zod";
import { actionCalls } from "./actions.ts";
import { auditCalls } from "./audit.ts";
import type { AnswerRow, CallRow, CallTable } from "./call.ts";
import { causeCalls } from "./causes.ts";
import { costCalls } from "./costs.ts";
import { coverageCalls } from "./coverage.ts";
import { doctorCalls } from "./doctor.ts";
import { eventCalls } from "./events.ts";
import { gateCalls } from "./gate.ts";
import { historyCalls } from "./history.ts";
import { hookCalls } from "./hooks.ts";
import { imageActionCalls } from "./image-actions.ts";
import { imageCalls } from "./images.ts";
import { infoCalls } from "./info.ts";
import { jobCalls } from "./jobs.ts";
import { ledgerCalls } from "./ledger.ts";
import { receiptCalls } from "./receipts.ts";
import { recipeCalls } from "./recipe.ts";
import { removalCalls } from "./removal.ts";
import { runCalls } from "./runs.ts";
import { servingCalls } from "./serving.ts";
import { sessionCalls } from "./session.ts";
import { statsCalls } from "./stats.ts";
import { systemCalls } from "./system.ts";
import { troubleCalls } from "./troubles.ts";
import { warmCalls } from "./warm.ts";

/**
 * Every call of the API, in the order of the document: what it takes, who may make it and what it answers. The routes of the
 * consumer, docs/openapi.json, the client and the fake control API of tests are made from this table.
 */
export const CALLS = {
  ...warmCalls,
  ...runCalls,
  ...receiptCalls,
  ...jobCalls,
  ...causeCalls,
  ...actionCalls,
  ...imageCalls,
  ...removalCalls,
  ...imageActionCalls,
  ...infoCalls,
  ...statsCalls,
  ...servingCalls,
  ...costCalls,
  ...historyCalls,
  ...gateCalls,
  ...troubleCalls,
  ...auditCalls,
  ...eventCalls,
  ...doctorCalls,
  ...ledgerCalls,
  ...sessionCalls,
  ...hookCalls,
  ...coverageCalls,
  ...recipeCalls,
  ...systemCalls,
} as const satisfies CallTable;

/** A row of the table as any other row. */
export function rowOf(name: AnyCall): CallRow {
  return CALLS[name];
}

/** The schema of the body of any 2xx; null where one has none. */
export function answerOf(name: AnyCall): z.ZodType {
  const rows: [string, AnswerRow][] = Object.entries(rowOf(name).answers);
  const schemas = rows.filter(([status]) => status.startsWith("2")).map(([, [schema]]) => schema);
  const bodies = schemas.filter((schema) => !(schema instanceof z.ZodNull));
  const [first = z.null()] = bodies;
  const body = bodies.length > 1 ? z.union(bodies) : first;
  return bodies.length < schemas.length ? body.nullable() : body;
}

export type Calls = typeof CALLS;
/** A call of the API, whatever it answers. */
export type AnyCall = keyof Calls;

/** The rows of answers of a call, by status. */
type AnswersOf<C extends AnyCall> = Calls[C]["answers"];
type IsRaw<A> = A extends readonly [unknown, string, string] ? true : never;

/** A call that answers JSON: `GET /api/v1/runs/{run}`. */
export type CallName = { [C in AnyCall]: true extends IsRaw<AnswersOf<C>[keyof AnswersOf<C>]> ? never : C }[AnyCall];

/** Their names. */
export const JSON_CALLS = (Object.keys(CALLS) as AnyCall[]).filter((name): name is CallName =>
  Object.values(rowOf(name).answers).every(([, , mediaType]: AnswerRow) => mediaType === undefined),
);

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

/** What a row of answers has as its body. */
export type BodyOf<R> = R extends readonly [infer S extends z.ZodType, ...unknown[]] ? z.output<S> : never;
/** The body of any 2xx. */
export type Answer<C extends CallName> = {
  [S in keyof AnswersOf<C>]: S extends 503 ? never : BodyOf<AnswersOf<C>[S]>;
}[keyof AnswersOf<C>];
