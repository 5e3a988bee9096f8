import { LEASE_MS } from "@prewarm/shared/limits";
import { int, intOrNull, type Sql, type SqlRow, text } from "./sql.ts";

export interface Lease {
  owner: string;
  /** Unix ms. */
  until: number;
  /** Rows claimed and not yet settled. */
  seqs: Set<number>;
}

interface HeldLease {
  lease: Lease | null;
  before: string;
}

/** Claims under way: one row per claim call, renewed by every call of its owner, gone with its last row. */
export class Leases {
  readonly #sql: Sql;
  readonly #held = new Map<string, HeldLease>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get(owner: string): Lease | null {
    const known = this.#held.get(owner);
    if (known) return known.lease;
    const raw = this.#sql.exec("SELECT owner, until, seqs FROM claims WHERE owner = ?", owner)[0];
    return this.#hold(owner, raw);
  }

  /** The lease of a claim call: opened, or renewed (a call that is repeated has the same owner). */
  open(owner: string, now: number): Lease {
    const lease = this.get(owner) ?? { owner, until: 0, seqs: new Set() };
    lease.until = Math.max(lease.until, now + LEASE_MS);
    this.#held.set(owner, { before: "", ...this.#held.get(owner), lease });
    return lease;
  }

  /** Renews a lease that is still alive; false when it is over. */
  renew(owner: string, now: number): boolean {
    const lease = this.get(owner);
    if (lease === null || lease.until <= now) return false;
    lease.until = now + LEASE_MS;
    return true;
  }

  isLive(owner: string, now: number): boolean {
    return (this.get(owner)?.until ?? 0) > now;
  }

  release(owner: string, seq: number): void {
    this.get(owner)?.seqs.delete(seq);
  }

  /** Leases that are over. The table holds as many rows as handlers run: reading all of it is cheap. */
  over(now: number): Lease[] {
    const found = this.#sql.exec("SELECT owner, until, seqs FROM claims WHERE until <= ?", now);
    return found
      .map((raw) => this.#held.get(text(raw.owner))?.lease ?? this.#hold(text(raw.owner), raw))
      .filter((lease) => lease !== null);
  }

  /** When the first lease ends, or ended, Unix ms; null when there is none. */
  nextEnd(): number | null {
    return intOrNull(this.#sql.exec("SELECT min(until) AS at FROM claims")[0]?.at);
  }

  flush(): void {
    for (const [owner, { lease, before }] of this.#held) {
      if (lease === null) continue;
      if (lease.seqs.size === 0) {
        if (before !== "") this.#sql.exec("DELETE FROM claims WHERE owner = ?", owner);
        continue;
      }
      const after = print(lease);
      if (after === before) continue;
      const seqs = JSON.stringify([...lease.seqs]);
      this.#sql.exec(
        "INSERT INTO claims (owner, until, seqs) VALUES (?1, ?2, ?3) ON CONFLICT (owner) DO UPDATE SET until = ?2, seqs = ?3",
        owner,
        lease.until,
        seqs,
      );
    }
  }

  #hold(owner: string, raw: SqlRow | undefined): Lease | null {
    if (raw === undefined) {
      this.#held.set(owner, { lease: null, before: "" });
      return null;
    }
    const lease: Lease = { owner, until: int(raw.until), seqs: new Set(JSON.parse(text(raw.seqs)) as number[]) };
    this.#held.set(owner, { lease, before: print(lease) });
    return lease;
  }
}

function print(lease: Lease): string {
  return `${lease.until} ${[...lease.seqs].join()}`;
}
