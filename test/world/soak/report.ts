import { CRASH_POINTS } from "../../../workers/consumer/src/making/crash-points.ts";
import { VARIANTS_PER_IMAGE } from "./originals.ts";
import type { Round } from "./round.ts";

/** Growth of the heap that is no leak: caches and statements fill up. */
const HEAP_FACTOR = 1.3;
const HEAP_SLACK = 10_000_000;

function sum(counts: Record<string, number>, matches: (name: string) => boolean): number {
  return Object.entries(counts).reduce((total, [name, n]) => (matches(name) ? total + n : total), 0);
}

function list(map: ReadonlyMap<string, number>): string {
  return [...map]
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => `${name} ${n}`)
    .join(", ");
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

/** The last third of the samples against the second. */
function checkHeap({ heap, world }: Round): string {
  const third = Math.floor(heap.length / 3);
  const middle = median(heap.slice(third, 2 * third));
  const end = median(heap.slice(2 * third));
  if (third >= 2 && end > middle * HEAP_FACTOR + HEAP_SLACK)
    world.diary.violation(`the heap grows: ${middle} bytes in the middle, ${end} at the end`);
  return heap.map((bytes) => (bytes / 1e6).toFixed(0)).join(" ");
}

function tableOf(round: Round): [string, string][] {
  const { world, verdict, stats, story } = round;
  const { diary, object, counts, live, work } = world;
  const calls = sum(stats.counts, (name) => /^(create|get|list) /.test(name));
  const made = sum(stats.counts, (name) => name === "create 201");
  const crashes = [...counts.crashes.values()].reduce((a, b) => a + b, 0);
  const seconds = round.realMs / 1000;
  return [
    ["seed", String(world.options.seed)],
    ["variants asked", `${world.options.images * VARIANTS_PER_IMAGE} of ${world.options.images} originals`],
    [
      "took",
      `${seconds.toFixed(0)} s, of it storm ${(round.stormMs / 1000).toFixed(0)} s; ${(round.virtualMs / 60_000).toFixed(0)} minutes of the world's time`,
    ],
    ["**lost**", String(verdict.lost)],
    ["**invented**", String(verdict.invented)],
    [
      "**doubled jobs**",
      `${verdict.doubled}; ${verdict.paidTwice} paid for again after a restore (crashes ${crashes}, lost POST answers ${stats.counts["create lost"] ?? 0})`,
    ],
    ["jobs at once, tokens within a second", `at most ${verdict.peak} and ${verdict.pace}`],
    ["jobs under one key", `${verdict.replays} beyond the first`],
    ["objects byte-checked at rest", String(verdict.objects)],
    ["puts byte-checked on the way", String(diary.puts)],
    [
      "states at rest",
      Object.entries(verdict.states)
        .map(([name, n]) => `${name} ${n}`)
        .join(", "),
    ],
    ["views", `${diary.served} served and byte-checked, ${diary.misses} missed`],
    ["acts", story.acts.join(" · ")],
    ["purged, deleted by hand", `${diary.purged.size} originals, ${diary.deletedByHand.size} objects`],
    ["handlers", `${counts.batches} batches, ${crashes} killed, ${counts.stalls} stalled beyond reach`],
    ["killed at", `${counts.crashes.size} of ${CRASH_POINTS.length} points: ${list(counts.crashes)}`],
    [
      "ledger calls",
      `${object.counts.calls}, lost ${object.counts.callsLost}, answers lost ${object.counts.answersLost}, evictions ${object.counts.evictions}, alarms ${object.counts.alarms}, faults of alarms ${object.counts.alarmFaults}`,
    ],
    [
      "prewarm-work",
      `sent ${work.counts.sent}, lost ${work.counts.lost}, doubled ${work.counts.doubled}, at most ${work.counts.peak} waiting, beyond retries ${work.counts.dead}`,
    ],
    [
      "prewarm-live",
      `sent ${live.counts.sent}, lost ${live.counts.lost}, doubled ${live.counts.doubled}, at most ${live.counts.peak} waiting`,
    ],
    ["jobs at Ittybit", `${made} made, ${stats.counts["create 200"] ?? 0} replayed`],
    ["calls to Ittybit", `${calls}, ${(calls / Math.max(1, made)).toFixed(2)} per job made`],
    [
      "answers",
      Object.entries(stats.counts)
        .map(([name, n]) => `${name}: ${n}`)
        .join(", "),
    ],
    ["outcomes settled", list(diary.outcomes)],
    ["dead letters retried at the end", String(round.retried)],
    ["markers left beside stored variants", String(verdict.leftMarkers)],
    ["heap after collection, MB", checkHeap(round)],
  ];
}

/** Prints the report as a table; the number of violations. */
export function printReport(round: Round): number {
  const { diary } = round.world;
  if ((round.stats.counts["output with authorization"] ?? 0) > 0) diary.violation("a key went to the output host");
  const rows = tableOf(round);
  console.log("\n| | |\n|---|---|");
  for (const [name, value] of rows) console.log(`| ${name} | ${value} |`);
  console.log(`| **violations** | ${diary.violations.length} |`);
  for (const text of diary.violations) {
    console.log(`VIOLATION ${text}`);
    const key = /\S+%2F\S+/.exec(text)?.[0] ?? "";
    for (const line of diary.traces?.get(key) ?? []) console.log(`    ${line}`);
  }
  return diary.violations.length;
}
