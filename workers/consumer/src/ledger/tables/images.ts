import { int, type Sql, text, textOrNull } from "./sql.ts";

/** What is remembered of one original. Most images have no row: everything here is the exception. */
export interface Image {
  /** Encoded id: the keys' first segment. */
  id: string;
  /** The upload system's order of the newest original known, as text. */
  ordering: string | null;
  sourceEtag: string | null;
  /** Objects of a lower generation do not count: the last new original, or purge. */
  floor: number;
  /** Unix ms until which a purge holds the lock; 0 is unlocked. */
  purgingUntil: number;
  /** Day (Unix days) and number of the rows born from views on it. */
  liveDay: number;
  liveRows: number;
}

/** The images a transaction has in hand; `load` them before `get`. */
export class Images {
  readonly #sql: Sql;
  readonly #held = new Map<string, { image: Image; before: string }>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  load(ids: Iterable<string>): void {
    const missing = [...new Set(ids)].filter((id) => !this.#held.has(id));
    if (missing.length === 0) return;
    const found = this.#sql.exec(
      "SELECT images.* FROM json_each(?) AS k CROSS JOIN images ON images.id = k.value",
      JSON.stringify(missing),
    );
    for (const raw of found) {
      const image: Image = {
        id: text(raw.id),
        ordering: textOrNull(raw.ordering),
        sourceEtag: textOrNull(raw.source_etag),
        floor: int(raw.floor),
        purgingUntil: int(raw.purging_until),
        liveDay: int(raw.live_day),
        liveRows: int(raw.live_rows),
      };
      this.#held.set(image.id, { image, before: JSON.stringify(image) });
    }
    for (const id of missing) if (!this.#held.has(id)) this.#held.set(id, fresh(id));
  }

  get(id: string): Image {
    this.load([id]);
    const held = this.#held.get(id) ?? fresh(id);
    this.#held.set(id, held);
    return held.image;
  }

  flush(): void {
    for (const { image, before } of this.#held.values()) {
      if (JSON.stringify(image) === before) continue;
      const { id, ordering, sourceEtag, floor, purgingUntil, liveDay, liveRows } = image;
      this.#sql.exec(
        `INSERT INTO images (id, ordering, source_etag, floor, purging_until, live_day, live_rows)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET
          ordering = ?2, source_etag = ?3, floor = ?4, purging_until = ?5, live_day = ?6, live_rows = ?7`,
        id,
        ordering,
        sourceEtag,
        floor,
        purgingUntil,
        liveDay,
        liveRows,
      );
    }
  }
}

function fresh(id: string): { image: Image; before: string } {
  const image: Image = { id, ordering: null, sourceEtag: null, floor: 0, purgingUntil: 0, liveDay: 0, liveRows: 0 };
  return { image, before: JSON.stringify(image) };
}
