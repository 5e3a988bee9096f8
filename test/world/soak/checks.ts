import { deadKey, encodedIdOfKey, idOfKey, storeKey } from "@prewarm/shared/variant-key";
import {
  CANCELLED,
  CANCELLING,
  DEAD,
  floorsOf,
  jobsIn,
  lookAt,
  REFUSED,
  type RowLook,
} from "../histories/ledger-look.ts";
import { sumsAtFault } from "../histories/sums-check.ts";
import type { Diary } from "./diary.ts";
import { checkPace, checkSlots } from "./limits.ts";
import { imageOf, kindOf } from "./originals.ts";
import type { SoakWorld } from "./soak-world.ts";
import type { UpstreamJob } from "./upstream.ts";

function rowsOf({ sql }: SoakWorld): Map<string, RowLook> {
  return new Map(jobsIn(sql).map((row) => [row.key, row]));
}

/** At any time: counts equal GROUP BY, and what is cancelled is in nobody's hand. */
export function checkNow({ sql, diary }: SoakWorld): void {
  const look = lookAt(sql);
  for (const fault of sumsAtFault(sql, look)) diary.violation(fault);
  for (const { id, owner } of look.claims)
    if (look.rows.get(id)?.state === CANCELLED)
      diary.violation(`cancelled but in the hand of ${owner}: ${look.rows.get(id)?.key}`);
}

/** What must be empty before all is settled. */
const LEFT = [
  `SELECT * FROM jobs WHERE state <= ${CANCELLING}`,
  ...["claims", "sweeps", "outbox"].map((table) => `SELECT * FROM ${table}`),
  "SELECT * FROM actions WHERE state = 'running'",
  "SELECT * FROM runs WHERE cancel_cursor > 0",
];

/** Nothing is open, held, abandoned, to be purged, to be looked at or to be published. */
export function isSettled({ sql }: SoakWorld): boolean {
  return LEFT.every((query) => sql.exec(`${query} LIMIT 1`).length === 0);
}

/** What keeps it from being settled. */
export function unsettled({ sql }: SoakWorld): string {
  return JSON.stringify(LEFT.map((query) => sql.exec(`${query} LIMIT 3`)));
}

/** Variants that were made for somebody and are not there: only those that were deleted by hand may be missing. */
export function missingObjects({ diary, store }: SoakWorld): string[] {
  const made = [...diary.kept].filter((key) => kindOf(imageOf(idOfKey(key))) === "image");
  return made.filter((key) => !store.objects.has(storeKey(key)));
}

export interface Verdict {
  lost: number;
  invented: number;
  objects: number;
  states: Record<string, number>;
  jobs: number;
  doubled: number;
  /** Variants that were paid for again although a restore should have found their jobs. */
  paidTwice: number;
  replays: number;
  leftMarkers: number;
  /** Jobs at once at Ittybit, at most. */
  peak: number;
  /** Tokens given within a second, at most. */
  pace: number;
}

/** At rest: every promise against everything that is there. */
export async function checkAtRest(world: SoakWorld, jobs: UpstreamJob[]): Promise<Verdict> {
  const { diary } = world;
  const rows = rowsOf(world);
  const { lost, states } = checkRows(world, rows);
  const { invented, objects, leftMarkers } = await checkObjects(world, rows);
  const doubled = checkJobs(diary, jobs);
  const peak = checkSlots(world, jobs);
  const pace = checkPace(world);
  for (const { id, open } of world.sql.exec("SELECT id, open FROM runs WHERE open <> 0"))
    diary.violation(`run ${id} has ${open} open jobs at rest`);
  return { lost, invented, objects, states, jobs: jobs.length, ...doubled, leftMarkers, peak, pace };
}

/** I1: what was accepted is in R2, or is refused because of its original. */
function isKept({ store }: SoakWorld, key: string, row: RowLook | undefined): boolean {
  const kind = kindOf(imageOf(idOfKey(key)));
  return kind === "image" ? store.objects.has(storeKey(key)) : row?.state === REFUSED;
}

