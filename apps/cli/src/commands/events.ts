import { EventDelivery, EventPage } from "@prewarm/control-schema/events";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { readControlSettings } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** The most that one page of the API holds. */
const LIMIT_MAX = 1_000;
const DEFAULT_LIMIT = 50;

const SeenEvent = EventDelivery.pick({
  ...{ at: true, type: true, state: true, tries: true, status: true, said: true, endpoint: true },
});
const PAGE = z.object({
  endpoints: z.array(EventPage.shape.endpoints.element.pick({ url: true })),
  events: z.array(SeenEvent),
});

export const eventsCommand: Command = {
  name: "events",
  description: "Outgoing events with their endpoints and answers, the newest first",
  operands: null,
  flags: {
    limit: { type: "string", valueHint: "n", description: `Show at most so many, up to ${LIMIT_MAX}. Default: 50` },
  },
  examples: ["prewarm events", "prewarm events --limit 500 --json"],
  async run(args, context) {
    const limit = Math.min(LIMIT_MAX, readCount(args.text("limit") ?? String(DEFAULT_LIMIT), "--limit", 1));
    const api = createControlApi(readControlSettings(args, context), context);
    const page = await api.call("GET /api/v1/events", { query: { limit } }, PAGE, { what: "the events" });
    const { endpoints, events } = page;
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.events/1", { endpoints, events });
    else for (const line of formatEvents(events)) report.data(line);
    if (endpoints.length === 0) report.note("The configuration names no endpoint, so no event is sent.");
    return EXIT.ok;
  },
};

function formatEvents(events: readonly z.infer<typeof SeenEvent>[]): string[] {
  if (events.length === 0) return ["No event was sent."];
  const rows = events.map(({ at, type, state, tries, status, said, endpoint }) => [
    new Date(at).toISOString().slice(0, 19),
    type,
    state,
    String(tries),
    status === null ? "" : String(status),
    endpoint,
    said ?? "",
  ]);
  return formatTable([["WHEN", "EVENT", "STATE", "TRIES", "STATUS", "ENDPOINT", "ANSWER"], ...rows]);
}
