import { deadKey, encodedIdOfKey, idOfKey, storeKey } from "@prewarm/shared/variant-key";
import { CANCELLED, DEAD, floorsOf, lookAt, REFUSED, type RowLook } from "../histories/ledger-look.ts";
import { sumsAtFault } from "../histories/sums-check.ts";
import type { Diary } from "./diary.ts";
import { imageOf, kindOf } from "./originals.ts";
import type { SoakWorld } from "./soak-world.ts";
import type { UpstreamJob } from "./upstream.ts";

function rowsOf({ sql }: SoakWorld): Map<string, RowLook> {
  return new Map([...lookAt(sql).rows.values()].map((row) => [row.key, row]));
}

/** At any time: what is counted, folded or not, is what the rows say. */
export function checkNow({ sql, diary }: SoakWorld): void {
  for (const fault of sumsAtFault(sql, lookAt(sql))) diary.violation(fault);
}

const LEFT = ["hands", "abandoned", "purges", "renewals", "outbox"];

/** Nothing is open, held, abandoned, to be looked for or published. */
export function isSettled({ sql }: SoakWorld): boolean {
  const tables = LEFT.map((table) => `(SELECT count(*) FROM ${table})`).join(" + ");
  const open = "(SELECT count(*) FROM jobs WHERE state < 2)";
  const running = "(SELECT count(*) FROM actions WHERE state = 'running')";
  return sql.exec(`SELECT ${open} + ${tables} + ${running} AS n`)[0]?.n === 0;
}

/** What keeps it from being settled. */
export function unsettled({ sql }: SoakWorld): string {
  const open = sql.exec("SELECT * FROM jobs WHERE state < 2 LIMIT 3");
  return JSON.stringify([open, ...LEFT.map((table) => sql.exec(`SELECT * FROM ${table} LIMIT 3`))]);
}

/** Promised variants of good originals that neither stand in R2 nor have a row: only those that were deleted by hand may be so. */
export function missingObjects(world: SoakWorld): string[] {
  const rows = rowsOf(world);
  const good = [...world.diary.kept].filter((key) => kindOf(imageOf(idOfKey(key))) === "image");
  return good.filter((key) => !rows.has(key) && !world.store.objects.has(storeKey(key)));
}

export interface Verdict {
  lost: number;
  invented: number;
  objects: number;
  states: Record<string, number>;
  jobs: number;
  doubled: number;
  replays: number;
  leftMarkers: number;
}

/** At rest: every promise against everything that is there. */
export async function checkAtRest(world: SoakWorld, jobs: UpstreamJob[]): Promise<Verdict> {
  const { diary } = world;
  const rows = rowsOf(world);
  const { lost, states } = checkRows(world, rows);
  const { invented, objects, leftMarkers } = await checkObjects(world, rows);
  const doubled = checkJobs(diary, jobs);
  for (const { id, open } of world.sql.exec("SELECT id, open FROM runs WHERE open <> 0"))
    diary.violation(`run ${id} has ${open} open jobs at rest`);
  return { lost, invented, objects, states, jobs: jobs.length, ...doubled, leftMarkers };
}

function checkRows({ diary, store }: SoakWorld, rows: Map<string, RowLook>): Pick<Verdict, "lost" | "states"> {
  let lost = 0;
  for (const key of diary.kept) {
    const state = rows.get(key)?.state;
    const isKept =
      kindOf(imageOf(idOfKey(key))) === "image"
        ? store.objects.has(storeKey(key)) && state === undefined
        : state === REFUSED;
    if (isKept) continue;
    lost += 1;
    diary.violation(`lost: ${key} is ${state === undefined ? "gone" : `in state ${state}`}`);
  }
  const states = { refused: 0, cancelled: 0, dead: 0 };
  for (const { key, state } of rows.values()) {
    if (state === REFUSED) states.refused += 1;
    else if (state === CANCELLED) states.cancelled += 1;
    else if (state === DEAD) states.dead += 1;
    if (state === DEAD) diary.violation(`still dead after everything was healed and retried: ${key}`);
    if (!diary.promised.has(key) && !diary.viewed.has(key)) diary.violation(`invented row: ${key}`);
  }
  return { lost, states };
}

