import { int, type Sql, text, textOrNull } from "@prewarm/durable-queue/schema/sql";

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
  /** A purge or the doctor holds the lock until then, Unix ms. 0: unlocked. */
  lock: number;
  updated: number;
}

const FIELDS = ["ordering", "etag", "floor", "purged", "lock"] as const;

/** The images of a transaction. `load` them before `get`. */
export class Images {
  readonly #sql: Sql;
  readonly #now: number;
  readonly #held = new Map<string, { image: Image; before: string }>();

  constructor(sql: Sql, now: number) {
    this.#sql = sql;
    this.#now = now;
  }

  load(ids: Iterable<string>): void {
    const missing = [...new Set(ids)].filter((id) => !this.#held.has(id));
    if (missing.length === 0) return;
    const query = "SELECT images.* FROM json_each(?) AS k CROSS JOIN images ON images.id = k.value";
    for (const raw of this.#sql.exec(query, JSON.stringify(missing))) {
      const image: Image = {
        ...{ id: text(raw.id), ordering: textOrNull(raw.ordering), etag: textOrNull(raw.etag), floor: int(raw.floor) },
        ...{ purged: int(raw.purged), lock: int(raw.lock), updated: int(raw.updated) },
      };
      this.#held.set(image.id, { image, before: print(image) });
    }
    for (const id of missing) if (!this.#held.has(id)) this.#held.set(id, unknown(id));
  }

  get(id: string): Image {
    this.load([id]);
    const held = this.#held.get(id) ?? unknown(id);
    this.#held.set(id, held);
    return held.image;
  }

  flush(): void {
    for (const { image, before } of this.#held.values()) {
      if (print(image) === before) continue;
      this.#sql.exec(
        `INSERT OR REPLACE INTO images (id, ${FIELDS.join(", ")}, updated) VALUES (?, ?, ?, ?, ?, ?, ?)`,
        ...[image.id, ...FIELDS.map((field) => image[field]), this.#now],
      );
    }
  }
}

function print(image: Image): string {
  return JSON.stringify(FIELDS.map((field) => image[field]));
}

function unknown(id: string): { image: Image; before: string } {
  const image: Image = { id, ordering: null, etag: null, floor: 0, purged: 0, lock: 0, updated: 0 };
  return { image, before: print(image) };
}
