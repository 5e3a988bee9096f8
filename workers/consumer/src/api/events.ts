import { EventPage, EventTest } from "@prewarm/control-schema/events";
import { pageQuery } from "@prewarm/control-schema/words";
import { ApiError } from "@prewarm/shared/api-errors";
import { endpointName } from "@prewarm/shared/events";
import type { Caller } from "./access/caller.ts";
import { acting, viewer } from "./endpoint.ts";
import { answer, refusal, refusals } from "./responses.ts";

/** An endpoint's address. What follows the path's first part is often a secret of its service, so that viewers do not see it. */
function shownTo(role: Caller["role"], address: string): string {
  const url = URL.parse(address);
  if (role === "operator" || url === null) return address;
  const [first = "", ...more] = url.pathname.slice(1).split("/");
  const start = `${url.origin}/${first}`;
  if (more.length > 0) return `${start}/…`;
  return url.search === "" ? start : `${start}…`;
}

/** What others are told (docs/hooks.md). */
export const events = [
  viewer(
    {
      method: "get",
      path: "/api/v1/events",
      tags: ["events"],
      summary: "Outgoing events, the newest first, with what each endpoint answered",
      request: { query: pageQuery },
      responses: { 200: answer(EventPage, "A page"), ...refusals },
    },
    async (c, { ledger, config }) => {
      const { limit, cursor = null } = c.req.valid("query");
      const { events, next } = await ledger.listEvents({ limit, cursor });
      const { role } = c.get("caller");
      const endpoints = config.events.map((endpoint) => ({
        url: shownTo(role, endpointName(endpoint)),
        types: endpoint.types === undefined ? null : [...endpoint.types],
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
        202: answer(EventTest, "On its way"),
        ...refusals,
        409: refusal("The configuration names no endpoint"),
      },
    },
    async (c, { ledger, config }) => {
      if (config.events.length === 0)
        throw new ApiError("conflict", { detail: "The configuration names no endpoint." });
      return c.json({ endpoints: await ledger.testEvent(c.get("caller").who) }, 202);
    },
  ),
];