/** What stands in R2 and has no row counts as stored: it must be of the newest original. */
async function checkObjects(
  { diary, store, sql }: SoakWorld,
  rows: Map<string, RowLook>,
): Promise<{ invented: number; objects: number; leftMarkers: number }> {
  let invented = 0;
  let objects = 0;
  let leftMarkers = 0;
  const floors = floorsOf(sql);
  for (const [name, object] of store.objects) {
    if (!name.startsWith("variants/")) continue;
    objects += 1;
    const key = name.slice("variants/".length);
    const gen = Number(object.customMetadata.gen);
    const isStored = !rows.has(key);
    if (!diary.promised.has(key) && !diary.viewed.has(key)) {
      invented += 1;
      diary.violation(`invented object: ${key}`);
    }
    await diary.check(name, object, isStored);
    if (gen < (diary.purged.get(imageOf(idOfKey(key))) ?? 0))
      diary.violation(`resurrected after a purge: ${key} gen ${gen}`);
    if (isStored && gen < (floors.get(encodedIdOfKey(key)) ?? 0)) diary.violation(`${key}: gen ${gen} is stale`);
    if (isStored && store.objects.has(deadKey(key))) leftMarkers += 1;
  }
  return { invented, objects, leftMarkers };
}

/** Attempts without an answer after which a job is dead and may be ordered anew. */
const UNCLEAR_TO_DEATH = 5;
const DEADLINE_MS = 600_000;

/**
 * Every generation has at most one job, and a key gets a further one only for a reason: the earlier failed, was stuck beyond its
 * deadline, or somebody ordered anew. A job without a reason is a doubled one.
 */
function checkJobs(diary: Diary, jobs: UpstreamJob[]): { doubled: number; replays: number } {
  const perGeneration = new Map<string, number>();
  const perKey = new Map<string, UpstreamJob[]>();
  for (const job of jobs) {
    perGeneration.set(job.idempotencyKey, (perGeneration.get(job.idempotencyKey) ?? 0) + 1);
    perKey.set(job.key, [...(perKey.get(job.key) ?? []), job]);
  }
  for (const [key, n] of perGeneration) if (n > 1) diary.violation(`${n} jobs under ${key}`);
  let doubled = 0;
  for (const [key, all] of perKey) {
    const ordered = all.sort((a, b) => a.createdAt - b.createdAt);
    for (const [at, job] of ordered.entries()) {
      const before = ordered[at - 1];
      if (before === undefined || isExplained(diary, key, before, job)) continue;
      doubled += 1;
      const reasons = (diary.reasons.get(key) ?? []).map(({ at, why }) => `${why} ${at - before.createdAt}`).join(", ");
      diary.violation(
        `doubled: ${key} got ${job.id} (gen ${job.gen}) ${job.createdAt - before.createdAt} ms after ${before.id} (gen ${before.gen}, ${before.status}); ${reasons}`,
      );
    }
  }
  return { doubled, replays: jobs.length - perGeneration.size };
}

function isExplained(diary: Diary, key: string, before: UpstreamJob, job: UpstreamJob): boolean {
  // What was ordered between the grant and the POST of the earlier one was not about it any more.
  const from = diary.granted.get(before.gen) ?? before.createdAt;
  const between = (diary.reasons.get(key) ?? []).filter(({ at }) => at >= from && at <= job.createdAt);
  if (between.some(({ why }) => why !== "unclear")) return true;
  if (between.length >= UNCLEAR_TO_DEATH) return true;
  return before.status === "processing" && job.createdAt - before.createdAt >= DEADLINE_MS;
}
