import { type Claim, COLUMNS, claimFrom, hasRow, type Owner, type Role, valuesOf } from "../tables/claim.ts";
import { insertRows, int, type Sql, text } from "../tables/sql.ts";
import { WRITE_BEHIND_MS } from "../times.ts";

const UPDATE = `UPDATE claims SET ${COLUMNS.slice(1)
  .map((name) => `${name} = ?`)
  .join(", ")} WHERE gen = ?`;

/**
 * All claims and owners, in memory and written through. A claim has a row from its admission until its end. A
 * prefetched claim has none: after an eviction its owner is told to drop it. The same is true of an owner that only
 * fetches results of jobs that it has not POSTed, because no row names it.
 */
export class Claims {
  readonly #byGen = new Map<number, Claim>();
  /** Claims that are not abandoned, by the row of the job. */
  readonly #byJob = new Map<number, Claim>();
  readonly #owners = new Map<string, Owner>();
  /** Generations whose rows may have to be written. */
  readonly #changed = new Set<number>();
  /** Generations that have a row, and the owner that the row names. */
  readonly #written = new Map<number, string | null>();
  /** Ends of leases as their rows have them. */
  readonly #leases = new Map<string, number>();

  constructor(sql: Sql) {
    for (const raw of sql.exec("SELECT name, lease_until, role FROM owners")) {
      const lease = { name: text(raw.name), until: int(raw.lease_until), role: text(raw.role) as Role };
      this.open({ ...lease, instance: 0, brief: false });
      this.#leases.set(lease.name, lease.until);
    }
    for (const raw of sql.exec(`SELECT ${COLUMNS.join(", ")} FROM claims`)) {
      const claim = claimFrom(raw, this.owner(text(raw.owner)));
      this.#written.set(claim.gen, claim.owner?.name ?? null);
      this.#index(claim);
    }
  }

  /* ── Owners ── */

  owner(name: string): Owner | null {
    return this.#owners.get(name) ?? null;
  }

  owners(): Owner[] {
    return [...this.#owners.values()];
  }

  open(lease: Pick<Owner, "name" | "until" | "role" | "instance" | "brief">): Owner {
    const owner: Owner = { ...lease, claims: new Map(), heard: 0, draining: false, exclusive: false };
    this.#owners.set(owner.name, owner);
    return owner;
  }

  /** Forgets an owner. Its claims become orphaned, due as before. */
  close(owner: Owner): void {
    for (const claim of owner.claims.values()) this.orphan(claim);
    this.#owners.delete(owner.name);
  }

  /* ── Claims ── */

  byGen(gen: number): Claim | null {
    return this.#byGen.get(gen) ?? null;
  }

  /** The claim of a job that is not abandoned. */
  byJob(id: number): Claim | null {
    return this.#byJob.get(id) ?? null;
  }

  /** Claims that are not abandoned. */
  held(): Claim[] {
    return [...this.#byJob.values()];
  }

  orphaned(): Claim[] {
    return this.held().filter(({ owner }) => owner === null);
  }

  abandoned(): Claim[] {
    return [...this.#byGen.values()].filter(({ state }) => state === "abandoned");
  }

  add(claim: Claim): Claim {
    this.#index(claim);
    this.note(claim);
    return claim;
  }

  /** Marks a claim whose row is to be written at the end of the transaction. */
  note(claim: Claim): void {
    this.#changed.add(claim.gen);
  }

  /** Writes a prefetched claim, so that an eviction does not forget its owner. */
  keep(claim: Claim): void {
    if (hasRow(claim)) return;
    claim.kept = true;
    this.note(claim);
  }

  /**
   * Gives an orphaned claim to an owner. The row stays as it is if it has the id of the job: after an eviction another
   * owner fetches the result. An owner that is to POST the job is written.
   */
  assign(claim: Claim, owner: Owner): void {
    claim.owner = owner;
    owner.claims.set(claim.id, claim);
    if (claim.externalId === null) this.note(claim);
  }

  /** Takes a claim from its owner. It is not handed out before `due`, Unix ms. */
  orphan(claim: Claim, due = claim.due): void {
    claim.owner?.claims.delete(claim.id);
    Object.assign(claim, { owner: null, first: false, ready: false, foundByPoller: false, due });
    this.note(claim);
  }

  /** Gives a claim up. It keeps its slot: until its external job has ended, or else until `until`, Unix ms. */
  abandon(claim: Claim, until: number): void {
    this.remove(claim);
    this.#index(Object.assign(claim, { state: "abandoned", owner: null, until }));
    this.note(claim);
  }

  remove(claim: Claim): void {
    claim.owner?.claims.delete(claim.id);
    if (this.#byGen.get(claim.gen) === claim) this.#byGen.delete(claim.gen);
    if (this.#byJob.get(claim.id) === claim) this.#byJob.delete(claim.id);
    this.note(claim);
  }

  #index(claim: Claim): void {
    this.#byGen.set(claim.gen, claim);
    if (claim.state === "abandoned") return;
    this.#byJob.set(claim.id, claim);
    claim.owner?.claims.set(claim.id, claim);
  }

  /* ── Rows ── */

  flush(sql: Sql): void {
    const gone: number[] = [];
    const added: Claim[] = [];
    for (const gen of this.#changed) {
      const claim = this.#byGen.get(gen);
      if (claim !== undefined && hasRow(claim)) {
        if (this.#written.has(gen)) update(sql, claim);
        else added.push(claim);
        this.#written.set(gen, claim.owner?.name ?? null);
      }
      // A claim that was given back may be handed out again in the same transaction. The new one is not admitted yet.
      else if (this.#written.delete(gen)) gone.push(gen);
    }
    this.#changed.clear();
    insertRows(sql, "claims", COLUMNS, added.map(valuesOf));
    if (gone.length > 0)
      sql.exec("DELETE FROM claims WHERE gen IN (SELECT value FROM json_each(?))", JSON.stringify(gone));
    this.#flushLeases(sql);
  }

  /**
   * A worker has a row from the time that the row of a claim names it. A handler that leaves within seconds has none:
   * after an eviction its claims are orphaned, and a repeated POST has the same key.
   */
  #flushLeases(sql: Sql): void {
    for (const { name, until, role, brief, claims } of this.#owners.values()) {
      if (brief) continue;
      const written = this.#leases.get(name);
      if (written === undefined && ![...claims.values()].some(({ gen }) => this.#written.get(gen) === name)) continue;
      if (written !== undefined && Math.abs(until - written) < WRITE_BEHIND_MS) continue;
      const query = `INSERT INTO owners (name, lease_until, role) VALUES (?1, ?2, ?3)
        ON CONFLICT (name) DO UPDATE SET lease_until = ?2`;
      sql.exec(query, name, until, role);
      this.#leases.set(name, until);
    }
    for (const name of this.#leases.keys()) {
      if (this.#owners.has(name)) continue;
      sql.exec("DELETE FROM owners WHERE name = ?", name);
      this.#leases.delete(name);
    }
  }
}

function update(sql: Sql, claim: Claim): void {
  const [gen = null, ...values] = valuesOf(claim);
  sql.exec(UPDATE, ...values, gen);
}
