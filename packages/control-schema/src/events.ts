import { EVENT_TYPES } from "@prewarm/shared/events";
import * as z from "zod";
import type { CallTable } from "./call.ts";
import { count, nextCursor, pageQuery, time } from "./words.ts";

export const EventDelivery = z
  .object({
    id: z.string().meta({ description: "The event's `webhook-id`, the same for every endpoint" }),
    endpoint: z.string().meta({ description: "Its address; to viewers its host and the path's first part" }),
    type: z.string(),
    at: time,
    body: z.string().meta({ description: "As it is sent, JSON text" }),
    state: z.enum(["waiting", "delivered", "given up"]),
    tries: count,
    status: z.number().int().nullable().meta({ description: "The last answer; 0: none came, null: not tried yet" }),
    said: z.string().nullable().meta({ description: "Its first words" }),
    nextAt: time.nullable(),
  })
  .meta({ id: "EventDelivery" });
/** An event on its way to one endpoint. */
export type EventDelivery = z.infer<typeof EventDelivery>;

export const EventPage = z
  .object({
    endpoints: z.array(
      z.object({
        url: z.string().meta({ description: "The address, or the name of a function in the configuration" }),
        types: z.array(z.enum(EVENT_TYPES)).nullable(),
      }),
    ),
    events: z.array(EventDelivery),
    nextCursor,
  })
  .meta({ id: "EventPage" });
export type EventPage = z.infer<typeof EventPage>;

export const EventTest = z.object({ endpoints: count }).meta({ id: "EventTest" });

export const eventCalls = {
  "GET /api/v1/events": {
    id: "listEvents",
    tag: "events",
    may: "viewer",
    summary: "Outgoing events, the newest first, with what each endpoint answered",
    description: "Viewers do not see the end of an endpoint's address, which is often a secret of its service.",
    query: pageQuery,
    answers: { 200: [EventPage, "A page"] },
  },
  "POST /api/v1/events/test": {
    id: "testEvent",
    tag: "events",
    may: "mend",
    summary: "Tell every endpoint of a test",
    description: "The list of events then has what each of them answered.",
    answers: { 202: [EventTest, "On its way"] },
    refusals: { 409: "The configuration names no endpoint" },
  },
} as const satisfies CallTable;