function checkRows(world: SoakWorld, rows: Map<string, RowLook>): Pick<Verdict, "lost" | "states"> {
  const { diary, store } = world;
  let lost = 0;
  for (const key of diary.kept) {
    const row = rows.get(key);
    if (isKept(world, key, row)) continue;
    lost += 1;
    diary.violation(`lost: ${key} has ${row === undefined ? "no row" : `a row in state ${row.state}`}`);
  }
  const states = { stored: 0, refused: 0, cancelled: 0, dead: 0 };
  for (const name of store.objects.keys()) if (name.startsWith("variants/")) states.stored += 1;
  for (const { key, state } of rows.values()) {
    if (state === REFUSED) states.refused += 1;
    else if (state === CANCELLED) states.cancelled += 1;
    else if (state === DEAD) states.dead += 1;
    if (state === DEAD) diary.violation(`still dead after everything was healed and retried: ${key}`);
    if (!diary.promised.has(key) && !diary.viewed.has(key)) diary.violation(`invented row: ${key}`);
  }
  return { lost, states };
}

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
    const id = idOfKey(key);
    const row = rows.get(key);
    const gen = Number(object.customMetadata.gen);
    const floor = floors.get(encodedIdOfKey(key)) ?? 0;
    if (!diary.promised.has(key) && !diary.viewed.has(key)) {
      invented += 1;
      diary.violation(`invented object: ${key}`);
    }
    // What ended without bytes may have older ones; what has no row counts as stored.
    const counts = row === undefined || diary.kept.has(key);
    await diary.check(name, object, counts);
    if (gen < (diary.purged.get(imageOf(id)) ?? 0)) diary.violation(`resurrected after a purge: ${key} gen ${gen}`);
    if (counts && gen < Math.max(row?.floor ?? 0, floor)) diary.violation(`${key}: gen ${gen} is stale`);
    // A ledger that was put back knows nothing of what was ordered anew since.
    const isKnown = !diary.madeAgain.has(gen);
    if (row?.state === CANCELLED && isKnown && Number(object.customMetadata["created-at"]) > row.updated)
      diary.violation(`${key} was stored after it was cancelled`);
    if (row === undefined && store.objects.has(deadKey(key))) leftMarkers += 1;
  }
  return { invented, objects, leftMarkers };
}

/** Attempts without an answer after which a generation is given up. */
const UNCLEAR_MAX = 6;
const DEADLINE_MS = 600_000;
/** Variants that each restore may pay for again. */
const PAID_TWICE_MAX = 2;

/**
 * Every generation has at most one job, and a key gets another job only for a reason: the earlier job failed, Ittybit said
 * long afterwards that there is no such job, a new order came, or a restore took the order back. A restored ledger finds
 * the jobs that were running and stores their results; it may miss a few. A job without a reason is a doubled one.
 */
function checkJobs(diary: Diary, jobs: UpstreamJob[]): Pick<Verdict, "doubled" | "paidTwice" | "replays"> {
  const perGeneration = new Map<string, number>();
  const perKey = new Map<string, UpstreamJob[]>();
  for (const job of jobs) {
    perGeneration.set(job.idempotencyKey, (perGeneration.get(job.idempotencyKey) ?? 0) + 1);
    perKey.set(job.key, [...(perKey.get(job.key) ?? []), job]);
  }
  for (const [key, n] of perGeneration) if (n > 1) diary.violation(`${n} jobs under ${key}`);
  let [doubled, paidTwice] = [0, 0];
  for (const [key, all] of perKey) {
    const ordered = all.sort((a, b) => a.createdAt - b.createdAt);
    for (const [at, job] of ordered.entries()) {
      const before = ordered[at - 1];
      if (before === undefined || isExplained(diary, key, before, job)) continue;
      if (diary.madeAgain.has(before.gen)) {
        paidTwice += 1;
        if (paidTwice <= PAID_TWICE_MAX * diary.putBacks) continue;
      }
      doubled += 1;
      const reasons = (diary.reasons.get(key) ?? []).map(({ at, why }) => `${why} ${at - before.createdAt}`).join(", ");
      diary.violation(
        `doubled: ${key} got ${job.id} (gen ${job.gen}) ${job.createdAt - before.createdAt} ms after ${before.id} (gen ${before.gen}, ${before.status}); ${reasons}`,
      );
    }
  }
  return { doubled, paidTwice, replays: jobs.length - perGeneration.size };
}

function isExplained(diary: Diary, key: string, before: UpstreamJob, job: UpstreamJob): boolean {
  if (diary.unordered.has(before.gen)) return true;
  // A restored ledger takes over no job without a result.
  if (diary.madeAgain.has(before.gen) && (before.status === "failed" || before.status === "cancelled")) return true;
  // Who was given it by the ledger before it was put back does not know that, and makes it while its lease lasts.
  if (diary.forgotten.has(job.gen) && job.gen < before.gen) return true;
  // What was ordered between the grant and the POST of the earlier one was not about it any more.
  const from = diary.granted.get(before.gen) ?? before.createdAt;
  const between = (diary.reasons.get(key) ?? []).filter(({ at }) => at >= from && at <= job.createdAt);
  if (between.some(({ why }) => why !== "unclear")) return true;
  if (between.length >= UNCLEAR_MAX) return true;
  const absentAt = diary.absent.get(before.id) ?? 0;
  return absentAt >= from + DEADLINE_MS && absentAt <= job.createdAt;
}
