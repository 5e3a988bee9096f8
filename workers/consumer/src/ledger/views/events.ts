import type { EventDelivery } from "@prewarm/control-schema/events";
import type { Page } from "@prewarm/durable-queue";
import { numberBelow } from "../../console/tables/audit.ts";
import type { ImageTx } from "../../images/image-tx.ts";
import { type EventRow, readEvents } from "../tables/events.ts";

export function listEvents(tx: ImageTx, { limit, cursor }: Page): { events: EventDelivery[]; next: string | null } {
  const found = readEvents(tx.sql, numberBelow(cursor), limit);
  return { events: found.map(viewOf), next: found.length < limit ? null : String(found.at(-1)?.n ?? 0) };
}

function viewOf({ n: _, due, status, ...event }: EventRow): EventDelivery {
  const isTaken = status !== null && status >= 200 && status < 300;
  const state = due !== null ? "waiting" : isTaken ? "delivered" : "given up";
  return { ...event, status, state, nextAt: due };
}
