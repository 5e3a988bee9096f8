import { jobHash } from "@prewarm/shared/job";
import type { JobView, NamedJob } from "../contract.ts";
import { newestKeys } from "./find-jobs.ts";
import { type Sql, text } from "./sql.ts";

/*
 * A job's public name is a hash of its key, and hashes do not turn back. Every job that is shown is therefore noted here; for a name that
 * was computed elsewhere the newest rows are tried.
 */

/** Newest rows that are hashed for a name nobody was shown. */
const TRIED_ROWS = 10_000;
/** Names noted in this instance's life that need not be written again. */
const REMEMBERED = 50_000;

export class Names {
  readonly #sql: Sql;
  readonly #noted = new Set<string>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The jobs with their names, which lead back to them from now on. */
  async name(views: JobView[]): Promise<NamedJob[]> {
    const named = await Promise.all(views.map(async (view) => ({ ...view, job: await jobHash(view.key) })));
    const fresh = named.filter(({ job }) => !this.#noted.has(job)).map(({ job, key }) => [job, key]);
    if (fresh.length === 0) return named;
    this.#sql.exec(
      "INSERT OR IGNORE INTO names (hash, key) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
      JSON.stringify(fresh),
    );
    if (this.#noted.size > REMEMBERED) this.#noted.clear();
    for (const [job] of fresh) if (job !== undefined) this.#noted.add(job);
    return named;
  }

  /** The keys that names stand for; unknown ones are left out. */
  async keysOf(names: string[]): Promise<Map<string, string>> {
    const query = "SELECT hash, key FROM names WHERE hash IN (SELECT value FROM json_each(?))";
    const known = new Map(this.#sql.exec(query, JSON.stringify(names)).map((raw) => [text(raw.hash), text(raw.key)]));
    const wanted = new Set(names.filter((name) => !known.has(name)));
    if (wanted.size === 0) return known;
    for (const key of newestKeys(this.#sql, TRIED_ROWS)) {
      const name = await jobHash(key);
      if (wanted.delete(name)) known.set(name, key);
      if (wanted.size === 0) break;
    }
    return known;
  }
}
