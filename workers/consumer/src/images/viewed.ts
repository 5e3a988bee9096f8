import { DAY_MS } from "@prewarm/shared/clock";
import { encodedIdOfKey, versionOfKey } from "@prewarm/shared/variant-key";
import type { ImageTx } from "./image-tx.ts";

/** Viewers' orders of an image on the current day (UTC). */
interface Viewed {
  orders: number;
  /** The site's own versions among the orders. */
  versions: string[];
}

/**
 * Today's orders of an image (`image`: its encoded id). They are limited, because a client can ask for any number of
 * sizes and versions.
 */
export function viewedOf(tx: ImageTx, image: string): Viewed {
  const { viewedOn, views, viewedVersions } = tx.images.get(image);
  if (viewedOn !== dayOf(tx.now)) return { orders: 0, versions: [] };
  return { orders: views, versions: JSON.parse(viewedVersions) as string[] };
}

/** Counts an order of a viewer, in the transaction of its row. */
export function noteOrder(tx: ImageTx, key: string): void {
  const image = tx.images.get(encodedIdOfKey(key));
  const { orders, versions } = viewedOf(tx, image.id);
  const version = versionOfKey(key);
  const all = version === null || versions.includes(version) ? versions : [...versions, version];
  Object.assign(image, { viewedOn: dayOf(tx.now), views: orders + 1, viewedVersions: JSON.stringify(all) });
}

function dayOf(now: number): number {
  return Math.floor(now / DAY_MS);
}
