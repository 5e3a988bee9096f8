import * as z from "zod";
import type { CallTable } from "./call.ts";
import { CodeVersion, count, described } from "./words.ts";

const versions = {
  version: described(
    CodeVersion,
    "The deployed version of the consumer; null where the platform names none",
  ).nullable(),
  ledger: described(
    CodeVersion,
    "The version that the ledger runs: after a deploy it may still be the one before",
  ).nullable(),
};

export const alive = z.object({ status: z.literal("ok") });
export const ready = z.object({ status: z.literal("ready"), ...versions });
export const notReady = z.object({
  status: z.literal("not ready"),
  ...versions,
  failing: count.meta({ description: "Checks that fail" }),
  reasons: z.array(z.string()).optional().meta({ description: "To callers with a token" }),
});

export const systemCalls = {
  "GET /metrics": {
    id: "getMetrics",
    tag: "system",
    may: "viewer",
    summary: "Prometheus text format",
    description: "Names and labels are stable.",
    answers: { 200: [z.string(), "Metrics", "text/plain"] },
  },
  "GET /api/v1/problems": {
    id: "listProblems",
    tag: "system",
    may: "public",
    summary: "What each code of a problem means",
    description: "A page for people: `type` of a problem leads to its code there.",
    answers: { 200: [z.string(), "The page", "text/html"] },
  },
  "GET /healthz": {
    id: "getHealth",
    tag: "system",
    may: "public",
    summary: "The Worker runs",
    description: "Asks nothing else. `/readyz` tells whether it is of use.",
    answers: { 200: [alive, "It runs"] },
  },
  "GET /readyz": {
    id: "getReadiness",
    tag: "system",
    may: "anybody",
    summary: "The ledger answers, the configuration is whole and the Worker has what it needs",
    description: "A caller without a token learns how many checks fail, a caller with any token learns which.",
    answers: { 200: [ready, "Ready"], 503: [notReady, "Not ready"] },
    refusals: { 401: "A wrong token", 429: "Too many wrong tokens from this network; see Retry-After" },
  },
  "GET /openapi.json": {
    id: "getDocument",
    tag: "system",
    may: "public",
    summary: "This document",
    description: "Every call, with its schemas.",
    answers: { 200: [z.looseObject({}), "OpenAPI 3.1"] },
  },
} as const satisfies CallTable;
