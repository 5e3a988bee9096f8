import { int, intOrNull, type Sql, type SqlRow, type SqlValue, text, textOrNull } from "@prewarm/durable-queue";
import type { Focal } from "@prewarm/shared/focal";

/** The state of one original. Most images have no row, because every field is an exception. */
export interface Image {
  /** Encoded id: the first segment of the keys. */
  id: string;
  /** The order of the newest known original, as text from the upload system. */
  ordering: string | null;
  etag: string | null;
  /** The fence of the last new original or purge: objects of a lower generation do not count. */
  floor: number;
  /** The number of the last purge. Objects of a lower generation must be deleted. */
  purged: number;
  /** When the last purge was ordered, Unix ms. Null: there was none, or it is not remembered. */
  purgeOrdered: number | null;
  /** When its first pass had deleted every older object, Unix ms. Null: it has not. */
  purgeDeleted: number | null;
  /** When its second pass had, Unix ms. Null: it has not. */
  purgeDone: number | null;
  /**
   * The site's own version that an upload or a run announced last. Null: one without a version, or none is remembered.
   */
  version: string | null;
  /** The number of that announcement. 0: none is remembered. */
  announced: number;
  /** The fence of the last order to make the image anew. 0: none is remembered. */
  forced: number;
  /** A purge or the doctor holds the lock until then, Unix ms. 0: unlocked. */
  lock: number;
  /** No variant of it is made (removals.ts). */
  removed: boolean;
  /** The point that crops without `pos` show. Null: the centre. */
  focal: Focal | null;
  /** The fence of the last change of the point: crops without `pos` of a lower generation do not count. */
  focalFloor: number;
  /**
   * The day (since 1970, UTC) of the last order of a viewer, the orders of that day, and their versions as JSON. 0:
   * there was none.
   */
  viewedOn: number;
  views: number;
  viewedVersions: string;
}

/** The images of a transaction. `load` them before `get`. */
export class Images {
  readonly #sql: Sql;
  readonly #now: number;
  readonly #held = new Map<string, { image: Image; before: Image }>();

  constructor(sql: Sql, now: number) {
    this.#sql = sql;
    this.#now = now;
  }

  load(ids: Iterable<string>): void {
    const missing = [...new Set(ids)].filter((id) => !this.#held.has(id));
    if (missing.length === 0) return;
    const query = `SELECT k.value AS id, ordering, etag, floor, purged, purge_ordered, purge_deleted, purge_done, lock, v, announced, x, y, fence,
      viewed.day, viewed.orders, viewed.versions, removals.id AS removal, forced FROM json_each(?) AS k LEFT JOIN images ON images.id = k.value
      LEFT JOIN focals ON focals.id = k.value LEFT JOIN viewed ON viewed.id = k.value LEFT JOIN removals ON removals.id = k.value
      LEFT JOIN changes ON changes.id = k.value`;
    for (const raw of this.#sql.exec(query, JSON.stringify(missing))) {
      const image = imageFrom(raw);
      this.#held.set(image.id, { image, before: { ...image } });
    }
  }

  get(id: string): Image {
    this.load([id]);
    const held = this.#held.get(id);
    if (held === undefined) throw new Error(`the image ${id} was not loaded`);
    return held.image;
  }

  /** The point has a table of its own, because rows of `images` are forgotten after 90 days. */
  flush(): void {
    for (const { image, before } of this.#held.values()) {
      if (!isSame(stateOf(image), stateOf(before)))
        this.#sql.exec(
          `INSERT OR REPLACE INTO images (id, ordering, etag, floor, purged, purge_ordered, purge_deleted, purge_done, lock, v,
            announced, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[image.id, ...stateOf(image), this.#now],
        );
      if (!isSame(pointOf(image), pointOf(before)))
        this.#sql.exec(
          "INSERT OR REPLACE INTO focals (id, x, y, fence, updated) VALUES (?, ?, ?, ?, ?)",
          ...[image.id, ...pointOf(image), this.#now],
        );
      if (!isSame(viewsOf(image), viewsOf(before))) putViews(this.#sql, image);
    }
  }
}

/** The points of images (encoded ids) above an id, in the order of ids. Null: the point was taken back. */
export function readFocals(sql: Sql, above: string, limit: number): { id: string; focal: Focal | null }[] {
  const query = "SELECT id, x, y FROM focals WHERE id > ? ORDER BY id LIMIT ?";
  return sql.exec(query, above, limit).map(({ id, x, y }) => ({ id: text(id), focal: focalFrom(x, y) }));
}

/** The table has one day. The first order of another day empties it. */
function putViews(sql: Sql, image: Image): void {
  const [first] = sql.exec("SELECT day FROM viewed LIMIT 1");
  if (first !== undefined && first.day !== image.viewedOn) sql.exec("DELETE FROM viewed");
  const query = "INSERT OR REPLACE INTO viewed (id, day, orders, versions) VALUES (?, ?, ?, ?)";
  sql.exec(query, image.id, ...viewsOf(image));
}

function stateOf(image: Image): SqlValue[] {
  const { ordering, etag, floor, purged, purgeOrdered, purgeDeleted, purgeDone, lock, version, announced } = image;
  return [ordering, etag, floor, purged, purgeOrdered, purgeDeleted, purgeDone, lock, version, announced];
}

function pointOf({ focal, focalFloor }: Image): SqlValue[] {
  return [focal?.[0] ?? null, focal?.[1] ?? null, focalFloor];
}

function viewsOf({ viewedOn, views, viewedVersions }: Image): SqlValue[] {
  return [viewedOn, views, viewedVersions];
}

function isSame(after: readonly SqlValue[], before: readonly SqlValue[]): boolean {
  return after.every((value, at) => value === before[at]);
}

/** An image without a row has no exception. */
function imageFrom(raw: SqlRow): Image {
  const { id, ordering, etag, floor, purged, lock, x, y, fence, removal } = raw;
  return {
    id: text(id),
    ordering: textOrNull(ordering),
    etag: textOrNull(etag),
    floor: int(floor),
    purged: int(purged),
    lock: int(lock),
    purgeOrdered: intOrNull(raw.purge_ordered),
    removed: removal !== null,
    purgeDeleted: intOrNull(raw.purge_deleted),
    purgeDone: intOrNull(raw.purge_done),
    version: textOrNull(raw.v),
    announced: int(raw.announced),
    forced: int(raw.forced),
    focal: focalFrom(x, y),
    focalFloor: int(fence),
    viewedOn: int(raw.day),
    views: int(raw.orders),
    viewedVersions: textOrNull(raw.versions) ?? "[]",
  };
}

function focalFrom(x: SqlValue | undefined, y: SqlValue | undefined): Focal | null {
  return x == null || y == null ? null : [Number(x), Number(y)];
}
