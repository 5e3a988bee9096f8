import * as z from "zod";
import type { CallTable } from "./call.ts";
import { count, Lane, time } from "./words.ts";

/** The parts of an installation, in the order of a job's way. `configuration`: settings and bindings of this Worker. */
export const PARTS = [
  ...(["configuration", "hooks", "edge", "queue", "gate"] as const),
  ...(["budget", "originals", "ittybit", "results", "store"] as const),
] as const;
export type Part = z.infer<typeof part>;

/** The worst first. */
export const LEVELS = ["problem", "warning", "note"] as const;
export type Level = (typeof LEVELS)[number];

const part = z.enum(PARTS).meta({ description: "The part that failed, or that holds jobs back" });

export const Trouble = z
  .object({
    key: z.string().meta({ example: "paused.bulk", description: "The code, and of what where there may be several" }),
    part,
    host: z
      .string()
      .nullable()
      .meta({ description: "The host of the originals or of the results; null: none is known" }),
    level: z.enum(LEVELS).meta({ description: "A note is worth a look, and no alarm" }),
    code: z.string().meta({ example: "breaker" }),
    past: z.boolean().meta({ description: "It happened within the hour, and may be over" }),
    since: time.nullable().meta({ description: "null: since a moment ago" }),
    affects: z.object({
      lanes: z.array(Lane).meta({ description: "The lanes whose jobs it holds back" }),
      run: z.string().nullable(),
      folder: z.string().nullable().meta({ description: "The folder that has them all", example: "autumn/" }),
      count: count.meta({ description: "Jobs, attempts or sweeps; 0: the level and the sentence say it all" }),
    }),
    cause: z
      .string()
      .nullable()
      .meta({ description: "Changes when another cause takes its place; null: it cannot be acknowledged" }),
    sentence: z.string(),
    cure: z.string().meta({ description: "What to do; empty where the sentence is enough" }),
    link: z
      .string()
      .meta({ description: "Where on the dashboard its cause stands", example: "/jobs/causes?window=5m" }),
    acknowledged: z
      .object({ who: z.string(), at: time })
      .nullable()
      .meta({ description: "Who acknowledged it, and when; null: nobody, or it has changed since" }),
  })
  .meta({ id: "Trouble" });
/** A part that does not do its work, or will not soon, with what it affects and what to do. */
export type Trouble = z.infer<typeof Trouble>;

export const Health = z
  .object({
    level: z.enum(["ok", "warning", "problem"]),
    sentence: z.string().meta({ example: "Healthy: nothing waits." }),
    since: time.nullable(),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof Health>;

export const Troubles = z
  .object({
    at: time,
    health: Health,
    troubles: z.array(Trouble).meta({ description: "The worst first, those of the past hour behind the others" }),
  })
  .meta({ id: "Troubles" });

export const troubleParams = z.object({ key: z.string().max(300).meta({ description: "`key` of a trouble" }) });

export const Acknowledgement = z
  .strictObject({
    cause: z
      .string()
      .max(200)
      .optional()
      .meta({ description: "`cause` of the trouble that you saw: another one is refused. Left out: any" }),
  })
  .meta({ id: "Acknowledgement" });

const done = { 204: [z.null(), "Done"] } as const;

export const troubleCalls = {
  "GET /api/v1/troubles": {
    id: "listTroubles",
    tag: "stats",
    may: "viewer",
    summary: "What is wrong, the worst first",
    description: "Each trouble has the part that failed, what it affects, a sentence, a cure and a link.",
    answers: { 200: [Troubles, "Now"] },
  },
  "GET /api/v1/troubles/{key}": {
    id: "getTrouble",
    tag: "stats",
    may: "viewer",
    summary: "One trouble, while it stands",
    description: "`key` is that of the list, and of the event that told of it.",
    params: troubleParams,
    answers: { 200: [Trouble, "Now"] },
    refusals: { 404: "No such trouble now" },
  },
  "POST /api/v1/troubles/{key}/ack": {
    id: "acknowledgeTrouble",
    tag: "stats",
    may: "operator",
    summary: "Acknowledge a trouble: it is quiet until it changes",
    description: "With `cause` only the trouble that you saw is acknowledged.",
    params: troubleParams,
    body: Acknowledgement,
    answers: done,
    refusals: {
      404: "No such trouble, or it is a fault of the configuration",
      409: "It has another cause than the one you saw",
    },
  },
  "DELETE /api/v1/troubles/{key}/ack": {
    id: "takeBackAcknowledgement",
    tag: "stats",
    may: "operator",
    summary: "Take an acknowledgement back",
    description: "The trouble is told again.",
    params: troubleParams,
    answers: done,
    refusals: { 404: "No such acknowledgement" },
  },
} as const satisfies CallTable;
