import { JOB_DEADLINE_MS } from "@prewarm/shared/limits";
import { idOfKey, parseVariantKey, storeKey } from "@prewarm/shared/variant-key";
import type { JobOrder } from "../../src/ittybit/client.ts";
import type { Finding } from "../../src/ledger/contract.ts";
import type { PurgeTask } from "../../src/ledger/protocol/purge.ts";
import type { World } from "./world.ts";

const CANCELLED = 5;
const REPLAY_CHANCE = 0.05;

/** What must hold, while it goes on and at rest; every breach is a line in `bad`. */
export class Invariants {
  readonly bad: string[] = [];
  /** Keys for which a 202 was said and no end has been seen to be taken back since: by a purge, a hand or pruning. */
  readonly promised = new Set<string>();
  readonly asked = new Set<string>();
  /** Keys whose object a hand has deleted. */
  readonly deleted = new Set<string>();
  /** Whether anything was done that may make a job end dead. */
  mayDie = false;
  readonly #world: World;
  readonly #purgedBelow = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  purged({ id, floor }: PurgeTask): void {
    this.#purgedBelow.set(id, floor);
    for (const key of this.promised) if (idOfKey(key) === id) this.promised.delete(key);
  }

  /** I9: now and then a call is made twice; the second changes nothing but lease ends. */
  replayed<T>(call: () => T): T {
    const answer = call();
    if (this.#world.clock.random() >= REPLAY_CHANCE) return answer;
    const before = this.#dump();
    call();
    if (this.#dump() !== before) this.bad.push("a call made twice changed something (I9)");
    return answer;
  }

  #dump(): string {
    const { sql } = this.#world;
    const queries = [
      "SELECT * FROM jobs ORDER BY seq",
      "SELECT gen, job FROM abandoned ORDER BY gen",
      "SELECT * FROM counters ORDER BY state, lane",
      "SELECT owner, seqs FROM claims ORDER BY owner",
    ];
    return JSON.stringify(queries.map((query) => sql.exec(query)));
  }

  /** I3: one job a generation, and of one key only one that is not given up. */
  jobMade({ metadata }: JobOrder): void {
    const { sql, upstream } = this.#world;
    const { gen = "", key = "" } = metadata;
    if (!this.asked.has(key)) this.bad.push(`invented: a job for ${key}`);
    const same = upstream.jobs.filter((job) => job.order.metadata.gen === gen);
    if (same.length > 1) this.bad.push(`doubled: ${same.length} jobs of generation ${gen} of ${key}`);
    const abandoned = new Set(sql.exec("SELECT gen FROM abandoned").map((raw) => String(raw.gen)));
    const kept = upstream
      .running()
      .filter(({ order, createdAt }) => order.metadata.key === key && this.#isYoung(createdAt))
      .filter(({ order }) => !abandoned.has(order.metadata.gen ?? ""));
    if (kept.length > 1) this.bad.push(`doubled: ${kept.length} jobs at once of ${key}`);
  }

  /** A job that outlives its deadline is given up for good; Ittybit may keep it. */
  #isYoung(createdAt: number): boolean {
    return this.#world.clock.now() - createdAt < JOB_DEADLINE_MS - 60_000;
  }

  /** I5: only the owner of a live lease writes. */
  putIssued(storeName: string, owner: string): void {
    if (!storeName.startsWith("variants/")) return;
    const { sql, clock } = this.#world;
    const row = sql.exec("SELECT owner, state FROM jobs WHERE ?1 = 'variants/' || key", storeName)[0];
    const until = Number(sql.exec("SELECT until FROM claims WHERE owner = ?", owner)[0]?.until ?? 0);
    if (row?.owner !== owner || until <= clock.now())
      this.bad.push(`${owner} put ${storeName} without a live lease (I5), row ${JSON.stringify(row)}`);
  }

  /** I2, I4, I7. */
  checkRows(): void {
    const { sql, upstream, clock } = this.#world;
    for (const { key, state, owner, due } of sql.exec("SELECT key, state, owner, due FROM jobs")) {
      if (state === CANCELLED && owner !== null) this.bad.push(`${key} is cancelled and owned (I7)`);
      if (!Number.isFinite(Number(due))) this.bad.push(`${key} is due never (I2)`);
    }
    const slots = new Set(
      sql
        .exec(
          "SELECT gen FROM jobs WHERE granted > 0 AND state < 3 UNION SELECT gen FROM abandoned WHERE until > ?",
          clock.now(),
        )
        .map((raw) => String(raw.gen)),
    );
    for (const job of upstream.running()) {
      if (this.#isYoung(job.createdAt) && !slots.has(job.order.metadata.gen ?? ""))
        this.bad.push(`${job.id} runs without a slot (I4)`);
    }
  }

  /** What the doctor had to mend was done by hands or by pruning; the system by itself leaves nothing for it. */
  healed(findings: readonly Finding[], stored: ReadonlySet<string>): void {
    for (const { code, examples } of findings) {
      const wrong = examples.filter((key) => {
        if (code === "row_without_object") return !this.deleted.has(key);
        // A hand that deletes makes the key absent again: a put that was on its way for minutes may then land.
        return code !== "object_below_floor" || (stored.has(key) && !this.deleted.has(key));
      });
      const excused = code === "marker_stale" || (examples.length > 0 && wrong.length === 0);
      if (!excused) this.bad.push(`the doctor found ${code}: ${wrong}`);
    }
  }

  /** I6, before the doctor could mend it. A key that a hand has made absent may rightly have taken a late put. */
  checkPurged(): void {
    for (const [name, object] of this.#world.memory.objects) {
      if (!name.startsWith("variants/")) continue;
      const key = name.slice("variants/".length);
      const below = this.#purgedBelow.get(idOfKey(key)) ?? 0;
      if (Number(object.customMetadata.gen) < below && !this.deleted.has(key))
        this.bad.push(`survived its purge ${key} (I6)`);
    }
  }

  checkRest(): void {
    const { sql, upstream, memory } = this.#world;
    this.checkRows();
    // A stored row is forgotten after three days: R2 is the record, and its bytes are judged below.
    const kept = (key: string) => memory.objects.has(storeKey(key));
    for (const key of this.promised)
      if (sql.exec("SELECT 1 FROM jobs WHERE key = ?", key).length === 0 && !kept(key))
        this.bad.push(`lost ${key} (I1)`);
    for (const { key, state, error } of sql.exec("SELECT key, state, error FROM jobs")) {
      if (Number(state) === 4 && !this.mayDie) this.bad.push(`${key} is dead without a cause: ${error}`);
      if (Number(state) === 3 && !memory.objects.has(storeKey(String(key)))) this.bad.push(`${key} is stored nowhere`);
    }
    for (const [name, object] of memory.objects) {
      if (!name.startsWith("variants/")) continue;
      const key = name.slice("variants/".length);
      const parsed = parseVariantKey(key);
      if (parsed === null || !this.asked.has(key)) this.bad.push(`invented ${name}`);
      const gen = Number(object.customMetadata.gen);
      if (gen < (this.#purgedBelow.get(parsed?.id ?? "") ?? 0)) this.bad.push(`resurrected ${key} (I6)`);
      const wanted = upstream.expected(parsed?.id ?? "", parsed?.transform.width ?? 0);
      if (Buffer.compare(object.bytes, wanted) !== 0) this.bad.push(`corrupt or stale ${key} of generation ${gen}`);
    }
    this.#checkTables();
  }

  #checkTables(): void {
    const { sql } = this.#world;
    const empty = ["claims", "purges", "abandoned"];
    for (const table of empty) {
      const rows = sql.exec(`SELECT * FROM ${table}`);
      if (rows.length > 0) this.bad.push(`left in ${table}: ${JSON.stringify(rows)}`);
    }
    const counted = sql.exec("SELECT state, lane, n FROM counters WHERE n <> 0 ORDER BY state, lane");
    const real = sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY state, lane");
    if (JSON.stringify(counted) !== JSON.stringify(real))
      this.bad.push(`counters ${JSON.stringify(counted)} but rows ${JSON.stringify(real)} (I8)`);
    for (const { id, states } of sql.exec("SELECT id, states FROM runs"))
      if (/-/.test(String(states))) this.bad.push(`run ${id} counts ${states}`);
  }
}
