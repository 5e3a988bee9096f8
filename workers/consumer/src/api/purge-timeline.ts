import type { PurgeTimeline } from "@prewarm/control-schema/images";
import type { Config } from "@prewarm/shared/config";
import type { ImageRows } from "../ledger/calls.ts";

/** For so long a browser may keep an immutable variant: `max-age` of the edge's answer. */
const YEAR_MS = 31_536_000_000;

/** Until when a browser may show a copy, if edges may answer with one until `edgeUntil`; Unix ms. */
export function browsersUntil(edgeUntil: number | null, { freshness }: Pick<Config, "freshness">): number | null {
  return edgeUntil === null ? null : edgeUntil + (freshness === "immutable" ? YEAR_MS : 0);
}

/** The last purge of an image, with the times until which old copies may still be shown. */
export function purgeTimeline(purge: ImageRows["purge"], config: Config): PurgeTimeline | null {
  if (purge === null) return null;
  const { seq, orderedAt, deletedAt, doneAt, secondAt, edgeUntil } = purge;
  return {
    purge: String(seq),
    orderedAt,
    storeDeletedAt: deletedAt,
    edgeUntil,
    browsersUntil: browsersUntil(edgeUntil, config),
    secondPass: { dueAt: doneAt === null ? secondAt : null, doneAt },
  };
}
