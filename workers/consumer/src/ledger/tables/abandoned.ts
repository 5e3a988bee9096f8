import { int, type Sql, textOrNull } from "./sql.ts";

/** A generation given up whose job may still run: it holds a slot until its job is seen to end, or, where nobody knows its job, until a time. */
export interface Abandoned {
  gen: number;
  job: string | null;
  /** Unix ms. */
  until: number;
  /** When it was granted, Unix ms: its job is no older. In memory only; null: not known. */
  grantedAt: number | null;
}

/** Slow is not stuck: a job that is known keeps its slot whatever its age. */
export function isOver({ job, until }: Abandoned, now: number): boolean {
  return job === null && until < now;
}

/** Those there are, kept in memory and written through: they are counted at every hand-out. */
export class AbandonedJobs {
  readonly #byGen = new Map<number, Abandoned>();

  constructor(sql: Sql) {
    for (const raw of sql.exec("SELECT gen, job, until FROM abandoned"))
      this.#byGen.set(int(raw.gen), {
        ...{ gen: int(raw.gen), job: textOrNull(raw.job), until: int(raw.until) },
        grantedAt: null,
      });
  }

  get size(): number {
    return this.#byGen.size;
  }

  get(gen: number): Abandoned | null {
    return this.#byGen.get(gen) ?? null;
  }

  list(): Abandoned[] {
    return [...this.#byGen.values()];
  }

  put(sql: Sql, abandoned: Abandoned): void {
    this.#byGen.set(abandoned.gen, abandoned);
    const { gen, job, until } = abandoned;
    sql.exec("INSERT OR REPLACE INTO abandoned (gen, job, until) VALUES (?, ?, ?)", gen, job, until);
  }

  delete(sql: Sql, gens: readonly number[]): void {
    const known = gens.filter((gen) => this.#byGen.delete(gen));
    if (known.length === 0) return;
    sql.exec("DELETE FROM abandoned WHERE gen IN (SELECT value FROM json_each(?))", JSON.stringify(known));
  }
}
