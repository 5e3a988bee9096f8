import type { Act } from "@prewarm/shared/acts";
import type * as z from "zod";

/**
 * Who may make a call. `public` needs no proof, or its handler checks one of its own. `anybody`: it needs none either, and
 * the answer tells more to a caller that proves itself. `asking`: a viewer's call, and a caller without any proof gets an
 * empty answer instead of a refusal. An act: operators who may do it. `operator`: any operator, and the handler judges by
 * the body.
 */
export type Access = "public" | "anybody" | "asking" | "viewer" | "operator" | Act;

/** The groups of calls in the document. */
export const TAGS = {
  warm: "Order variants",
  runs: "What was ordered together, and its proof",
  jobs: "Single variants on their way",
  causes: "Why jobs fail",
  actions: "Retries and cancels of many jobs",
  images: "All variants of an image: purges, removals, focal points",
  stats: "Numbers of now, of the past, of money and of views",
  gate: "What holds jobs back, and how fast they go",
  audit: "Who did what",
  events: "What other systems are told",
  hooks: "What upload systems tell",
  coverage: "What the pages of a site ask for",
  session: "The dashboard's sign-in",
  system: "Health, repair and this document",
} as const;

/** The schema of a body, what it is, and its media type. Default: JSON; a 204 has no body, and `z.null()` as its schema. */
export type AnswerRow = readonly [schema: z.ZodType, description: string, mediaType?: string];

/** One call of the control API, or of a hook. The route, the document, the client and the pages' types are made from it. */
export interface CallRow {
  /** The name of the operation. A read of the ledger that has this name answers the call (`workers/consumer/src/ledger/reads.ts`). */
  id: string;
  tag: keyof typeof TAGS;
  may: Access;
  summary: string;
  description: string;
  /** Each `{…}` of the path. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  body?: z.ZodType;
  /** Bodies of other media types than JSON, which `body` describes. */
  bodies?: Record<string, z.ZodType>;
  /** Bytes that a body may have, or that for each media type. Default: BODY_MAX_BYTES. */
  bodyMax?: number | ((mediaType: string) => number);
  /** By status. */
  answers: Record<number, AnswerRow>;
  /** Refusals besides those that every call with a proof may give (`REFUSALS`), by status. */
  refusals?: Record<number, string>;
}

/** Calls by their names, such as `GET /api/v1/runs/{run}`. */
export type CallTable = Record<`${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`, CallRow>;

/** What every call may be refused for, except one that needs no proof. */
export const REFUSALS = {
  400: "Malformed request",
  401: "No valid token or session",
  403: "The role does not allow this, or a browser wrote from elsewhere",
  503: "Not configured, or the ledger is unreachable",
} as const;
