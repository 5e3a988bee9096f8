import { memoryLine } from "./memory.ts";
import type { Played, StormSettings } from "./storm.ts";
import { paidPerVariant } from "./verdict.ts";

/** Lines shown of each kind of violation, and of variants that were paid twice. */
const SHOWN = 6;

/** What a storm was, what it ended with, and one line for the verdict. */
export function printStorm({ verdict, outcome, memory, faults, seconds }: Played, settings: StormSettings): void {
  const { say } = settings;
  const paid = paidPerVariant(outcome);
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, n]) => `${name} ${n}`).join(", ");
  say("");
  say(`variants owed       ${outcome.owed.length}, of them calm ${paid.variants}`);
  say(
    `jobs made           ${outcome.jobs.length}, of them failed at Ittybit ${outcome.jobs.filter(({ fails }) => fails).length}`,
  );
  say(`jobs for calm ones  ${paid.jobs}, ${paid.ratio.toFixed(3)} each; paid twice: ${paid.twice.length}`);
  for (const [key, all] of paid.twice.slice(0, SHOWN))
    say(`  ${key}: ${all.map(({ n, metadata }) => `job ${n} of generation ${metadata.gen}`).join(", ")}`);
  say("  calm: accepted, not purged, not replaced, not deleted by hand; failed jobs are not counted");
  say(
    `touched             ${outcome.purged.size - outcome.removed.size} images purged, ${outcome.removed.size} removed, ${outcome.replaced.size} replaced, ${outcome.deletedByHand.size} objects deleted by hand`,
  );
  const usedIds = outcome.jobs.length - new Set(outcome.jobs.map(({ id }) => id)).size;
  say(`faults              ${list(faults)}; job ids given twice ${usedIds}`);
  say(`views               ${list(outcome.statuses)}`);
  say(`verdict             ${list(new Map(Object.entries(verdict.counts) as [string, number][]))}`);
  say(`workerd, MB         ${memoryLine(memory)}`);
  for (const reason of verdict.explained) say(`explained           ${reason}`);
  for (const [kind, all] of Map.groupBy(verdict.violations, (text) => text.split(":")[0] ?? "")) {
    for (const violation of all.slice(0, SHOWN)) say(`VIOLATION ${violation}`);
    if (all.length > SHOWN) say(`… and ${all.length - SHOWN} more of kind "${kind}"`);
  }
  const { variants, kills, seed, faults: share, restore } = settings;
  const what = `${variants} variants, ${kills} kills, ${share * 100} % faults${restore ? ", a restore" : ""}, seed ${seed}, ${seconds} s`;
  const n = verdict.violations.length;
  say(`storm: ${n === 0 ? "no violation" : `${n} violation${n === 1 ? "" : "s"}`} (${what})`);
}
