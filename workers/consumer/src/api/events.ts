import { ApiError } from "@prewarm/shared/api-errors";
import { endpointName } from "@prewarm/shared/events";
import type { Caller } from "./access/caller.ts";
import type { Resource } from "./endpoint.ts";

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
export const events = {
  "GET /api/v1/events": async ({ query: { limit, cursor = null }, caller: { role } }, { ledger, config }) => {
    const { events, next } = await ledger.listEvents({ limit, cursor });
    const endpoints = config.events.map((endpoint) => ({
      url: shownTo(role, endpointName(endpoint)),
      types: endpoint.types === undefined ? null : [...endpoint.types],
    }));
    const told = events.map((event) => ({ ...event, endpoint: shownTo(role, event.endpoint) }));
    return { endpoints, events: told, nextCursor: next };
  },
  "POST /api/v1/events/test": async ({ caller }, { ledger, config }) => {
    if (config.events.length === 0) throw new ApiError("conflict", { detail: "The configuration names no endpoint." });
    return { endpoints: await ledger.testEvent(caller.who) };
  },
} satisfies Resource;
