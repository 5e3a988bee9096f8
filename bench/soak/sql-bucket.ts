import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { Rates } from "./faults.ts";
import type { Chance } from "./random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface StoredObject {
  key: string;
  etag: string;
  bytes: Uint8Array;
  custom: Record<string, string>;
  contentType: string;
}

type Condition = Pick<R2Conditional, "etagMatches" | "etagDoesNotMatch">;

/** R2 as far as the consumer uses it, in SQLite outside the heap: conditions on put, metadata, pages of 1,000; strongly consistent. */
export class SqlStore {
  readonly #db = new DatabaseSync(":memory:");
  readonly #get;
  readonly #put;
  readonly #delete;
  readonly #list;
  #writes = 0;

  constructor() {
    this.#db.exec("CREATE TABLE o (key TEXT PRIMARY KEY, etag TEXT, bytes BLOB, custom TEXT, type TEXT) WITHOUT ROWID");
    this.#get = this.#db.prepare("SELECT * FROM o WHERE key = ?");
    this.#put = this.#db.prepare("INSERT OR REPLACE INTO o VALUES (?, ?, ?, ?, ?)");
    this.#delete = this.#db.prepare("DELETE FROM o WHERE key = ?");
    this.#list = this.#db.prepare("SELECT * FROM o WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?");
  }

  get(key: string): StoredObject | null {
    const raw = this.#get.get(key);
    return raw === undefined ? null : read(raw);
  }

  /** Null when the condition is not met. */
  put(object: Omit<StoredObject, "etag">, condition: Condition | undefined): StoredObject | null {
    const { key, bytes, custom, contentType } = object;
    const current = this.get(key);
    if (condition?.etagMatches !== undefined && current?.etag !== condition.etagMatches) return null;
    if (condition?.etagDoesNotMatch === "*" && current !== null) return null;
    this.#writes += 1;
    const etag = createHash("md5").update(bytes).update(String(this.#writes)).digest("hex");
    this.#put.run(key, etag, bytes, JSON.stringify(custom), contentType);
    return { ...object, etag };
  }

  delete(key: string): void {
    this.#delete.run(key);
  }

  list(prefix: string, after: string, limit: number): StoredObject[] {
    return this.#list.all(after, prefix, `${prefix}\u{10ffff}`, limit).map(read);
  }

  *all(prefix: string): Generator<StoredObject> {
    for (let after = ""; ; ) {
      const page = this.list(prefix, after, 500);
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.key;
    }
  }

  close(): void {
    this.#db.close();
  }
}

function read(raw: Record<string, unknown>): StoredObject {
  return {
    key: String(raw.key),
    etag: String(raw.etag),
    bytes: raw.bytes as Uint8Array,
    custom: JSON.parse(String(raw.custom)) as Record<string, string>,
    contentType: String(raw.type),
  };
}

function view({ key, etag, bytes, custom, contentType }: StoredObject): R2Object {
  const object = { key, etag, httpEtag: `"${etag}"`, size: bytes.byteLength, customMetadata: custom };
  return { ...object, httpMetadata: { contentType } } as unknown as R2Object;
}

export interface BucketDeps {
  store: SqlStore;
  clock: VirtualClock;
  chance: Chance;
  rates: () => Rates;
  /** Called with every object that is put. */
  onPut: (object: StoredObject) => void;
}

/** The bucket as one caller reaches it: with latency, refusals, lost answers and puts that land late, but never after `lastWrite`. */
export function createBucket(deps: BucketDeps, lastWrite = Number.POSITIVE_INFINITY) {
  const { store, clock, chance, rates } = deps;

  async function call<T>(work: () => T): Promise<T> {
    await clock.sleep(chance.between(2, 60));
    if (chance.hits(rates().storeFails)) throw new Error("R2: internal error (soak)");
    const result = work();
    if (chance.hits(rates().storeAnswerLost)) throw new Error("R2: network connection lost (soak)");
    return result;
  }

  function land(object: Omit<StoredObject, "etag">, condition: Condition | undefined): StoredObject | null {
    const stored = store.put(object, condition);
    if (stored !== null) deps.onPut(stored);
    return stored;
  }

  const bucket = {
    head: (key: string) =>
      call(() => {
        const found = store.get(key);
        return found === null ? null : view(found);
      }),
    async get(key: string) {
      const found = await call(() => store.get(key));
      if (found === null) return null;
      const text = new TextDecoder().decode(found.bytes);
      return Object.assign(view(found), { text: async () => text });
    },
    async put(key: string, body: unknown, options: R2PutOptions = {}) {
      const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body as Uint8Array);
      const { contentType = "" } = (options.httpMetadata ?? {}) as R2HTTPMetadata;
      const object = { key, bytes, custom: options.customMetadata ?? {}, contentType };
      const condition = options.onlyIf as Condition | undefined;
      if (chance.hits(rates().putLate)) {
        const left = lastWrite - clock.now();
        clock.after(Math.max(0, Math.min(left, chance.between(1_000, 300_000))), () => void land(object, condition));
        await clock.sleep(chance.between(100, 5_000));
        throw new Error("R2: no answer (soak)");
      }
      const stored = await call(() => land(object, condition));
      return stored === null ? null : view(stored);
    },
    delete: (keys: string | string[]) =>
      call(() => {
        for (const key of [keys].flat()) store.delete(key);
      }),
    list: ({ prefix = "", cursor = "" }: R2ListOptions = {}) =>
      call(() => {
        const found = store.list(prefix, cursor, 1000);
        const truncated = found.length === 1000;
        return { objects: found.map(view), truncated, ...(truncated ? { cursor: found.at(-1)?.key } : {}) };
      }),
  };
  return bucket as unknown as R2Bucket;
}
