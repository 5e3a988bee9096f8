export interface ModelObject {
  gen: number;
  /** Whose job's bytes these are, and the version of the original it read. */
  key: string;
  version: number;
  etag: number;
}

export interface LandedPut {
  key: string;
  issuedAt: number;
  owner: string;
}

interface Put extends LandedPut {
  object: Omit<ModelObject, "etag">;
  /** The etag that must still stand, null for none. */
  seen: number | null;
  landsAt: number;
  done: (etag: number | null) => void;
}

/** R2 as the histories see it: conditional puts that may land long after they were sent. */
export class R2Model {
  readonly objects = new Map<string, ModelObject>();
  readonly #puts: Put[] = [];
  #etag = 0;
  /** Off: puts are taken unconditionally (a mutation). */
  conditional = true;
  onPut: (put: LandedPut) => void = () => {};

  get busy(): boolean {
    return this.#puts.length > 0;
  }

  /** The machine died: what was on its way is lost. */
  drop(): void {
    this.#puts.length = 0;
  }

  put(put: Put): void {
    this.#puts.push(put);
  }

  tick(now: number): void {
    for (const put of this.#puts.filter(({ landsAt }) => landsAt <= now)) {
      this.#puts.splice(this.#puts.indexOf(put), 1);
      const standing = this.objects.get(put.key)?.etag ?? null;
      if (this.conditional && standing !== put.seen) {
        put.done(null);
        continue;
      }
      this.#etag += 1;
      this.objects.set(put.key, { ...put.object, etag: this.#etag });
      this.onPut(put);
      put.done(this.#etag);
    }
  }
}
