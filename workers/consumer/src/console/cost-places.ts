import type { Row } from "@prewarm/durable-queue";
import { keyOfJob, parseVariantKey } from "@prewarm/shared/variant-key";

/**
 * The places of a job's cost, a name of each dimension. Null: its row is gone, and another instance has admitted it.
 */
export function costPlaces(row: Pick<Row, "group" | "part" | "run"> | null): string[] {
  const known = row === null ? null : parseVariantKey(keyOfJob(row));
  const { width = null, height = null, format = "" } = known?.transform ?? {};
  const size = known === null ? "" : width !== null ? String(width) : height === null ? "orig" : `x${height}`;
  const id = known?.id ?? "";
  const folder = id.slice(0, id.lastIndexOf("/") + 1);
  return [`run ${row?.run ?? 0}`, `width ${size}`, `format ${format}`, `folder ${folder}`];
}
