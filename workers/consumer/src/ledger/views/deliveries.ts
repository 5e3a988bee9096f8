import type { HookDelivery } from "@prewarm/control-schema/hooks";
import { errorOf, stateOf } from "@prewarm/durable-queue";
import type { ImageTx } from "../../images/image-tx.ts";
import { Deliveries } from "../deliveries.ts";
import type { GivenTo } from "../given-to.ts";

/** The last deliveries of hooks between two times, the newest first, with what became of their first images. */
export function deliveriesView(
  tx: ImageTx,
  { limit, from = 0, to = Number.MAX_SAFE_INTEGER }: Partial<GivenTo<"GET /api/v1/hooks">> = {},
): HookDelivery[] {
  const list = tx.memory.of(Deliveries).list();
  const shown = list.filter(({ at }) => at >= from && at <= to).slice(0, limit);
  return shown.map((one) => ({ ...one, images: one.images.map((id) => imageNow(tx, id)) }));
}

/** A stored variant has no row. */
function imageNow(tx: ImageTx, id: string): HookDelivery["images"][number] {
  const rows = tx.rows.loadGroup(id);
  const states = Object.fromEntries(
    [...Map.groupBy(rows, (row) => stateOf(tx, row))].map(([state, all]) => [state, all.length]),
  );
  const failed = rows.toSorted((a, b) => b.updated - a.updated).map(errorOf);
  return { id, states, error: failed.find((error) => error !== null) ?? null };
}
