import { lookAt } from "../histories/ledger-look.ts";
import type { SoakWorld } from "./soak-world.ts";
import type { UpstreamJob } from "./upstream.ts";

/** A job whose id nobody heard holds a slot for ten minutes from when it was given up, and is waited for no longer. */
const UNHEARD_MS = 540_000;
const WINDOW_MS = 1_000;

/** I4: never did more jobs run at Ittybit than there are slots. Answers how many at most. */
export function checkSlots({ diary, options }: SoakWorld, jobs: readonly UpstreamJob[]): number {
  const known = jobs.filter(({ gen }) => !diary.forgotten.has(gen));
  const moves = known.flatMap(({ id, createdAt, finishedAt }) => {
    const end = finishedAt ?? Number.POSITIVE_INFINITY;
    return [
      { at: createdAt, by: 1 },
      { at: diary.heard.has(id) ? end : Math.min(end, createdAt + UNHEARD_MS), by: -1 },
    ];
  });
  let running = 0;
  let peak = 0;
  for (const { by } of moves.sort((a, b) => a.at - b.at || a.by - b.by)) {
    running += by;
    peak = Math.max(peak, running);
  }
  if (peak > options.concurrency) diary.violation(`${peak} jobs ran at once in ${options.concurrency} slots`);
  return peak;
}

/** I4: whatever runs at Ittybit has its slot. Judged are jobs that ran both before and after the tables were read. */
export async function checkHeld({ diary, upstream, sql, clock }: SoakWorld): Promise<void> {
  const before = await upstream.running();
  const { claims, abandoned } = lookAt(sql);
  const held = new Set([...claims.filter(({ admitted }) => admitted).map(({ gen }) => gen), ...abandoned]);
  const isHeard = ({ id, createdAt }: UpstreamJob) => diary.heard.has(id) || clock.now() - createdAt < UNHEARD_MS;
  const leaked = before.filter((job) => !held.has(job.gen) && !diary.forgotten.has(job.gen) && isHeard(job));
  if (leaked.length === 0) return;
  const after = new Set((await upstream.running()).map(({ id }) => id));
  for (const { id, key, gen } of leaked)
    if (after.has(id)) diary.violation(`leaked slot: ${id} of ${key} (gen ${gen}) runs without one`);
}

/** P8: within a second never more tokens were given than the bucket holds and gets. Answers how many at most. */
export function checkPace({ diary, options }: SoakWorld): number {
  const times = [...diary.tokens.values()].flatMap((all) => [...all]).sort((a, b) => a - b);
  const most = options.burst + (options.ratePerSecond * WINDOW_MS) / 1_000 + 1;
  let peak = 0;
  let first = 0;
  for (const [last, at] of times.entries()) {
    while ((times[first] ?? at) < at - WINDOW_MS) first += 1;
    peak = Math.max(peak, last - first + 1);
  }
  if (peak > most) diary.violation(`${peak} tokens were given within a second, of ${most}`);
  return peak;
}
