import { int, type Sql } from "./sql.ts";

/*
 * Generations that were given up while their job may still run at Ittybit. Each keeps a slot until its job is seen to end, or
 * until `until` (Unix ms).
 */

/** Given up twice, it keeps the later time and the job id that is known. */
export function abandon(sql: Sql, gen: number, ittybitJob: string | null, until: number): void {
  sql.exec(
    `INSERT INTO abandoned (gen, ittybit_job, until) VALUES (?1, ?2, ?3)
      ON CONFLICT (gen) DO UPDATE SET until = max(until, ?3), ittybit_job = coalesce(?2, ittybit_job)`,
    gen,
    ittybitJob,
    until,
  );
}

/** Notes the job id of a generation that was given up before its job was known. */
export function noteAbandonedJob(sql: Sql, gen: number, ittybitJob: string, until: number): void {
  sql.exec("UPDATE abandoned SET ittybit_job = ?2, until = max(until, ?3) WHERE gen = ?1", gen, ittybitJob, until);
}

/** Frees the slots of jobs that have ended. */
export function freeEnded(sql: Sql, ittybitJobs: readonly string[]): void {
  sql.exec("DELETE FROM abandoned WHERE ittybit_job IN (SELECT value FROM json_each(?))", JSON.stringify(ittybitJobs));
}

/** Frees the slots whose time is over. */
export function freeOver(sql: Sql, now: number): void {
  sql.exec("DELETE FROM abandoned WHERE until <= ?", now);
}

/** Slots that are taken now. */
export function countAbandoned(sql: Sql, now: number): number {
  return int(sql.exec("SELECT count(*) AS n FROM abandoned WHERE until > ?", now)[0]?.n);
}

/** A living slot ends between these times: a sweep has freed the earlier ones, and nobody gives a later one. */
export interface SlotTimes {
  from: number;
  to: number;
}

const LEAKED = "until < ?1 OR until > ?2";

export function countLeaked(sql: Sql, { from, to }: SlotTimes): number {
  return int(sql.exec(`SELECT count(*) AS n FROM abandoned WHERE ${LEAKED}`, from, to)[0]?.n);
}

export function freeLeaked(sql: Sql, { from, to }: SlotTimes): void {
  sql.exec(`DELETE FROM abandoned WHERE ${LEAKED}`, from, to);
}
