import fc from "fast-check";
import { type Favourites, histories } from "./commands.ts";
import { HistoryWorld } from "./history-world.ts";
import { makePictures } from "./pictures.ts";
import { play } from "./play.ts";
import { noVerdict, type Verdict, verdictOf } from "./verdict.ts";

// node play-main.ts [histories] [seed] [seconds]: exits 1 at the first history that breaks an invariant, 2 when
// the time was out before that, or it was ended by SIGTERM (SHRINK=1: shows the shortest;
// FAVOURITES='["race"]': happenings that come often).
const [count = "1000", seed = "1", seconds] = process.argv.slice(2);
const numRuns = Number(count);
const EXIT_CODES = { held: 0, broken: 1, none: 2 } as const;
const favourites = JSON.parse(process.env.FAVOURITES ?? "[]") as Favourites;
let played = 0;

function tell({ kind, said }: Verdict, bad: readonly string[] = []): void {
  console.log(JSON.stringify({ verdict: kind, said, bad }));
  process.exitCode = EXIT_CODES[kind];
}

process.on("SIGTERM", () => {
  tell(noVerdict(played, numRuns));
  process.exit();
});
const pictures = await makePictures();
const history = fc.asyncProperty(fc.nat(), histories(60, favourites), async (chance, commands) => {
  const world = new HistoryWorld(chance, pictures);
  try {
    await play(world, commands);
    played += 1;
  } finally {
    world.close();
  }
});
const result = await fc.check(history, {
  numRuns,
  seed: Number(seed),
  endOnFailure: process.env.SHRINK === undefined,
  ...(seconds === undefined ? {} : { interruptAfterTimeLimit: Number(seconds) * 1_000 }),
});
const error = result.errorInstance instanceof Error ? result.errorInstance : null;
tell(verdictOf(result, played, numRuns), error?.message.split("\n").slice(0, 3));
if (result.failed && process.env.STACK !== undefined)
  console.error(error?.stack, `${result.counterexample?.[0]}, ${result.counterexample?.[1]}`);
if (result.failed && process.env.SHRINK !== undefined)
  console.error(`${result.counterexample?.[0]}, ${result.counterexample?.[1]}`);
