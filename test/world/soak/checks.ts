import { deadKey, encodedIdOfKey, idOfKey, storeKey } from "@prewarm/shared/variant-key";
import type { Diary } from "./diary.ts";
import { imageOf, kindOf } from "./originals.ts";
import type { SoakWorld } from "./soak-world.ts";
import type { UpstreamJob } from "./upstream.ts";

/** Codes of ledger/row.ts, read from its table as any reader of the database would. */
const STORED = 3;
const DEAD = 4;
const CANCELLED = 5;
const REFUSED = 6;

interface Row {
  key: string;
  state: number;
  owner: string | null;
  floor: number;
  updated: number;
  etag: string | null;
}

function rowsOf({ sql }: SoakWorld): Map<string, Row> {
  const found = sql.exec("SELECT key, state, owner, floor, updated, etag FROM jobs");
  return new Map(found.map((raw) => [String(raw.key), raw as unknown as Row]));
}

/** At any time: counters equal GROUP BY, and no more slots are taken than there are. */
export function checkNow(world: SoakWorld): void {
  const { sql, diary, options } = world;
  const print = (rows: Record<string, unknown>[]): string =>
    rows.map(({ state, lane, n }) => `${state}/${lane}: ${n}`).join(", ");
  const kept = print(sql.exec("SELECT state, lane, n FROM counters WHERE n <> 0 ORDER BY state, lane"));
  const counted = print(sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY 1, 2"));
  if (kept !== counted) diary.violation(`counters say ${kept}; the rows are ${counted}`);
  const slots = slotsOf(world);
  if (slots > options.concurrency) diary.violation(`${slots} slots are taken of ${options.concurrency}`);
  for (const row of sql.exec("SELECT key FROM jobs WHERE state = 5 AND owner IS NOT NULL"))
    diary.violation(`cancelled but owned: ${row.key}`);
}

function slotsOf({ sql, clock }: SoakWorld): number {
  const granted = "SELECT count(*) FROM jobs WHERE granted > 0 AND state < 3";
  return Number(
    sql.exec(`SELECT (${granted}) + (SELECT count(*) FROM abandoned WHERE until > ?) AS n`, clock.now())[0]?.n,
  );
}

/** Nothing is open, owned, abandoned, to be purged or published. */
export function isSettled({ sql, clock }: SoakWorld): boolean {
  const left = sql.exec(
    `SELECT (SELECT count(*) FROM jobs WHERE state < 3 OR owner IS NOT NULL) + (SELECT count(*) FROM claims) +
      (SELECT count(*) FROM abandoned WHERE until > ?) + (SELECT count(*) FROM purges) + (SELECT count(*) FROM outbox) +
      (SELECT count(*) FROM actions WHERE state = 'running') AS n`,
    clock.now(),
  )[0];
  return left?.n === 0;
}

/** What keeps it from being settled. */
export function unsettled({ sql }: SoakWorld): string {
  const open = sql.exec("SELECT * FROM jobs WHERE state < 3 OR owner IS NOT NULL LIMIT 3");
  const left = ["claims", "abandoned", "purges", "outbox"].map((table) => sql.exec(`SELECT * FROM ${table} LIMIT 3`));
  return JSON.stringify([open, ...left]);
}

/** Stored rows whose object is not there: only those that were deleted by hand may lack it. */
export function missingObjects(world: SoakWorld): string[] {
  const rows = [...rowsOf(world).values()].filter(({ state }) => state === STORED);
  return rows.map(({ key }) => key).filter((key) => !world.store.objects.has(storeKey(key)));
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
  const slots = slotsOf(world);
  if (slots !== 0) diary.violation(`${slots} slots are still taken at rest`);
  for (const { id, open } of world.sql.exec("SELECT id, open FROM runs WHERE open <> 0"))
    diary.violation(`run ${id} has ${open} open jobs at rest`);
  return { lost, invented, objects, states, jobs: jobs.length, ...doubled, leftMarkers };
}

function checkRows({ diary }: SoakWorld, rows: Map<string, Row>): Pick<Verdict, "lost" | "states"> {
  let lost = 0;
  for (const key of diary.kept) {
    const kind = kindOf(imageOf(idOfKey(key)));
    const expected = kind === "image" ? STORED : REFUSED;
    const state = rows.get(key)?.state;
    if (state === expected) continue;
    lost += 1;
    diary.violation(`lost: ${key} is ${state === undefined ? "gone" : `in state ${state}`}`);
  }
  const states = { stored: 0, refused: 0, cancelled: 0, dead: 0 };
  for (const { key, state } of rows.values()) {
    if (state === STORED) states.stored += 1;
    else if (state === REFUSED) states.refused += 1;
    else if (state === CANCELLED) states.cancelled += 1;
    else if (state === DEAD) states.dead += 1;
    if (state === DEAD) diary.violation(`still dead after everything was healed and retried: ${key}`);
    if (!diary.promised.has(key) && !diary.viewed.has(key)) diary.violation(`invented row: ${key}`);
  }
  return { lost, states };
}

async function checkObjects(
  { diary, store, sql }: SoakWorld,
  rows: Map<string, Row>,
): Promise<{ invented: number; objects: number; leftMarkers: number }> {
  let invented = 0;
  let objects = 0;
  let leftMarkers = 0;
  const floors = new Map(sql.exec("SELECT id, floor FROM images").map(({ id, floor }) => [String(id), Number(floor)]));
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
    await diary.check(name, object, row?.state === STORED);
    if (gen < (diary.purged.get(imageOf(id)) ?? 0)) diary.violation(`resurrected after a purge: ${key} gen ${gen}`);
    if (row === undefined) diary.violation(`an object without a row: ${key}`);
    if (row?.state === STORED && row.etag !== object.etag) diary.violation(`${key}: the row names another etag`);
    if (row?.state === STORED && gen < Math.max(row.floor, floor)) diary.violation(`${key}: gen ${gen} is stale`);
    if (row?.state === CANCELLED && Number(object.customMetadata["created-at"]) > row.updated)
      diary.violation(`${key} was stored after it was cancelled`);
    if (row?.state === STORED && store.objects.has(deadKey(key))) leftMarkers += 1;
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
