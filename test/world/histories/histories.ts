import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { histories } from "./commands.ts";
import { HistoryWorld } from "./history-world.ts";
import { makePictures, type Pictures } from "./pictures.ts";
import { play } from "./play.ts";
import { verdictOf } from "./verdict.ts";

// Few with each commit, 10,000 others every night; HISTORIES=40000 SEED=7 plays more, or others. A failure prints the shortest history that still fails, and its seed.
const HISTORIES = Number(process.env.HISTORIES ?? 8);
const SEED = Number(process.env.SEED ?? 20_261_124);
const COMMANDS_MAX = 60;
/** What a history may take on a busy machine; a part that takes longer fails without a verdict. */
const HISTORY_MS = 2_400;
const TIME_MIN_MS = 900_000;
/** By then a part whose time is out has said so itself. */
const GRACE_MS = 60_000;
/** Test files that each play a part, so that they run side by side. */
const PARTS = 2;

/** One part of the histories, as a test. */
export function playPart(part: number): void {
  const numRuns = Math.ceil(HISTORIES / PARTS);
  const timeMs = Math.max(TIME_MIN_MS, numRuns * HISTORY_MS);
  let pictures: Pictures;
  beforeAll(async () => {
    pictures = await makePictures();
  });
  it(
    `real ledger, real handler, ${numRuns} histories: nothing lost, invented, doubled or corrupt, and I1–I9 hold`,
    async () => {
      let played = 0;
      let jobs = 0;
      let [stored, fromStaged] = [0, 0];
      const history = fc.asyncProperty(fc.nat(), histories(COMMANDS_MAX), async (chance, commands) => {
        const world = new HistoryWorld(chance, pictures);
        try {
          await play(world, commands);
          played += 1;
          jobs += world.upstream.jobs.length;
          fromStaged += world.upstream.fromStaged;
          stored += [...world.store.objects.keys()].filter((key) => key.startsWith("variants/")).length;
        } finally {
          world.close();
        }
      });
      const seed = SEED + part;
      // The limit holds for the shrinking too: what is shortest by then is printed.
      const result = await fc.check(history, { numRuns, seed, interruptAfterTimeLimit: timeMs });
      const { kind, said } = verdictOf(result, played, numRuns);
      console.log(`seed ${seed}: ${said}, ${jobs} jobs made, ${fromStaged} of staged bytes`);
      if (kind === "broken")
        throw new Error(`${said}\n${fc.defaultReportMessage(result)}`, { cause: result.errorInstance });
      if (kind === "none") throw new Error(said);
      // The world is at work: jobs were made, of staged bytes too, and variants stand at the end.
      expect({ jobs: jobs > 2 * numRuns, stored: stored > numRuns, staged: fromStaged > numRuns / 2 }).toEqual({
        jobs: true,
        stored: true,
        staged: true,
      });
    },
    timeMs + GRACE_MS,
  );
}
