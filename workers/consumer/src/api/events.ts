import { z } from "@hono/zod-openapi";
import { AppError } from "@prewarm/shared/errors";
import { EVENT_TYPES } from "@prewarm/shared/events";
import type { Caller } from "./access/caller.ts";
import { acting, viewer } from "./endpoint.ts";
import { answer, count, cursor, limit, nextCursor, refusal, refusals, time } from "./schema-words.ts";

const delivery = z
  .object({
    id: z.string().openapi({ description: "The event's `webhook-id`, the same for every endpoint" }),
    endpoint: z.string().openapi({ description: "Its address; to viewers its host and the path's first part" }),
    type: z.string(),
    at: time,
    body: z.string().openapi({ description: "As it is sent, JSON text" }),
    state: z.enum(["waiting", "delivered", "given up"]),
    tries: count,
    status: z.number().int().nullable().openapi({ description: "The last answer; 0: none came, null: not tried yet" }),
    said: z.string().nullable().openapi({ description: "Its first words" }),
    nextAt: time.nullable(),
  })
  .openapi("EventDelivery");

const page = z
  .object({
    endpoints: z.array(z.object({ url: z.string(), types: z.array(z.enum(EVENT_TYPES)).nullable() })),
    events: z.array(delivery),
    nextCursor,
  })
  .openapi("EventPage");

/** An endpoint's address. What follows the path's first part is often a secret of its service, so that viewers do not see it. */
function shownTo(role: Caller["role"], address: string): string {
  const url = URL.parse(address);
  if (role === "operator" || url === null) return address;
  const [first = "", ...more] = url.pathname.slice(1).split("/");
  const start = `${url.origin}/${first}`;
  if (more.length > 0) return `${start}/…`;
  return url.search === "" ? start : `${start}…`;
}

/** What others are told (docs/events.md). */
export const events = [
  viewer(
    {
      method: "get",
      path: "/api/v1/events",
      tags: ["events"],
      summary: "Outgoing events, the newest first, with what each endpoint answered",
      request: { query: z.object({ limit, cursor }) },
      responses: { 200: answer(page, "A page"), ...refusals },
    },
    async (c, { ledger, config }) => {
      const { limit, cursor = null } = c.req.valid("query");
      const { events, next } = await ledger.listEvents({ limit, cursor });
      const { role } = c.get("caller");
      const endpoints = config.events.map(({ url, types }) => ({
        url: shownTo(role, url),
        types: types === undefined ? null : [...types],
      }));
      const told = events.map((event) => ({ ...event, endpoint: shownTo(role, event.endpoint) }));
      return c.json({ endpoints, events: told, nextCursor: next }, 200);
    },
  ),
  acting("mend")(
    {
      method: "post",
      path: "/api/v1/events/test",
      tags: ["events"],
      summary: "Tell every endpoint of a test",
      responses: {
        202: answer(z.object({ endpoints: count }).openapi("EventTest"), "On its way"),
        ...refusals,
        409: refusal("The configuration names no endpoint"),
      },
    },
    async (c, { ledger, config }) => {
      if (config.events.length === 0)
        throw new AppError("conflict", { detail: "The configuration names no endpoint." });
      return c.json({ endpoints: await ledger.testEvent(c.get("caller").who) }, 202);
    },
  ),
];
