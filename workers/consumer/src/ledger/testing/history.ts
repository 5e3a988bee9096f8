import { type HandlerMutation, World } from "./world.ts";

/** One thing that happens in a history, at a second of it. */
export interface Happening {
  at: number;
  kind:
    | "accept"
    | "replace"
    | "older"
    | "force"
    | "cancel"
    | "cancelRun"
    | "retry"
    | "purge"
    | "deleteObject"
    | "prune"
    | "live"
    | "evict"
    | "restart";
  image: "a" | "b";
  variant: 0 | 1;
}

export interface History {
  seed: number;
  happenings: Happening[];
}

const FAULTY_SECONDS = 420;
const QUIET_STEPS = 4_000;

/** Plays a history to its end and answers every broken invariant; an empty list is a good history. */
export function play(history: History, mutation: HandlerMutation | null = null): { bad: string[]; jobs: number } {
  const world = new World(history.seed, mutation);
  try {
    const left = [...history.happenings].sort((one, other) => one.at - other.at);
    while ((world.t < FAULTY_SECONDS || left.length > 0) && world.bad.length === 0) {
      while (left[0] !== undefined && left[0].at <= world.t) happen(world, left.shift()!);
      world.step();
    }
    world.faults = false;
    if (world.bad.length === 0) settleDown(world);
    if (world.bad.length === 0) checkRest(world);
    return { bad: world.bad, jobs: world.upstream.jobs.length };
  } finally {
    world.sql.close();
  }
}

const RUNS = ["run1", "run2"];

function happen(world: World, { kind, image, variant }: Happening): void {
  const keys = [`${image}/0`, `${image}/1`];
  const key = `${image}/${variant}`;
  const accept = (more: object): void => {
    const run = world.prng.chance(0.5) ? world.prng.pick(RUNS) : null;
    const answer = world.core.accept({ run, lane: world.prng.pick(["upload", "bulk"]), keys, ...more });
    if (answer.closed !== true) world.promise(keys, run);
  };
  const original = (version: number) => ({ originals: [{ id: image, order: String(version), sourceEtag: null }] });
  const version = world.versions.get(image) ?? 0;
  switch (kind) {
    case "accept":
      accept({});
      return;
    case "replace":
      world.versions.set(image, version + 1);
      accept(original(version + 1));
      return;
    case "older":
      if (version > 0) accept(original(version - 1));
      return;
    case "force":
      accept({ force: true });
      return;
    case "cancel":
      world.wants.delete(key);
      world.core.cancelKeys([key]);
      return;
    case "cancelRun":
      for (const wants of world.wants.values()) wants.delete(RUNS[variant]!);
      world.core.cancelRun(RUNS[variant]!);
      return;
    case "retry":
      world.core.retry([key]);
      return;
    case "purge":
      world.purge(image);
      return;
    case "deleteObject":
      world.r2.objects.delete(key);
      world.send({ keys: [key], live: true, at: world.now() });
      return;
    case "prune":
      prune(world, image);
      return;
    case "live":
      world.send({ keys: [key], live: true, at: world.now() });
      return;
    case "evict":
      world.evict();
      return;
    case "restart":
      world.restart();
      return;
  }
}

/** Old stored rows are forgotten: R2 is the record. */
function prune(world: World, image: string): void {
  const stored = world.sql.exec(
    "SELECT key, state, lane FROM jobs WHERE state = 3 AND owner IS NULL AND key >= ? AND key < ?",
    `${image}/`,
    `${image}0`,
  );
  for (const { key, state, lane } of stored) {
    world.sql.exec("DELETE FROM jobs WHERE key = ?", key ?? "");
    world.sql.exec("UPDATE counters SET n = n - 1 WHERE state = ? AND lane = ?", state ?? 0, lane ?? 0);
    world.promised.delete(String(key));
  }
}

/** No faults any more: everything must come to rest, with the clock jumping to the next alarm while nothing moves. */
function settleDown(world: World): void {
  for (let step = 0; step < QUIET_STEPS && world.bad.length === 0; step += 1) {
    if (world.quiet) {
      const open = Number(world.sql.exec("SELECT count(*) AS n FROM jobs WHERE state < 3 OR owner IS NOT NULL")[0]?.n);
      const purges = Number(world.sql.exec("SELECT count(*) AS n FROM purges")[0]?.n);
      if (open === 0 && purges === 0) return;
      const next = Math.ceil((world.core.nextAlarm() - world.now()) / 1000);
      world.t += Math.max(0, Math.min(next, 600) - 1);
      world.t += (5 - ((world.t + 1) % 5)) % 5;
    }
    world.step();
  }
  for (const row of world.sql.exec("SELECT * FROM jobs WHERE state < 3"))
    world.bad.push(`not ended ${JSON.stringify(row)}`);
  if (world.bad.length === 0) world.bad.push("never came to rest");
}

/** I1, I5, I6, I8 and the bytes, at rest. */
function checkRest(world: World): void {
  const { bad, sql } = world;
  for (const key of world.promised)
    if (sql.exec("SELECT 1 FROM jobs WHERE key = ?", key).length === 0) bad.push(`lost ${key}`);
  for (const [key, wants] of world.wants) {
    const cancelled = sql.exec("SELECT 1 FROM jobs WHERE key = ? AND state = 5", key).length > 0;
    if (cancelled && wants.size > 0) bad.push(`cancelled though promised to ${[...wants]} ${key}`);
  }
  const stored = sql.exec(
    "SELECT j.key, max(j.floor, coalesce(i.floor, 0)) AS floor FROM jobs AS j LEFT JOIN images AS i ON j.key >= i.id || '/' AND j.key < i.id || '0' WHERE j.state = 3",
  );
  for (const { key, floor } of stored) {
    const object = world.r2.objects.get(String(key));
    if (object === undefined) continue; // deleted by hand, and nobody has looked since
    if (object.gen < Number(floor)) bad.push(`below floor ${key}`);
    if (object.version < (world.versions.get(String(key).split("/")[0] ?? "") ?? 0)) bad.push(`stale ${key}`);
  }
  for (const [key, object] of world.r2.objects) if (object.key !== key) bad.push(`corrupt ${key}`);
  for (const [key, { gen }] of world.r2.objects) if (world.purgedBelow(key) > gen) bad.push(`resurrected ${key}`);
  const counted = JSON.stringify(sql.exec("SELECT state, lane, n FROM counters WHERE n <> 0 ORDER BY state, lane"));
  const real = JSON.stringify(
    sql.exec("SELECT state, lane, count(*) AS n FROM jobs GROUP BY state, lane ORDER BY state, lane"),
  );
  if (counted !== real) bad.push(`counters ${counted} but rows ${real}`);
  for (const { id, states } of sql.exec("SELECT id, states FROM runs"))
    if (/-/.test(String(states))) bad.push(`run ${id} counts ${states}`);
}
