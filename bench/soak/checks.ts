import { deadKey, idOfKey, storeKey } from "@prewarm/shared/variant-key";
import type { History } from "./history.ts";
import { imageOf, kindOf } from "./originals.ts";
import type { UpstreamJob } from "./upstream.ts";
import type { World } from "./world.ts";

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

function rowsOf({ sql }: World): Map<string, Row> {
  const found = sql.exec("SELECT key, state, owner, floor, updated, etag FROM jobs");
  return new Map(found.map((raw) => [String(raw.key), raw as unknown as Row]));
}

/** At any time: counters equal GROUP BY, and no more slots are taken than there are. */
export function checkNow(world: World): void {
  const { sql, history, host, options } = world;
  const print = (rows: Record<string, unknown>[]): string =>
    rows.map(({ state, lane, n }) => `${state}/${lane}: ${n}`).join(", ");
  const kept = print(sql.exec("SELECT state, lane, n FROM counters WHERE n <> 0 ORDER BY state, lane"));
  const counted = print(sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY 1, 2"));
  if (kept !== counted) history.violation(`counters say ${kept}; the rows are ${counted}`);
  const { slots } = host.core.counts();
  if (slots > options.concurrency) history.violation(`${slots} slots are taken of ${options.concurrency}`);
  for (const row of sql.exec("SELECT key FROM jobs WHERE state = 5 AND owner IS NOT NULL"))
    history.violation(`cancelled but owned: ${row.key}`);
}

/** Nothing is open, owned, abandoned, to be purged or published. */
export function isSettled({ sql, clock }: World): boolean {
  const left = sql.exec(
    `SELECT (SELECT count(*) FROM jobs WHERE state < 3 OR owner IS NOT NULL) + (SELECT count(*) FROM claims) +
      (SELECT count(*) FROM abandoned WHERE until > ?) + (SELECT count(*) FROM purges) + (SELECT count(*) FROM outbox) AS n`,
    clock.now(),
  )[0];
  return left?.n === 0;
}

/** What keeps it from being settled. */
export function unsettled({ sql }: World): string {
  const open = sql.exec("SELECT * FROM jobs WHERE state < 3 OR owner IS NOT NULL LIMIT 3");
  const left = ["claims", "abandoned", "purges", "outbox"].map((table) => sql.exec(`SELECT * FROM ${table} LIMIT 3`));
  return JSON.stringify([open, ...left]);
}

/** Stored rows whose object is not there: only those that were deleted by hand may lack it. */
export function missingObjects(world: World): string[] {
  const rows = [...rowsOf(world).values()].filter(({ state }) => state === STORED);
  return rows.map(({ key }) => key).filter((key) => world.store.get(storeKey(key)) === null);
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
export async function checkAtRest(world: World, jobs: UpstreamJob[]): Promise<Verdict> {
  const { history } = world;
  const rows = rowsOf(world);
  const { lost, states } = checkRows(world, rows);
  const { invented, objects, leftMarkers } = await checkObjects(world, rows);
  const doubled = checkJobs(history, jobs);
  const slots = world.host.core.counts().slots;
  if (slots !== 0) history.violation(`${slots} slots are still taken at rest`);
  for (const run of world.host.core.runsPage().runs) {
    if (run.open !== 0) history.violation(`run ${run.run} has ${run.open} open jobs at rest`);
  }
  return { lost, invented, objects, states, jobs: jobs.length, ...doubled, leftMarkers };
}

function checkRows({ history }: World, rows: Map<string, Row>): Pick<Verdict, "lost" | "states"> {
  let lost = 0;
  for (const key of history.kept) {
    const kind = kindOf(imageOf(idOfKey(key)));
    const expected = kind === "image" ? STORED : REFUSED;
    const state = rows.get(key)?.state;
    if (state === expected) continue;
    lost += 1;
    history.violation(`lost: ${key} is ${state === undefined ? "gone" : `in state ${state}`}`);
  }
  const states = { stored: 0, refused: 0, cancelled: 0, dead: 0 };
  for (const { key, state } of rows.values()) {
    if (state === STORED) states.stored += 1;
    else if (state === REFUSED) states.refused += 1;
    else if (state === CANCELLED) states.cancelled += 1;
    else if (state === DEAD) states.dead += 1;
    if (state === DEAD) history.violation(`still dead after everything was healed and retried: ${key}`);
    if (!history.promised.has(key) && !history.viewed.has(key)) history.violation(`invented row: ${key}`);
  }
  return { lost, states };
}

async function checkObjects(
  { history, store, host }: World,
  rows: Map<string, Row>,
): Promise<{ invented: number; objects: number; leftMarkers: number }> {
  let invented = 0;
  let objects = 0;
  let leftMarkers = 0;
  const floors = new Map<string, number>();
  for (const object of store.all("variants/")) {
    objects += 1;
    const key = object.key.slice("variants/".length);
    const id = idOfKey(key);
    const row = rows.get(key);
    const gen = Number(object.custom.gen);
    const floor = floors.get(id) ?? host.core.imageRows(id).floor;
    floors.set(id, floor);
    if (!history.promised.has(key) && !history.viewed.has(key)) {
      invented += 1;
      history.violation(`invented object: ${key}`);
    }
    await history.check(object, row?.state === STORED);
    if (gen < (history.purged.get(imageOf(id)) ?? 0)) history.violation(`resurrected after a purge: ${key} gen ${gen}`);
    if (row === undefined) history.violation(`an object without a row: ${key}`);
    if (row?.state === STORED && row.etag !== object.etag) history.violation(`${key}: the row names another etag`);
    if (row?.state === STORED && gen < Math.max(row.floor, floor)) history.violation(`${key}: gen ${gen} is stale`);
    if (row?.state === CANCELLED && Number(object.custom["created-at"]) > row.updated)
      history.violation(`${key} was stored after it was cancelled`);
    if (row?.state === STORED && store.get(deadKey(key)) !== null) leftMarkers += 1;
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
function checkJobs(history: History, jobs: UpstreamJob[]): { doubled: number; replays: number } {
  const perGeneration = new Map<string, number>();
  const perKey = new Map<string, UpstreamJob[]>();
  for (const job of jobs) {
    perGeneration.set(job.idempotencyKey, (perGeneration.get(job.idempotencyKey) ?? 0) + 1);
    perKey.set(job.key, [...(perKey.get(job.key) ?? []), job]);
  }
  for (const [key, n] of perGeneration) if (n > 1) history.violation(`${n} jobs under ${key}`);
  let doubled = 0;
  for (const [key, all] of perKey) {
    const ordered = all.sort((a, b) => a.createdAt - b.createdAt);
    for (const [at, job] of ordered.entries()) {
      const before = ordered[at - 1];
      if (before === undefined || isExplained(history, key, before, job)) continue;
      doubled += 1;
      const reasons = (history.reasons.get(key) ?? [])
        .map(({ at, why }) => `${why} ${at - before.createdAt}`)
        .join(", ");
      history.violation(
        `doubled: ${key} got ${job.id} (gen ${job.gen}) ${job.createdAt - before.createdAt} ms after ${before.id} (gen ${before.gen}, ${before.status}); ${reasons}`,
      );
    }
  }
  return { doubled, replays: jobs.length - perGeneration.size };
}

function isExplained(history: History, key: string, before: UpstreamJob, job: UpstreamJob): boolean {
  // What was ordered between the grant and the POST of the earlier one was not about it any more.
  const from = history.granted.get(before.gen) ?? before.createdAt;
  const between = (history.reasons.get(key) ?? []).filter(({ at }) => at >= from && at <= job.createdAt);
  if (between.some(({ why }) => why !== "unclear")) return true;
  if (between.length >= UNCLEAR_TO_DEATH) return true;
  return before.status === "processing" && job.createdAt - before.createdAt >= DEADLINE_MS;
}
